"""Uploads: order, ownership, limits, and that nothing unfinished or wrong is ever visible."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from entrepot.access.levels import Level
from entrepot.accounts.login import sign_in
from entrepot.accounts.robots import create_robot
from entrepot.accounts.rules import Right
from entrepot.accounts.users import set_enabled
from entrepot.registry import pull, uploads
from entrepot.registry.room import Registry
from entrepot.registry.stale import forget_stale_uploads, sweep_parts
from entrepot.registry.tables import upload, upload_part
from entrepot.registry.uploads import append, cancel_upload, finish_upload, push_blob, show_upload, start_upload
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    BlobUnknown,
    BodyIncomplete,
    BodyTooLarge,
    DigestMismatch,
    OrganizationUnknown,
    TooMany,
    Unauthenticated,
    UploadOutOfOrder,
    UploadUnknown,
)
from entrepot.values.names import RepositoryName, RobotName, UserName
from tests.make.cast import Cast
from tests.make.furnish import chunks
from tests.make.image import Blob
from tests.make.looking import rows_in
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")
BLOB = Blob(b"0123456789")


async def parts_left(rooms: Rooms) -> list[str]:
    return [key async for key in rooms.blobs.list_parts(0)]


async def read(registry: Registry, digest: Digest) -> bytes:
    size = await registry.blobs.stat(digest)
    assert size is not None
    return b"".join([chunk async for chunk in pull.open_blob(registry, digest, 0, size)])


async def broken_off(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    raise BodyIncomplete


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
async def test_a_blob_arrives_in_pieces_and_in_order(
    rooms: Rooms, cast: Cast, registry: Registry, algorithm: str
) -> None:
    editor, digest = cast["editor"], Digest.of(BLOB.content, algorithm)
    begun = await start_upload(registry, editor, APP)

    assert (await append(registry, editor, APP, begun.id, chunks(b"01", b"23"), 0)).size == 4
    for start in (0, 3, 5):
        with pytest.raises(UploadOutOfOrder) as refused:
            await append(registry, editor, APP, begun.id, chunks(b"x"), start)
        assert refused.value.offset == 4
    assert (await append(registry, editor, APP, begun.id, chunks(), 4)).size == 4
    assert (await append(registry, editor, APP, begun.id, chunks(b"456"))).size == 7
    assert (await show_upload(registry, editor, APP, begun.id)).size == 7
    with pytest.raises(BlobUnknown):
        await pull.find_blob(registry, editor, APP, digest)
    assert await finish_upload(registry, editor, APP, begun.id, digest, chunks(b"789"), 7) == 10

    assert await pull.find_blob(registry, editor, APP, digest) == 10
    assert await read(registry, digest) == BLOB.content
    with pytest.raises(UploadUnknown):
        await show_upload(registry, editor, APP, begun.id)
    assert (await parts_left(rooms), await rows_in(rooms.db, upload_part)) == ([], 0)


async def test_the_empty_blob(cast: Cast, registry: Registry) -> None:
    empty = Digest.of(b"")
    begun = await start_upload(registry, cast["editor"], APP)

    assert await finish_upload(registry, cast["editor"], APP, begun.id, empty, chunks()) == 0
    assert await pull.find_blob(registry, cast["editor"], APP, empty) == 0


async def test_a_blob_with_the_wrong_digest_is_never_visible(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    editor, wrong = cast["editor"], Digest.of(b"other")
    begun = await start_upload(registry, editor, APP)
    await append(registry, editor, APP, begun.id, chunks(BLOB.content))

    for digest in (wrong, Digest.of(b"other", "sha512")):
        with pytest.raises(DigestMismatch):
            await finish_upload(registry, editor, APP, begun.id, digest, chunks())
        with pytest.raises(DigestMismatch):
            await push_blob(registry, editor, APP, digest, chunks(BLOB.content))
        with pytest.raises(BlobUnknown):
            await pull.find_blob(registry, editor, APP, digest)

    # The upload stays, and can still be finished.
    assert await finish_upload(registry, editor, APP, begun.id, BLOB.digest, chunks()) == 10
    assert await parts_left(rooms) == []


async def test_a_stream_that_breaks_off_keeps_what_had_arrived(cast: Cast, registry: Registry) -> None:
    editor = cast["editor"]
    begun = await start_upload(registry, editor, APP)

    with pytest.raises(BodyIncomplete):
        await append(registry, editor, APP, begun.id, broken_off(b"012", b"345"))

    assert (await show_upload(registry, editor, APP, begun.id)).size == 6
    assert await finish_upload(registry, editor, APP, begun.id, BLOB.digest, chunks(b"6789"), 6) == 10


async def test_a_whole_push_that_breaks_off_leaves_nothing(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    with pytest.raises(BodyIncomplete):
        await push_blob(registry, cast["editor"], APP, BLOB.digest, broken_off(b"0123"))

    assert await parts_left(rooms) == []
    with pytest.raises(BlobUnknown):
        await pull.find_blob(registry, cast["editor"], APP, BLOB.digest)


async def test_a_cancelled_client_leaves_nothing(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    begun = await start_upload(registry, cast["editor"], APP)
    taken = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"0123"
        taken.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(append(registry, cast["editor"], APP, begun.id, endless()))
    await taken.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await parts_left(rooms) == []
    assert (await show_upload(registry, cast["editor"], APP, begun.id)).size == 0


async def test_of_two_pieces_for_one_place_the_first_to_finish_counts(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    editor = cast["editor"]
    begun = await start_upload(registry, editor, APP)

    results = await asyncio.gather(
        *(append(registry, editor, APP, begun.id, chunks(piece), 0) for piece in (b"0123", b"0123456", b"01")),
        return_exceptions=True,
    )

    taken = [result for result in results if isinstance(result, uploads.Upload)]
    refused = [result for result in results if not isinstance(result, uploads.Upload)]
    assert len(taken) == 1
    assert all(isinstance(error, UploadUnknown | UploadOutOfOrder) for error in refused)
    size = (await show_upload(registry, editor, APP, begun.id)).size
    assert size == taken[0].size
    assert await finish_upload(registry, editor, APP, begun.id, BLOB.digest, chunks(BLOB.content[size:]), size) == 10
    assert await parts_left(rooms) == []


async def test_an_upload_belongs_to_one_account_and_one_repository(cast: Cast, registry: Registry) -> None:
    manager = cast["manager"]
    begun = await start_upload(registry, cast["editor"], APP)
    thieves = (
        (manager, APP, begun.id),  # may push there, but did not begin this one
        (cast["admin"], APP, begun.id),
        (cast["admin"], RepositoryName("acme/open"), begun.id),
        (cast["editor"], APP, "0" * 32),
        (cast["editor"], APP, "../../etc/passwd"),
    )
    for actor, path, upload_id in thieves:
        for steal in (
            show_upload(registry, actor, path, upload_id),
            append(registry, actor, path, upload_id, chunks(b"x")),
            finish_upload(registry, actor, path, upload_id, BLOB.digest, chunks(BLOB.content)),
            cancel_upload(registry, actor, path, upload_id),
        ):
            with pytest.raises(UploadUnknown):
                await steal
    assert (await show_upload(registry, cast["editor"], APP, begun.id)).size == 0


async def test_a_cancelled_upload_is_gone_with_its_bytes(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    begun = await start_upload(registry, cast["editor"], APP)
    await append(registry, cast["editor"], APP, begun.id, chunks(b"0123"))

    await cancel_upload(registry, cast["editor"], APP, begun.id)

    assert (await parts_left(rooms), await rows_in(rooms.db, upload)) == ([], 0)
    with pytest.raises(UploadUnknown):
        await cancel_upload(registry, cast["editor"], APP, begun.id)


async def test_an_account_has_a_bounded_number_of_open_uploads(cast: Cast, registry: Registry) -> None:
    limited = replace(registry, settings=replace(registry.settings, uploads_open_max=3))
    begun = [await start_upload(limited, cast["editor"], APP) for _ in range(3)]

    with pytest.raises(TooMany) as refused:
        await start_upload(limited, cast["editor"], APP)
    assert refused.value.detail == {"limit": 3}
    await start_upload(limited, cast["manager"], APP)  # somebody else is not held up

    await cancel_upload(limited, cast["editor"], APP, begun[0].id)
    await start_upload(limited, cast["editor"], APP)


async def test_the_bound_of_open_uploads_holds_also_for_those_begun_at_once(cast: Cast, registry: Registry) -> None:
    limited = replace(registry, settings=replace(registry.settings, uploads_open_max=5))
    editor = cast["editor"]

    results = await asyncio.gather(*(start_upload(limited, editor, APP) for _ in range(20)), return_exceptions=True)

    begun = [one for one in results if isinstance(one, uploads.Upload)]
    assert [type(one) for one in results if one not in begun] == [TooMany] * 15
    assert len(begun) == await rows_in(limited.db, upload) == 5


async def test_an_upload_has_a_bounded_number_of_pieces_and_can_still_be_finished(
    cast: Cast, registry: Registry
) -> None:
    limited = replace(registry, settings=replace(registry.settings, upload_parts_max=2))
    begun = await start_upload(limited, cast["editor"], APP)
    for piece in (b"01234", b"56789"):
        await append(limited, cast["editor"], APP, begun.id, chunks(piece))

    with pytest.raises(TooMany):
        await append(limited, cast["editor"], APP, begun.id, chunks(b"x"))

    assert await finish_upload(limited, cast["editor"], APP, begun.id, BLOB.digest, chunks()) == 10


async def test_a_blob_has_a_bounded_size(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    limited = replace(registry, settings=replace(registry.settings, blob_bytes_max=10))
    big = Blob(b"0123456789x")
    begun = await start_upload(limited, cast["editor"], APP)
    await append(limited, cast["editor"], APP, begun.id, chunks(b"01234"))

    for attempt in (
        append(limited, cast["editor"], APP, begun.id, chunks(b"567", b"89x")),
        finish_upload(limited, cast["editor"], APP, begun.id, big.digest, chunks(b"56789x")),
        push_blob(limited, cast["editor"], APP, big.digest, chunks(big.content)),
    ):
        with pytest.raises(BodyTooLarge):
            await attempt

    assert len(await parts_left(rooms)) == 1
    assert await finish_upload(limited, cast["editor"], APP, begun.id, BLOB.digest, chunks(b"56789")) == 10


async def test_uploads_that_nobody_finishes_are_forgotten(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    old = await start_upload(registry, cast["editor"], APP)
    await append(registry, cast["editor"], APP, old.id, chunks(b"0123"))
    rooms.clock.advance(seconds=registry.settings.upload_idle_seconds - 1)
    young = await start_upload(registry, cast["editor"], APP)

    assert await forget_stale_uploads(registry) == 0
    rooms.clock.advance(seconds=1)
    assert await forget_stale_uploads(registry) == 1
    assert await forget_stale_uploads(registry) == 0

    with pytest.raises(UploadUnknown):
        await show_upload(registry, cast["editor"], APP, old.id)
    assert (await show_upload(registry, cast["editor"], APP, young.id)).size == 0
    assert await parts_left(rooms) == []


async def test_more_stale_uploads_than_one_batch_are_all_forgotten(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    for _ in range(205):
        await start_upload(registry, cast["editor"], APP)
    rooms.clock.advance(days=2)

    assert await forget_stale_uploads(registry) == 205


async def test_parts_that_no_upload_names_are_swept_and_others_stay(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    begun = await start_upload(registry, cast["editor"], APP)
    await append(registry, cast["editor"], APP, begun.id, chunks(b"0123"))
    writer = await rooms.blobs.new_part()  # as a crash leaves it, between bytes and facts
    await writer.write(b"litter")
    await writer.seal()

    assert await sweep_parts(registry) == 0  # too young
    eager = replace(registry, settings=replace(registry.settings, upload_idle_seconds=0))
    assert await sweep_parts(eager) == 1

    assert len(await parts_left(rooms)) == 1
    rest = chunks(BLOB.content[4:])
    assert await finish_upload(registry, cast["editor"], APP, begun.id, BLOB.digest, rest) == 10


async def test_an_upload_that_somebody_else_finished_first_is_the_same_blob(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    begun = [await start_upload(registry, actor, APP) for actor in (cast["editor"], cast["manager"])]

    await asyncio.gather(
        finish_upload(registry, cast["editor"], APP, begun[0].id, BLOB.digest, chunks(BLOB.content)),
        finish_upload(registry, cast["manager"], APP, begun[1].id, BLOB.digest, chunks(BLOB.content)),
    )

    assert await read(registry, BLOB.digest) == BLOB.content
    assert await parts_left(rooms) == []


async def test_an_upload_needs_an_organization(cast: Cast, registry: Registry) -> None:
    for attempt in (
        start_upload(registry, cast["admin"], RepositoryName("nowhere/app")),
        push_blob(registry, cast["admin"], RepositoryName("nowhere/app"), BLOB.digest, chunks(BLOB.content)),
        uploads.mount_blob(registry, cast["admin"], RepositoryName("nowhere/app"), BLOB.digest, None),
    ):
        with pytest.raises(OrganizationUnknown):
            await attempt


async def test_an_upload_stops_when_who_sends_it_is_shut_out(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    """In the middle of a request that began before; a robot, too, when its owner is."""
    rights = [Right("acme/app", Level.EDIT)]
    made = await create_robot(rooms.accounts, rooms.admin, RobotName("ci"), rights)
    second = await rooms.user("second", is_admin=True)
    robot = await sign_in(rooms.accounts, "robot$ci", made.secret)

    for actor, shut_out in ((cast["editor"], "editor"), (robot, "admin")):

        async def sending(name: str = shut_out) -> AsyncIterator[bytes]:
            yield BLOB.content
            await set_enabled(rooms.accounts, second, UserName(name), False)

        for attempt in (
            append(registry, actor, APP, (await start_upload(registry, actor, APP)).id, sending()),
            push_blob(registry, actor, APP, BLOB.digest, sending()),
        ):
            await set_enabled(rooms.accounts, second, UserName(shut_out), True)
            with pytest.raises(Unauthenticated):
                await attempt

    assert await rows_in(rooms.db, upload_part) == 0
    with pytest.raises(BlobUnknown):
        await pull.find_blob(registry, second, APP, BLOB.digest)
