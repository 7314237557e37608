"""An installation moves to another database and storage: all of it is there, or the old one goes on as before."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from entrepot.backups.errors import BytesMissing, PlaceForeign
from entrepot.backups.make import Installation
from entrepot.backups.moving import MARK, Moved, Target, move, plan
from entrepot.backups.places import Place, open_place
from entrepot.backups.progress import Silent
from entrepot.blobs.memory import MemoryStore
from entrepot.db.holding import open_holder
from entrepot.db.opening import open_database
from entrepot.jobs.closing import closed_for
from entrepot.migrating import joined
from entrepot.migrations import all_tables, newest_revision
from entrepot.operations.maintenance import close_to_move
from entrepot.registry.pull import find_manifest
from entrepot.registry.room import Registry
from entrepot.registry.settings import RegistrySettings
from entrepot.registry.tables import gc_blob, upload
from entrepot.registry.uploads import start_upload
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import InMaintenance, StorageFailed
from entrepot.values.names import RepositoryName, TagName
from tests.backups.test_restore import rows_of
from tests.live.postgres import Postgres
from tests.live.s3 import S3
from tests.make.cast import Cast
from tests.make.image import Image
from tests.make.rooms import Rooms

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@asynccontextmanager
async def moving(rooms: Rooms, url: str | None, storage: str | None) -> AsyncIterator[tuple[Installation, Target]]:
    """What moves, and where to, as another process opens it beside the server."""
    holder = open_holder(rooms.operations.place.database)
    sealer = rooms.accounts.sealer
    opened = Installation(rooms.db, rooms.blobs, holder, rooms.clock, sealer, all_tables(), newest_revision(), "1.2.3")
    place = None if storage is None else open_place(storage)
    try:
        yield opened, joined(opened, url, place, MemoryStore(), Silent())
    finally:
        if place is not None:
            await place.close()
        await holder.close()


async def moved(rooms: Rooms, url: str | None, storage: str | None) -> Moved:
    async with moving(rooms, url, storage) as (installation, target):
        return await move(installation, target, 2, False, Silent())


async def is_open(rooms: Rooms) -> bool:
    async with rooms.db.reading() as tx:
        return not await closed_for(tx)


async def pulled(rooms: Rooms, url: str, place: Place, image: Image, path: str, tag: str) -> None:
    """Pull from the new installation, and look at every byte."""
    db = open_database(url)
    registry = Registry(db, place.blobs, rooms.clock, RegistrySettings())
    found = await find_manifest(registry, rooms.admin, RepositoryName.parse(path), TagName(tag), Accept.parse([]))
    await db.close()
    assert found.body == image.body
    for blob in image.blobs:
        assert b"".join([chunk async for chunk in place.blobs.open(blob.digest)]) == blob.content


def push_first(rooms: Rooms, pushed: list[Image], path: str) -> None:
    """Push an image as soon as bytes are copied."""
    kept = rooms.blobs.open

    async def opening(digest: Digest, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        if not pushed:
            pushed.append(Image.make(3))
            await rooms.push(path, "meanwhile", pushed[0])
        async for chunk in kept(digest, start, stop):
            yield chunk

    rooms.blobs.open = opening  # type: ignore[method-assign]


@on_sqlite
async def test_everything_comes_to_postgresql_and_s3_with_what_is_pushed_meanwhile(
    cast: Cast, postgres: Postgres, s3_service: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in s3_service.environment.items():
        monkeypatch.setenv(name, text)
    rooms, url, storage, pushed = cast.rooms, postgres.new_database(), s3_service.new_bucket(), list[Image]()
    async with moving(rooms, url, storage) as (installation, target):
        planned = await plan(installation, target, Silent())
    push_first(rooms, pushed, "acme/app")

    made = await moved(rooms, url, storage)

    before, after = await rows_of(rooms.operations.place.database), await rows_of(url)
    opened = after["event"].pop()
    assert "installation.opened" in opened
    assert ["migration" in row for row in before.pop("closed")] == [True]
    assert after.pop("closed") == []
    assert after == before
    assert (planned.blobs, planned.missing_blobs) == (4, 4)
    assert made.rows - 1 == sum(map(len, before.values())), "the one by which it is closed"
    assert (made.blobs, made.copied.blobs + made.last.blobs) == (4 + len(pushed[0].blobs), made.blobs)
    place = open_place(storage)
    for image, path, tag in (
        (cast.image, "acme/app", "v1"),
        (cast.open_image, "acme/open", "v1"),
        (pushed[0], "acme/app", "meanwhile"),
    ):
        await pulled(rooms, url, place, image, path, tag)
    await place.close()
    with pytest.raises(InMaintenance):
        await rooms.push("acme/app", "too-late")
    with pytest.raises(PlaceForeign):
        await moved(rooms, url, storage)


def storage_fails(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some blobs."""

    async def keep(*_arguments: Any) -> int:
        raise StorageFailed

    monkeypatch.setattr(_target.storage.blobs, "keep", keep)  # type: ignore[union-attr]


