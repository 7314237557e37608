"""Verification: what lost its bytes is found, not served, and mended by a push; what only looks so is no finding."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import replace

import pytest
from sqlalchemy import delete, select, update

from entrepot.operations.maintenance import close_to_move, open_unmoved
from entrepot.registry.pull import Pulls, find_blob
from entrepot.registry.remove import delete_manifest
from entrepot.registry.repositories import delete_repository
from entrepot.registry.tables import blob, gc_blob, repository_blob
from entrepot.registry.uploads import mount_blob
from entrepot.upkeep import deep, findings
from entrepot.upkeep.collect import collect
from entrepot.upkeep.findings import Kind
from entrepot.upkeep.reading import Pace, Stopped
from entrepot.upkeep.settings import UpkeepSettings
from entrepot.upkeep.verification import (
    Verification,
    cancel_verification,
    count_findings,
    list_findings,
    list_verifications,
    request_due,
    request_verification,
    show_standing,
    show_verification,
)
from entrepot.upkeep.verify import Phase, verify
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    AccessDenied,
    BlobLeaving,
    BlobUnknown,
    ManifestBlobUnknown,
    ParameterInvalid,
    RunUnknown,
    StorageFailed,
    Unauthenticated,
)
from entrepot.values.names import RepositoryName
from tests.make.cast import Cast
from tests.make.furnish import push_only
from tests.make.image import Blob, Image
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms

APP, LIB = RepositoryName("acme/app"), RepositoryName("acme/lib")
ONCE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # what asks no database anything of its own
NOTHING_WRONG = {"missing_blobs": 0, "corrupt_blobs": 0, "wrong_size_blobs": 0, "unlinked_blobs": 0}


async def verified(rooms: Rooms, is_deep: bool = False) -> Verification:
    """A verification that somebody asked for, to its end."""
    asked = await request_verification(rooms.upkeep, rooms.admin, is_deep)
    await verify(rooms.upkeep, asked.id, Pace())
    return await show_verification(rooms.upkeep, rooms.admin, asked.id)


async def found(rooms: Rooms) -> dict[str, Kind]:
    return {one.digest: one.kind for one in (await list_findings(rooms.upkeep, rooms.admin))[0]}


def rot(rooms: Rooms, wrong: Blob, content: bytes | None = None) -> None:
    """The store gives back something else, of the same size if nothing else is said."""
    rooms.blobs._blobs[wrong.digest] = content if content is not None else bytes(len(wrong.content))


def lose(rooms: Rooms, lost: Blob) -> None:
    del rooms.blobs._blobs[lost.digest]


async def test_where_all_is_there_nothing_is_found(cast: Cast) -> None:
    for is_deep in (False, True):
        done = await verified(cast.rooms, is_deep)
        assert (done.phase, done.is_good, done.results) == (Phase.DONE, True, NOTHING_WRONG)
        assert (done.progress["manifests_checked"], done.progress["blobs_checked"]) == (2, 4)
        held = [*cast.image.blobs, *cast.open_image.blobs] if is_deep else []
        assert done.progress["blobs_read"] == len(held)
        assert done.progress["bytes_read"] == sum(len(one.content) for one in held)
        assert done.share_read == (1 if is_deep else None)


@pytest.mark.parametrize(
    ("kind", "result", "is_deep", "harm"),
    [
        (Kind.MISSING, "missing_blobs", False, lose),
        (Kind.MISSING, "missing_blobs", True, lose),
        (Kind.SIZE, "wrong_size_blobs", False, lambda rooms, one: rot(rooms, one, b"too few")),
        (Kind.CORRUPT, "corrupt_blobs", True, rot),
    ],
)
async def test_what_is_not_right_any_more_is_found_not_served_and_mended_by_a_push(
    cast: Cast, kind: Kind, result: str, is_deep: bool, harm: Callable[[Rooms, Blob], None]
) -> None:
    rooms, wrong, before = cast.rooms, cast.image.blobs[0], await last_event(cast.rooms.db)
    pulls = Pulls(rooms.registry)
    harm(rooms, wrong)

    done = await verified(rooms, is_deep)

    assert done.results == {**NOTHING_WRONG, result: 1}
    assert await found(rooms) == {str(wrong.digest): kind}
    assert await count_findings(rooms.db) == {**dict.fromkeys(Kind, 0), kind: 1}
    one = (await list_findings(rooms.upkeep, rooms.admin))[0][0]
    assert (one.repositories, one.size, one.aside_at is not None) == (
        ["acme/app"], len(wrong.content), kind is not Kind.MISSING,
    )  # fmt: skip
    assert await pulls.blob_size(rooms.admin, APP, str(wrong.digest)) is None
    with pytest.raises(BlobUnknown, match="lost or damaged"):
        await find_blob(rooms.registry, rooms.admin, APP, wrong.digest)
    assert await rooms.blobs.stat(wrong.digest) is None, "wrong bytes are out of the way"

    await rooms.push_blob(APP, wrong)

    assert await pulls.blob_size(rooms.admin, APP, str(wrong.digest)) == len(wrong.content)
    assert await found(rooms) == {}
    told = [(row.type, row.subject) for row in await events_after(rooms.db, before) if row.type.startswith("blob.")]
    assert told[0] == ("blob.lost", str(wrong.digest))
    assert told[-1] == ("blob.mended", str(wrong.digest))
    assert (await verified(rooms, is_deep=True)).is_good


@ONCE
async def test_wrong_bytes_are_kept_aside(cast: Cast) -> None:
    wrong = cast.image.blobs[0]
    rot(cast.rooms, wrong)
    await verified(cast.rooms, is_deep=True)
    assert cast.rooms.blobs._aside == {wrong.digest: bytes(len(wrong.content))}


async def test_nobody_may_rely_on_what_was_lost(cast: Cast) -> None:
    rooms, lost = cast.rooms, cast.image.blobs[0]
    lose(rooms, lost)
    await verified(rooms)

    assert not await mount_blob(rooms.registry, rooms.admin, LIB, lost.digest, APP)
    for path in (APP, LIB):
        with pytest.raises(ManifestBlobUnknown):
            await push_only(rooms.registry, rooms.admin, path, Image.make(1, holding=[lost]), "v2")


async def test_a_blob_that_its_repository_lacks_is_found_unless_that_is_allowed(cast: Cast) -> None:
    rooms, lacked = cast.rooms, cast.image.blobs[0]
    async with rooms.db.writing() as tx:
        await tx.run(delete(repository_blob).where(repository_blob.c.digest == str(lacked.digest)))

    assert (await verified(rooms)).results == {**NOTHING_WRONG, "unlinked_blobs": 1}
    one = (await list_findings(rooms.upkeep, rooms.admin))[0][0]
    assert (one.kind, one.repositories) == (Kind.UNLINKED, ["acme/app"])

    await rooms.push_blob(APP, lacked)
    assert (await verified(rooms)).is_good
    await rooms.push_blob(LIB, lacked)
    async with rooms.db.writing() as tx:
        await tx.run(delete(repository_blob).where(repository_blob.c.digest == str(lacked.digest)))
        await tx.run(delete(blob).where(blob.c.digest == str(lacked.digest)))
    assert (await verified(rooms)).results == {**NOTHING_WRONG, "unlinked_blobs": 1}, "the blob is gone altogether"


@ONCE
async def test_what_came_back_to_its_place_is_no_finding_any_more(cast: Cast) -> None:
    rooms, lost = cast.rooms, cast.image.blobs[0]
    lose(rooms, lost)
    await verified(rooms)
    rot(rooms, lost)
    assert (await verified(rooms)).results["missing_blobs"] == 1, "these are other bytes"
    rot(rooms, lost, lost.content)
    assert (await verified(rooms)).is_good


@ONCE
async def test_a_size_that_was_written_down_wrong_is_set_right(cast: Cast) -> None:
    rooms, right = cast.rooms, cast.image.blobs[0]
    async with rooms.db.writing() as tx:
        await tx.run(update(blob).where(blob.c.digest == str(right.digest)).values(size=1))
    assert (await verified(rooms)).is_good
    assert await find_blob(rooms.registry, rooms.admin, APP, right.digest) == len(right.content)


async def test_what_is_collected_is_no_finding_any_more(cast: Cast) -> None:
    rooms, lost = cast.rooms, cast.image.blobs[0]
    lose(rooms, lost)
    await verified(rooms)
    await delete_repository(rooms.registry, rooms.admin, APP)
    rooms.clock.advance(hours=25)
    await collect(rooms.upkeep)
    assert await found(rooms) != {}, "until its bytes would be removed, its links could be had back"
    rooms.clock.advance(hours=2)
    await collect(rooms.upkeep)
    assert await found(rooms) == {}


async def test_links_to_lost_bytes_cannot_be_had_back(cast: Cast) -> None:
    rooms, lost = cast.rooms, cast.image.blobs[0]
    lose(rooms, lost)
    await verified(rooms)
    await delete_manifest(rooms.registry, rooms.admin, APP, cast.image.digest)
    rooms.clock.advance(hours=25)
    await collect(rooms.upkeep)
    with pytest.raises(ManifestBlobUnknown):
        await push_only(rooms.registry, rooms.admin, APP, cast.image, "v1")
    await rooms.push("acme/app", "v1", cast.image)
    assert (await verified(rooms, is_deep=True)).is_good


@ONCE
async def test_a_store_that_lists_nothing_at_all_is_not_believed(cast: Cast) -> None:
    held = dict(cast.rooms.blobs._blobs)
    cast.rooms.blobs._blobs.clear()
    done = await verified(cast.rooms)
    assert (done.phase, done.is_good, done.results) == (Phase.BROKEN_OFF, False, NOTHING_WRONG)
    assert "Is it the right one" in done.error
    cast.rooms.blobs._blobs.update(held)
    assert (await verified(cast.rooms)).is_good


# --- beside others ---


async def test_what_is_pushed_while_the_store_is_walked_is_no_finding(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listing was over before the blob came; the database was read after."""
    rooms = cast.rooms
    walked = [one async for one in rooms.blobs.list()]
    await rooms.push("acme/lib", "v1")

    async def as_it_was():
        for one in walked:
            yield one

    monkeypatch.setattr(rooms.blobs, "list", as_it_was)
    done = await verified(rooms)
    assert (done.is_good, done.progress["blobs_checked"]) == (True, 6)


