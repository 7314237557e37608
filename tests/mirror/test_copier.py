"""Copies are carried out: with all that belongs to an image, by the rules, and with a status that is true."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from entrepot.jobs.closing import INSTALLATION, Mode, close, open_again
from entrepot.mirror import attempts
from entrepot.mirror.copier import Copier
from entrepot.mirror.copies import Copy, cancel_copy, list_copies, retry_copy
from entrepot.mirror.queries import copies as queries
from entrepot.mirror.regions import RegionChange, change_region, create_region, delete_region
from entrepot.mirror.room import Mirror
from entrepot.mirror.settings import MirrorSettings
from entrepot.mirror.sync import Destination, create_rule, delete_rule, request_copies
from entrepot.registry.push import push_manifest
from entrepot.registry.remove import delete_tag
from entrepot.registry.renaming import rename_repository
from entrepot.registry.repositories import delete_repository
from entrepot.registry.retag import add_tag
from entrepot.remote.settings import RemoteSettings
from entrepot.values.errors import ParameterInvalid, RuleUnknown
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.image import Blob, Image
from tests.make.looking import events_after, last_event
from tests.make.waiting import until
from tests.mirror.region import Region, running_region

APP = RepositoryName("acme/app")
TO = Destination(RegionName("north-1"), OrganizationName("copies"))
V1, V2 = TagName("v1"), TagName("v2")
THERE = "copies/app"


@pytest.fixture
def region() -> Iterator[Region]:
    with running_region() as region:
        yield region


@pytest.fixture
async def mirror(cast: Cast, region: Region) -> Mirror:
    """The room, with a region that is known; what breaks off is tried three times."""
    settings = MirrorSettings(sync_attempts=3, sync_retry_seconds=60, idle_poll_seconds=0.05)
    mirror = replace(cast.rooms.mirror, settings=settings)
    await create_region(mirror, cast["admin"], TO.region, region.url)
    return mirror


@asynccontextmanager
async def copying(cast: Cast, mirror: Mirror) -> AsyncIterator[None]:
    """A worker at work."""
    stop = asyncio.Event()
    task = asyncio.create_task(Copier(mirror, cast.rooms.holder).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task
        await cast.rooms.holder.release("sync")


async def seen(cast: Cast, mirror: Mirror) -> list[Copy]:
    """All copies, the oldest first."""
    found, _, _ = await list_copies(mirror, cast["editor"], APP, newest_first=False, offset=0, limit=100)
    return list(found)


async def ended(cast: Cast, mirror: Mirror, status: str = "", count: int = 1) -> list[Copy]:
    """All copies, once `count` of them have ended, with this status when one is said."""

    async def is_so() -> bool:
        found = [one for one in await seen(cast, mirror) if one.ended_at is not None]
        return len([one for one in found if not status or one.status == status]) >= count

    await until(is_so)
    return await seen(cast, mirror)


async def in_status(cast: Cast, mirror: Mirror, is_so: Callable[[Copy], bool]) -> Copy:
    async def holds() -> bool:
        return is_so((await seen(cast, mirror))[0])

    await until(holds)
    return (await seen(cast, mirror))[0]


async def test_what_was_asked_for_is_copied_and_the_feed_says_so(cast: Cast, mirror: Mirror, region: Region) -> None:
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    before = await last_event(mirror.db)

    async with copying(cast, mirror):
        [copy] = await ended(cast, mirror)

    assert (copy.status, copy.digest, copy.error, copy.attempts) == ("success", str(cast.image.digest), "", 1)
    assert region.digest(THERE, "v1") == copy.digest
    assert set(region.blobs[THERE]) == {str(blob.digest) for blob in cast.image.blobs}
    assert copy.bytes_sent == region.bytes_in == sum(len(blob.content) for blob in cast.image.blobs)
    assert (copy.is_automatic, copy.next_at) == (False, None)
    [event] = await events_after(mirror.db, before)
    assert (event.type, event.subject, event.organization) == ("sync.copied", "acme/app", "acme")
    assert (event.actor.partition(":")[0], event.domain_id) == ("sync", cast["admin"].domain_id)
    assert event.data == {
        "copy": copy.id,
        "tag": "v1",
        "digest": copy.digest,
        "region": "north-1",
        "remote_organization": "copies",
        "bytes_sent": copy.bytes_sent,
    }


async def test_all_that_belongs_to_an_image_comes_along(cast: Cast, mirror: Mirror, region: Region) -> None:
    children = [
        await cast.rooms.push(APP, f"c{number}", Image.make(architecture=one))
        for number, one in enumerate(("amd64", "arm64"))
    ]
    index = await cast.rooms.push(APP, "many", Image.index(*children))
    signature = await cast.rooms.push(APP, "s", Image.make(subject=index))
    of_child = await cast.rooms.push(APP, "t", Image.make(subject=children[1]))
    cosign = await cast.rooms.push(APP, f"sha256-{index.digest.hex}.sig")
    await request_copies(mirror, cast["editor"], APP, TO, [TagName("many")])

    async with copying(cast, mirror):
        [copy] = await ended(cast, mirror)

    assert copy.status == "success"
    for one in (index, *children, signature, of_child, cosign):
        assert (THERE, str(one.digest)) in region.manifests
    assert region.digest(THERE, f"sha256-{index.digest.hex}.sig") == str(cosign.digest)
    assert (THERE, "c1") not in region.manifests


async def test_what_is_there_is_not_sent_and_what_lies_beside_it_is_mounted(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    base = Blob(b"base layer" * 1_000)
    await cast.rooms.push(APP, "v2", Image.make(holding=[base]))
    await request_copies(mirror, cast["editor"], APP, TO, [V2])
    other = RepositoryName("acme/other")
    image = Image.make(layers=0, holding=[base])
    async with copying(cast, mirror):
        await ended(cast, mirror)
        sent = region.bytes_in
        await request_copies(mirror, cast["editor"], APP, TO, [V2])
        await ended(cast, mirror, count=2)
        assert region.bytes_in == sent
        await cast.rooms.push(other, "v1", image)
        await request_copies(mirror, cast["admin"], other, TO, [V1])
        await until(lambda: region.digest("copies/other", "v1") is not None)

    assert region.bytes_in == sent + len(image.blobs[0].content)


async def test_another_image_of_the_name_is_left_alone_unless_it_may_be_replaced(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    other = Image.make()
    region.put(THERE, "v1", other.body, other.media_type)
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    async with copying(cast, mirror):
        [copy] = await ended(cast, mirror)
        assert (copy.status, region.digest(THERE, "v1"), region.bytes_in) == ("existed", str(other.digest), 0)
        assert f"copies/app:v1 is another image at north-1 ({other.digest})" in copy.error

        await request_copies(mirror, cast["editor"], APP, replace(TO, overrides=True), [V1])
        await ended(cast, mirror, "success")

    assert region.digest(THERE, "v1") == str(cast.image.digest)


async def test_the_image_counts_that_the_tag_names_when_it_is_copied(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    newer = await cast.rooms.push(APP, "v1")

    async with copying(cast, mirror):
        [copy] = await ended(cast, mirror)

    assert copy.digest == region.digest(THERE, "v1") == str(newer.digest)


async def test_a_rule_copies_what_is_pushed_and_moved_after_it_was_made(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    cast.rooms.clock.advance(seconds=60)
    await create_rule(mirror, cast["editor"], APP, TO, is_automatic=True)
    async with copying(cast, mirror):
        pushed = await cast.rooms.push(APP, "v2")
        await ended(cast, mirror)
        await add_tag(cast.rooms.registry, cast["editor"], APP, V2, TagName("stable"))
        found = await ended(cast, mirror, count=2)

    assert [(one.tag, one.status, one.is_automatic, one.operator_name) for one in found] == [
        ("v2", "success", True, "editor"),
        ("stable", "success", True, "editor"),
    ]
    assert region.digest(THERE, "stable") == str(pushed.digest)
    assert region.digest(THERE, "v1") is None


async def test_a_signature_that_comes_later_follows_its_image(cast: Cast, mirror: Mirror, region: Region) -> None:
    cast.rooms.clock.advance(seconds=60)
    await create_rule(mirror, cast["editor"], APP, TO, is_automatic=True)
    async with copying(cast, mirror):
        image = await cast.rooms.push(APP, "v2")
        await ended(cast, mirror)
        old, new = Image.make(subject=cast.image), Image.make(subject=image)
        for one in (old, new):
            for blob in one.blobs:
                await cast.rooms.push_blob(APP, blob)
            await push_by_digest(cast, one)
        found = await ended(cast, mirror, count=2)

    assert [one.tag for one in found] == ["v2", "v2"]
    assert (THERE, str(new.digest)) in region.manifests
    assert (THERE, str(old.digest)) not in region.manifests  # its image was pushed before the rule was made


async def push_by_digest(cast: Cast, image: Image) -> None:
    await push_manifest(cast.rooms.registry, cast["admin"], APP, image.digest, image.body, image.media_type)


async def test_what_breaks_off_is_tried_again_after_longer_and_longer_pauses(
    cast: Cast, mirror: Mirror, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    region.statuses = {"PUT manifests": 503}
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    before, pauses = await last_event(mirror.db), []
    async with copying(cast, mirror):
        for attempt in (1, 2):
            copy = await waiting_again(cast, mirror, attempt)
            assert copy.next_at is not None
            assert "503" in copy.error
            pauses.append(copy.next_at - mirror.clock.now())
            cast.rooms.clock.advance(seconds=pauses[-1].total_seconds())
        [copy] = await ended(cast, mirror)
        assert (copy.status, copy.attempts) == ("failed", 3)
        sent = region.bytes_in

        region.statuses = {}
        await retry_copy(mirror, cast["editor"], APP, copy.id)
        [copy] = await ended(cast, mirror, "success")

    assert pauses == [timedelta(seconds=60), timedelta(seconds=180)]
    assert (copy.attempts, copy.error, region.bytes_in) == (4, "", sent)
    events = await events_after(mirror.db, before)
    assert [event.type for event in events] == ["sync.failed", "sync.retried", "sync.copied"]
    assert events[0].data["status"] == "failed"


async def waiting_again(cast: Cast, mirror: Mirror, attempts: int) -> Copy:
    return await in_status(cast, mirror, lambda one: one.attempts == attempts and one.status == "waiting")


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_REMOTE", RemoteSettings(attempts_max=1))


@pytest.mark.parametrize(
    ("statuses", "said", "error"),
    [
        ({"POST blobs": 404}, ("NAME_UNKNOWN", "no such organization"), "make the organization copies there"),
        ({"HEAD manifests": 403}, ("", ""), "we may not push to copies/app at north-1"),
        ({"PUT manifests": 413}, ("QUOTA", "the quota is used up"), "north-1 refuses. It says: the quota is used up"),
        ({"PUT manifests": 400}, ("MANIFEST_INVALID", "no"), "north-1 refuses. It says: no."),
    ],
)
async def test_a_refusal_ends_a_copy_at_once_in_words_that_say_what_to_do(
    cast: Cast, mirror: Mirror, region: Region, statuses: dict[str, int], said: tuple[str, str], error: str
) -> None:
    region.account, region.statuses, region.said = ("we", "secret"), statuses, said
    await change_region(mirror, cast["admin"], TO.region, RegionChange(username="we", password="secret"))
    await request_copies(mirror, cast["editor"], APP, TO, [V1])

    async with copying(cast, mirror):
        [copy] = await ended(cast, mirror)

    assert (copy.status, copy.attempts) == ("failed", 1)
    assert error in copy.error


async def test_a_wrong_password_and_none_at_all_are_told_apart(cast: Cast, mirror: Mirror, region: Region) -> None:
    region.account = ("we", "secret")
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    async with copying(cast, mirror):
        [copy] = await ended(cast, mirror)
        assert "entrepot region update north-1 --username USER --password-stdin" in copy.error

        await change_region(mirror, cast["admin"], TO.region, RegionChange(username="we", password="wrong"))
        await retry_copy(mirror, cast["editor"], APP, copy.id)
        copy = await in_status(cast, mirror, lambda one: one.attempts == 2 and one.ended_at is not None)
        assert "does not accept we with the password that is kept here" in copy.error

        await change_region(mirror, cast["admin"], TO.region, RegionChange(password="secret"))
        await retry_copy(mirror, cast["editor"], APP, copy.id)
        await ended(cast, mirror, "success")


async def test_nobody_waits_longer_than_a_copy_may_take(cast: Cast, mirror: Mirror, region: Region) -> None:
    region.gate.clear()
    quick = replace(mirror, settings=replace(mirror.settings, sync_seconds_max=1))
    await request_copies(quick, cast["editor"], APP, TO, [V1])

    async with copying(cast, quick):
        [copy] = await ended(cast, quick)

    assert copy.status == "timeout"
    assert copy.error.endswith(f"try it again: entrepot sync retry acme/app {copy.id}")


async def test_so_many_are_under_way_at_once_and_the_same_never_twice(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    region.gate.clear()
    two = replace(mirror, settings=replace(mirror.settings, sync_at_once=2))
    for tag in ("v2", "v3"):
        await cast.rooms.push(APP, tag, Image.make(layers=0))
    await request_copies(two, cast["editor"], APP, TO, [V1])
    async with copying(cast, two):
        await in_status(cast, two, lambda one: one.status == "running")
        await request_copies(two, cast["editor"], APP, TO, [V1, V2, TagName("v3")])
        await in_status(cast, two, lambda _: len(running_tasks()) == 2)
        assert [one.status for one in await seen(cast, two)] == ["running", "waiting", "running", "waiting"]
        region.gate.set()
        found = await ended(cast, two, "success", count=4)

    assert [one.attempts for one in found] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "how", ["by hand", "the rule is deleted", "the region is deleted", "the repository is deleted"]
)
async def test_a_copy_that_runs_is_called_off(
    cast: Cast, mirror: Mirror, region: Region, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    region.gate.clear()
    cast.rooms.clock.advance(seconds=60)
    await create_rule(mirror, cast["editor"], APP, TO, is_automatic=True)
    before = await last_event(mirror.db)
    async with copying(cast, mirror):
        await cast.rooms.push(APP, "v2")
        await until(lambda: region.at_once >= 1)
        copy = await in_status(cast, mirror, lambda one: one.status == "running")
        if how == "by hand":
            await cancel_copy(mirror, cast["editor"], APP, copy.id)
        elif how == "the rule is deleted":
            await delete_rule(mirror, cast["editor"], APP, TO.region, TO.organization)
        elif how == "the region is deleted":
            await delete_region(mirror, cast["admin"], TO.region)
        else:
            await delete_repository(cast.rooms.registry, cast["admin"], APP)
        await until(lambda: not running_tasks())
        region.gate.set()
        if how != "the repository is deleted":
            [copy] = await seen(cast, mirror)
            assert (copy.status, copy.ended_at) == ("cancel", mirror.clock.now())
            assert copy.error == {"by hand": "", "the rule is deleted": "The rule was deleted."}.get(
                how, "The region was deleted."
            )

    assert region.digest(THERE, "v2") is None
    told = [event.type for event in await events_after(mirror.db, before)]
    assert ("sync.cancelled" in told) == (how == "by hand")
    assert "sync.copied" not in told


def running_tasks() -> list[Any]:
    return [task for task in asyncio.all_tasks() if "_carry_out" in repr(task.get_coro())]


async def test_a_tag_that_is_deleted_meanwhile_is_not_copied(cast: Cast, mirror: Mirror) -> None:
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    await delete_tag(cast.rooms.registry, cast["admin"], APP, V1)

    async with copying(cast, mirror):
        [copy] = await ended(cast, mirror)

    assert (copy.status, copy.error) == ("cancel", "The tag was deleted before it was copied.")


async def test_a_worker_that_stops_leaves_copies_waiting_and_the_next_one_goes_on(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    region.gate.clear()
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    async with copying(cast, mirror):
        await until(lambda: region.at_once >= 1)
    [copy] = await seen(cast, mirror)
    assert (copy.status, copy.attempts) == ("waiting", 1)
    region.gate.set()

    async with copying(cast, mirror):
        [copy] = await ended(cast, mirror)

    assert (copy.status, copy.attempts) == ("success", 2)


async def test_what_a_worker_left_that_is_gone_is_begun_again(cast: Cast, mirror: Mirror) -> None:
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    [copy] = await seen(cast, mirror)
    async with mirror.db.writing() as tx:
        assert await queries.begin_copy(tx, copy.id, mirror.clock.now()) == 1

    async with copying(cast, mirror):
        [copy] = await ended(cast, mirror)

    assert (copy.status, copy.attempts) == ("success", 2)


async def test_while_nothing_may_be_changed_nothing_is_copied(cast: Cast, mirror: Mirror, region: Region) -> None:
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    async with mirror.db.writing() as tx:
        await close(tx, INSTALLATION, Mode.READ_ONLY, "", "admin", mirror.clock.now())
    async with copying(cast, mirror):
        with pytest.raises(TimeoutError):
            await until(lambda: bool(region.asked), 0.5)
        async with mirror.db.writing() as tx:
            await open_again(tx, INSTALLATION)
        await ended(cast, mirror, "success")


async def test_only_what_has_ended_without_success_is_tried_again_and_only_what_has_not_is_called_off(
    cast: Cast, mirror: Mirror
) -> None:
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    [copy] = await seen(cast, mirror)
    with pytest.raises(ParameterInvalid, match="this one is waiting"):
        await retry_copy(mirror, cast["editor"], APP, copy.id)
    async with copying(cast, mirror):
        await ended(cast, mirror, "success")
    with pytest.raises(ParameterInvalid, match="this one is success"):
        await retry_copy(mirror, cast["editor"], APP, copy.id)
    with pytest.raises(ParameterInvalid, match="ended already: it is success"):
        await cancel_copy(mirror, cast["editor"], APP, copy.id)
    for verb in (retry_copy, cancel_copy):
        with pytest.raises(RuleUnknown, match="no copy number 99"):
            await verb(mirror, cast["editor"], APP, 99)
        with pytest.raises(RuleUnknown, match="no copy number"):  # of another repository
            await verb(mirror, cast["admin"], RepositoryName("acme/open"), copy.id)


async def test_a_copy_of_a_rule_that_is_gone_is_somebodys_own_when_it_is_tried_again(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    cast.rooms.clock.advance(seconds=60)
    region.account = ("we", "secret")
    await create_rule(mirror, cast["editor"], APP, TO, is_automatic=True)
    async with copying(cast, mirror):
        await cast.rooms.push(APP, "v2")
        [copy] = await ended(cast, mirror, "failed")
    await delete_rule(mirror, cast["editor"], APP, TO.region, TO.organization)
    assert (await seen(cast, mirror))[0].status == "failed"

    await retry_copy(mirror, cast["editor"], APP, copy.id)

    [copy] = await seen(cast, mirror)
    assert (copy.status, copy.is_automatic) == ("waiting", False)


async def test_a_region_that_answers_with_another_address_leads_nowhere_near(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    """The address of a region may be anywhere; where it sends us on to may not."""
    with running_region() as inside:
        redirecting = inside.url.replace("127.0.0.1", "localhost")
        region.redirects_to = redirecting
        await request_copies(mirror, cast["editor"], APP, TO, [V1])
        async with copying(cast, mirror):
            copy = await in_status(cast, mirror, lambda one: bool(one.error))

        assert "where we may not go" in copy.error
        assert inside.asked == []


async def test_a_repository_that_is_renamed_meanwhile_is_copied_under_its_new_name(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    region.gate.clear()
    await request_copies(mirror, cast["editor"], APP, TO, [V1])
    async with copying(cast, mirror):
        await until(lambda: region.at_once >= 1)
        await rename_repository(cast.rooms.registry, cast["admin"], APP, RepositoryName("acme/renamed"))
        region.statuses = {"PUT blobs": 503}
        region.gate.set()
        await until(lambda: not running_tasks())
        region.statuses = {}
        for _ in range(3):
            cast.rooms.clock.advance(seconds=3_600)
            await until(lambda: region.digest("copies/renamed", "v1") is not None or bool(running_tasks()))
            await until(lambda: not running_tasks())

    assert region.digest("copies/renamed", "v1") == str(cast.image.digest)