def loading_fails(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all rows but the last statement are there."""

    def fail(*_arguments: Any) -> None:
        raise StorageFailed

    monkeypatch.setattr("entrepot.migrating.open_there", fail)


def is_called_off(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    async def settle(*_arguments: Any) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr("entrepot.backups.moving.wait_until_settled", settle)


@pytest.mark.parametrize(
    ("breaks", "error", "copied"),
    [(storage_fails, StorageFailed, 4), (loading_fails, StorageFailed, 0), (is_called_off, asyncio.CancelledError, 0)],
)
@on_sqlite
async def test_what_breaks_off_leaves_the_old_one_open_and_goes_on(
    cast: Cast,
    tmp_path: Path,
    breaks: Callable[[Target, pytest.MonkeyPatch], None],
    error: type[BaseException],
    copied: int,
) -> None:
    rooms, url, storage = cast.rooms, f"sqlite:///{tmp_path / 'new' / 'entrepot.db'}", str(tmp_path / "storage")
    with pytest.MonkeyPatch.context() as patch:
        async with moving(rooms, url, storage) as (installation, target):
            breaks(target, patch)
            with pytest.raises(error):
                await move(installation, target, 1, False, Silent())

    assert await is_open(rooms)
    late = await rooms.push("acme/app", "late")
    made = await moved(rooms, url, storage)

    assert made.copied.blobs == copied + len(late.blobs)
    place = open_place(storage)
    await pulled(rooms, url, place, late, "acme/app", "late")
    assert await place.read(MARK) is None
    await place.close()


@on_sqlite
async def test_once_the_new_one_is_there_the_old_one_stays_closed_and_the_rest_is_done_by_the_next(
    cast: Cast, tmp_path: Path
) -> None:
    rooms, url, storage = cast.rooms, f"sqlite:///{tmp_path / 'new.db'}", str(tmp_path / "storage")
    async with moving(rooms, url, storage) as (installation, target):

        async def remove(_name: str) -> None:
            raise StorageFailed

        target.storage.remove = remove  # type: ignore[union-attr, method-assign]
        with pytest.raises(StorageFailed):
            await move(installation, target, 2, False, Silent())
    assert not await is_open(rooms)
    there = await rows_of(url)

    made = await moved(rooms, url, storage)

    assert (made.copied.blobs, made.last.blobs, made.is_open) == (0, 0, True)
    assert await rows_of(url) == there
    assert not await is_open(rooms)


async def test_a_process_that_was_killed_while_it_was_closed_is_followed_by_one_that_ends_it(
    cast: Cast, tmp_path: Path
) -> None:
    rooms, url = cast.rooms, f"sqlite:///{tmp_path / 'new.db'}"
    await close_to_move(rooms.db, rooms.clock.now())

    made = await moved(rooms, url, None)

    assert (made.blobs, made.copied.blobs, made.is_open) == (4, 0, True)
    assert (await rows_of(url))["closed"] == []


@on_sqlite
async def test_a_storage_alone_has_what_can_be_had_back_and_uploads_begin_anew(cast: Cast, tmp_path: Path) -> None:
    rooms, dropped = cast.rooms, b"had back until it is claimed"
    digest = Digest.of(dropped)
    rooms.blobs._blobs[digest] = dropped
    async with rooms.db.writing() as tx:
        row = {"digest": str(digest), "size": len(dropped), "dropped_at": rooms.clock.now()}
        await tx.run(tx.insert(gc_blob).values(row))
    await start_upload(rooms.registry, rooms.admin, RepositoryName("acme/app"))

    made = await moved(rooms, None, str(tmp_path / "storage"))

    place = open_place(str(tmp_path / "storage"))
    assert {one async for one, _ in place.blobs.list()} == {one async for one, _ in rooms.blobs.list()}
    await place.close()
    assert (made.copied.blobs, made.is_open, await is_open(rooms)) == (5, False, False)
    async with rooms.db.reading() as tx:
        assert await tx.rows(upload.select()) == []


@on_sqlite
async def test_nothing_is_closed_for_an_installation_with_damage_that_nobody_knew(cast: Cast, tmp_path: Path) -> None:
    rooms, lost = cast.rooms, cast.image.blobs[0].digest
    await rooms.blobs.delete([lost])
    events = len((await rows_of(rooms.operations.place.database))["event"])

    with pytest.raises(BytesMissing, match=str(lost)):
        await moved(rooms, f"sqlite:///{tmp_path / 'new.db'}", str(tmp_path / "storage"))

    assert len((await rows_of(rooms.operations.place.database))["event"]) == events


@on_sqlite
async def test_the_storage_that_another_installation_moves_to_is_refused(cast: Cast, tmp_path: Path) -> None:
    place = open_place(str(tmp_path / "storage"))
    await place.write(MARK, b"bm90IG91cnM=")
    await place.close()

    with pytest.raises(PlaceForeign, match="Another installation"):
        await moved(cast.rooms, None, str(tmp_path / "storage"))