async def test_what_is_collected_while_the_store_is_walked_is_no_finding(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of the database was read before the blobs went; the store was listed after."""
    rooms = cast.rooms
    image = await rooms.push("acme/lib", "old")
    await delete_manifest(rooms.registry, rooms.admin, LIB, image.digest)
    held = rooms.blobs.list

    async def after_collecting():
        for _ in range(2):
            rooms.clock.advance(hours=25)
            await collect(rooms.upkeep)
        async for one in held():
            yield one

    monkeypatch.setattr(rooms.blobs, "list", after_collecting)
    done = await verified(rooms)
    assert (done.is_good, done.progress["blobs_checked"]) == (True, 6)
    assert {str(one.digest) for one in image.blobs} & {str(one) async for one, _ in held()} == set()


async def test_bytes_that_are_brought_between_the_look_and_the_claim_stay(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms, wrong = cast.rooms, cast.image.blobs[0]
    rot(rooms, wrong)
    found_wrong = findings.write_down

    async def brought_meanwhile(*given) -> None:
        await rooms.push_blob(APP, wrong)
        await found_wrong(*given)

    monkeypatch.setattr("entrepot.upkeep.hashing.write_down", brought_meanwhile)
    assert (await verified(rooms, is_deep=True)).is_good
    assert await find_blob(rooms.registry, rooms.admin, APP, wrong.digest) == len(wrong.content)
    assert rooms.blobs._aside == {}


async def test_a_push_whose_bytes_fell_into_the_moving_aside_is_told_to_push_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms, wrong = cast.rooms, cast.image.blobs[0]
    rot(rooms, wrong)
    keep = rooms.blobs.keep

    async def moved_aside_after_keeping(parts, digest: Digest) -> int:
        rot(rooms, wrong)  # whoever looks now still sees the wrong bytes
        monkeypatch.undo()
        await verified(rooms, is_deep=True)
        return await keep(parts, digest)

    monkeypatch.setattr(rooms.blobs, "keep", moved_aside_after_keeping)
    with pytest.raises(BlobLeaving):
        await rooms.push_blob(APP, wrong)
    await rooms.push_blob(APP, wrong)
    assert (await verified(rooms, is_deep=True)).is_good


@ONCE
async def test_who_is_stopped_between_the_claim_and_the_moving_claims_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms, wrong, stop = cast.rooms, cast.image.blobs[0], asyncio.Event()
    rot(rooms, wrong)
    async with rooms.upkeep.collecting:
        await verified(rooms, is_deep=True)
    opened = rooms.blobs.open

    def stopped(digest: Digest) -> AsyncGenerator[bytes, None]:
        stop.set()
        return opened(digest)

    with monkeypatch.context() as patched:
        patched.setattr(rooms.blobs, "open", stopped)
        await deep.verify_deep(rooms.upkeep, stop)
    await rooms.push_blob(APP, wrong)
    assert (await verified(rooms, is_deep=True)).is_good


@ONCE
async def test_a_blob_that_the_disk_does_not_give_back_is_corrupt(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms, wrong, opened = cast.rooms, cast.image.blobs[0], cast.rooms.blobs.open

    async def failing() -> AsyncIterator[bytes]:
        raise StorageFailed
        yield b""

    def some_fail(digest: Digest) -> AsyncIterator[bytes]:
        return failing() if digest == wrong.digest else opened(digest)

    monkeypatch.setattr(rooms.blobs, "open", some_fail)
    assert (await verified(rooms, is_deep=True)).results == {**NOTHING_WRONG, "corrupt_blobs": 1}
    one = (await list_findings(rooms.upkeep, rooms.admin))[0][0]
    assert (one.digest, one.seen, one.aside_at is not None) == (str(wrong.digest), "unreadable", True)


@ONCE
async def test_a_storage_that_fails_altogether_says_nothing_of_its_blobs(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = cast.rooms

    async def failing(*_given: object) -> AsyncIterator[bytes]:
        raise StorageFailed
        yield b""

    async def fail() -> None:
        raise StorageFailed

    monkeypatch.setattr(rooms.blobs, "open", failing)
    monkeypatch.setattr(rooms.blobs, "check", fail)
    done = await verified(rooms, is_deep=True)
    assert (done.phase, done.results) == (Phase.BROKEN_OFF, NOTHING_WRONG)


async def test_wrong_bytes_wait_while_somebody_collects_and_are_not_served_meanwhile(cast: Cast) -> None:
    rooms, wrong = cast.rooms, cast.image.blobs[0]
    rot(rooms, wrong)
    async with rooms.upkeep.collecting:
        await verified(rooms, is_deep=True)
    assert (await list_findings(rooms.upkeep, rooms.admin))[0][0].aside_at is None
    with pytest.raises(BlobUnknown):
        await find_blob(rooms.registry, rooms.admin, APP, wrong.digest)

    await deep.verify_deep(rooms.upkeep, asyncio.Event())
    assert (await list_findings(rooms.upkeep, rooms.admin))[0][0].aside_at is not None


@ONCE
async def test_wrong_bytes_stay_in_their_place_while_the_installation_is_closed(cast: Cast) -> None:
    rooms, wrong = cast.rooms, cast.image.blobs[0]
    rot(rooms, wrong)
    await close_to_move(rooms.db, rooms.clock.now())
    await verified(rooms, is_deep=True)
    assert list(await found(rooms)) == [str(wrong.digest)]
    assert not rooms.blobs._aside

    await open_unmoved(rooms.db, rooms.clock.now())
    await deep.verify_deep(rooms.upkeep, asyncio.Event())
    assert list(rooms.blobs._aside) == [wrong.digest]


async def test_who_dies_between_the_claim_and_the_moving_leaves_it_to_the_next_collector(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms, wrong = cast.rooms, cast.image.blobs[0]
    rot(rooms, wrong)

    class Died(BaseException):
        pass

    async def die(_digest: Digest) -> bool:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(rooms.blobs, "set_aside", die)
        with pytest.raises(Died):
            await verified(rooms, is_deep=True)
    await collect(rooms.upkeep)
    assert rooms.blobs._aside == {wrong.digest: bytes(len(wrong.content))}
    await rooms.push_blob(APP, wrong)
    async with rooms.db.reading() as tx:
        assert await tx.rows(select(gc_blob)) == []
    assert await found(rooms) == {}


# --- deep ones go on ---


async def test_a_deep_verification_that_is_stopped_goes_on_where_it_was(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms, stop = cast.rooms, asyncio.Event()
    asked = await request_verification(rooms.upkeep, rooms.admin, is_deep=True)
    read: list[str] = []
    opened = rooms.blobs.open

    def counted(digest: Digest):
        read.append(str(digest))
        if len(read) == 3:
            stop.set()
        return opened(digest)

    monkeypatch.setattr(rooms.blobs, "open", counted)
    await deep.verify_deep(rooms.upkeep, stop)
    halfway = await show_verification(rooms.upkeep, rooms.admin, asked.id)
    assert (halfway.phase, halfway.has_ended, halfway.progress["blobs_read"]) == (Phase.BYTES, False, 2)
    assert halfway.share_read is not None and 0 < halfway.share_read < 1

    await deep.verify_deep(rooms.upkeep, asyncio.Event())
    done = await show_verification(rooms.upkeep, rooms.admin, asked.id)
    assert (done.is_good, done.progress["blobs_read"]) == (True, 4)
    assert read == sorted({*read[:3]}) + sorted({*read[2:]}), "the third was begun twice, no other"


@ONCE
async def test_a_deep_verification_is_due_after_so_many_days(cast: Cast) -> None:
    rooms = cast.rooms
    weekly = replace(rooms.upkeep, settings=UpkeepSettings(verify_deep_days=7))
    for days in (0, 6, 1):
        rooms.clock.advance(hours=24 * days)
        await deep.verify_deep(weekly, asyncio.Event())
        await deep.verify_deep(rooms.upkeep, asyncio.Event())
    runs, _ = await list_verifications(rooms.upkeep, rooms.admin)
    assert [(one.by, one.is_deep, one.is_good) for one in runs] == 2 * [("system", True, True)]


async def test_a_verification_is_due_after_a_set_time_and_not_twice(cast: Cast) -> None:
    rooms = cast.rooms
    before = await last_event(rooms.db)
    for minutes in (0, 60, 60, 22 * 60 - 1, 60):  # a look is never on the second
        rooms.clock.advance(minutes=minutes)
        await request_due(rooms.upkeep)
    runs, _ = await list_verifications(rooms.upkeep, rooms.admin)
    assert [(one.by, one.is_deep, one.phase) for one in runs] == 2 * [("system", False, Phase.WAITING)]
    told = [(one.type, one.subject, one.actor) for one in await events_after(rooms.db, before)]
    assert told == [("verify.requested", one.id, "system") for one in reversed(runs)]

    never = replace(rooms.upkeep, settings=replace(rooms.upkeep.settings, verify_every_seconds=0))
    rooms.clock.advance(days=9)
    await request_due(never)
    assert len((await list_verifications(rooms.upkeep, rooms.admin))[0]) == 2


async def test_a_verification_that_is_called_off_stops_in_the_middle_and_tells_what_it_found(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms, wrong = cast.rooms, cast.image.blobs[0]
    rot(rooms, wrong)
    asked = await request_verification(rooms.upkeep, rooms.admin, is_deep=True)
    before = await last_event(rooms.db)
    begun, opened = asyncio.Event(), rooms.blobs.open
    monkeypatch.setattr(deep, "_LOOK_SECONDS", 0.01)

    async def endless(_digest: Digest) -> AsyncGenerator[bytes, None]:
        begun.set()
        while True:
            yield b"more and more"

    monkeypatch.setattr(rooms.blobs, "open", endless)
    working = asyncio.create_task(deep.verify_deep(rooms.upkeep, asyncio.Event()))
    await begun.wait()
    cancelled = await cancel_verification(rooms.upkeep, rooms.admin, asked.id)
    await asyncio.wait_for(working, 10)
    monkeypatch.setattr(rooms.blobs, "open", opened)

    ended = await show_verification(rooms.upkeep, rooms.admin, asked.id)
    assert ended == cancelled
    assert (ended.phase, ended.has_ended, ended.is_good) == (Phase.CANCELLED, True, False)
    [told] = [one for one in await events_after(rooms.db, before) if one.type.startswith("verify.")]
    assert (told.type, told.subject, told.actor) == ("verify.cancelled", asked.id, rooms.admin.subject)
    with pytest.raises(ParameterInvalid, match="it is cancelled"):
        await cancel_verification(rooms.upkeep, rooms.admin, asked.id)
    with pytest.raises(RunUnknown):
        await cancel_verification(rooms.upkeep, rooms.admin, "none")
    with pytest.raises(AccessDenied):
        await cancel_verification(rooms.upkeep, cast["manager"], asked.id)


async def test_one_that_waits_is_called_off_and_never_begins(cast: Cast) -> None:
    rooms = cast.rooms
    asked = await request_verification(rooms.upkeep, rooms.admin)

    await cancel_verification(rooms.upkeep, rooms.admin, asked.id)
    await verify(rooms.upkeep, asked.id, Pace())

    ended = await show_verification(rooms.upkeep, rooms.admin, asked.id)
    assert (ended.phase, ended.started_at, ended.progress["blobs_checked"]) == (Phase.CANCELLED, None, 0)


async def test_bytes_are_read_at_a_set_rate() -> None:
    loop = asyncio.get_running_loop()
    pace, began = Pace(1_000_000), loop.time()
    for _ in range(10):
        await pace.passed(10_000)
    assert 0.08 < loop.time() - began < 1
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(Stopped):
        await Pace(1, stop).passed(1_000_000)


# --- for operators ---


async def test_lists_go_page_by_page(cast: Cast) -> None:
    rooms = cast.rooms
    for one in cast.image.blobs:
        lose(rooms, one)
    for _ in range(3):
        await verified(rooms)
        rooms.clock.advance(minutes=1)
    first, after = await list_findings(rooms.upkeep, rooms.admin, limit=1)
    second, end = await list_findings(rooms.upkeep, rooms.admin, after, limit=1)
    assert [one.digest for one in (*first, *second)] == sorted(str(one.digest) for one in cast.image.blobs)
    assert end == ""
    newest, after = await list_verifications(rooms.upkeep, rooms.admin, limit=2)
    oldest, end = await list_verifications(rooms.upkeep, rooms.admin, after, limit=2)
    times = [one.asked_at for one in (*newest, *oldest)]
    assert times == sorted(times, reverse=True) and len(times) == 3 and end == ""
    for ask in (list_findings, list_verifications):
        with pytest.raises(ParameterInvalid):
            await ask(rooms.upkeep, rooms.admin, "no-marker")


@ONCE
@pytest.mark.parametrize("who", ["anonymous", "stranger", "manager"])
async def test_only_operators_ask(cast: Cast, who: str) -> None:
    for ask in (request_verification, show_standing, list_findings, list_verifications):
        with pytest.raises((Unauthenticated, AccessDenied)):
            await ask(cast.rooms.upkeep, cast[who])


@ONCE
async def test_an_unknown_verification_is_said_to_be_unknown(cast: Cast) -> None:
    with pytest.raises(RunUnknown):
        await show_verification(cast.rooms.upkeep, cast.rooms.admin, "x" * 40)
