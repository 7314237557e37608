"""A snapshot is whole or is not there, has what the installation had at one moment, and copies only what is new."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from entrepot.backups import places
from entrepot.backups.check import check
from entrepot.backups.errors import BackupRuns, BytesMissing, PlaceForeign
from entrepot.backups.make import BACKUP, Wish
from entrepot.backups.places import Place, open_place
from entrepot.backups.progress import Silent
from entrepot.backups.snapshot import KEY, name_at, place_of
from entrepot.blobs.memory import MemoryStore
from entrepot.blobs.store import Part
from entrepot.db.holding import open_holder
from entrepot.operations.backed_up import Backup
from entrepot.operations.system import show_system
from entrepot.registry.queries import content
from entrepot.registry.remove import delete_manifest
from entrepot.registry.tables import blob_finding
from entrepot.upkeep.collect import collect
from entrepot.upkeep.settings import UpkeepSettings
from entrepot.values.digest import Digest
from entrepot.values.errors import StorageFailed, StorageFull
from entrepot.values.names import RepositoryName
from tests.backups.conftest import back_up
from tests.make.cast import Cast
from tests.make.image import Image
from tests.make.looking import events_after, last_event
from tests.make.rooms import open_rooms

APP = RepositoryName("acme/app")

of_both_kinds = pytest.mark.parametrize(
    ("database", "place_url"), [("sqlite", "folder"), ("postgresql", "s3")], indirect=True
)
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what only the place is asked about."""


def digests(*images: Image) -> set[str]:
    return {str(blob.digest) for image in images for blob in image.blobs}


async def held(place: Place) -> set[str]:
    return {str(digest) async for digest, _ in place.blobs.list()}


class DyingStore(MemoryStore):
    """A place whose disk is full after some blobs."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    async def keep(self, parts: Sequence[Part], digest: Digest) -> int:
        if not self.left:
            raise StorageFull
        self.left -= 1
        return await super().keep(parts, digest)


@of_both_kinds
async def test_a_snapshot_has_every_blob_and_is_found_whole(cast: Cast, place_url: str) -> None:
    place = open_place(place_url)
    made = await back_up(cast.rooms, place)

    assert digests(cast.image, cast.open_image) <= await held(place)
    assert (made.copied.blobs, made.snapshot.blobs) == (4, 4)
    assert await places.load(place) == made.snapshot
    checked = await check(place, made.snapshot.name, True, Silent())
    assert (checked.problems, checked.blobs) == ([], 4)
    await place.close()


@of_both_kinds
async def test_the_next_snapshot_copies_what_is_new_and_old_ones_go_with_what_only_they_had(
    cast: Cast, place_url: str
) -> None:
    rooms, place = cast.rooms, open_place(place_url)
    first = await back_up(rooms, place, Wish(key=b"the key"))
    await delete_manifest(rooms.registry, rooms.admin, APP, cast.image.digest)
    rooms.clock.advance(days=2)
    await collect(rooms.upkeep)
    fresh = await rooms.push("acme/app", "v2")

    second = await back_up(rooms, place, Wish(keep=2))
    assert second.copied.blobs == len(fresh.blobs)
    assert second.pruned == []
    assert digests(cast.image) <= await held(place)
    rooms.clock.advance(seconds=1)
    third = await back_up(rooms, place, Wish(keep=2))

    assert third.pruned == [first.snapshot.name]
    assert third.freed > 0
    assert await place.read(places.path_of(first.snapshot.name, KEY)) is None
    assert await places.snapshots(place) == [second.snapshot.name, third.snapshot.name]
    assert not digests(cast.image) & await held(place)
    for made in (second, third):
        assert (await check(place, made.snapshot.name, True, Silent())).problems == []
    await place.close()


async def test_what_is_collected_while_it_is_copied_is_in_the_snapshot(cast: Cast, place: Place) -> None:
    rooms = replace(cast.rooms, upkeep_settings=UpkeepSettings(gc_grace_seconds=0, history_days=0))
    stored = {digest async for digest, _ in rooms.blobs.list()}

    async def collect_first(digest: Digest, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        if not collected:
            collected.append(digest)
            for image, name in ((cast.image, "acme/app"), (cast.open_image, "acme/open")):
                await delete_manifest(rooms.registry, rooms.admin, RepositoryName.parse(name), image.digest)
            rooms.clock.advance(seconds=5)
            await collect(rooms.upkeep)
        async for chunk in MemoryStore.open(rooms.blobs, digest, start, stop):
            yield chunk

    collected: list[Digest] = []
    rooms.blobs.open = collect_first  # type: ignore[method-assign]
    made = await back_up(rooms, place)

    assert collected
    assert made.snapshot.damaged == []
    assert digests(cast.image, cast.open_image) <= await held(place)
    assert {digest async for digest, _ in rooms.blobs.list()} == stored, "nothing was claimed meanwhile"
    async with rooms.db.reading() as tx:
        assert not await content.blob_sizes(tx, [str(one) for one in stored])
    rooms.clock.advance(seconds=5)
    await collect(rooms.upkeep)
    assert {digest async for digest, _ in rooms.blobs.list()} == set()


@on_sqlite
async def test_damaged_blobs_are_named_and_left_out_only_when_that_is_allowed(cast: Cast, place: Place) -> None:
    rooms, (lost, broken) = cast.rooms, [blob.digest for blob in cast.image.blobs[:2]]
    await rooms.blobs.delete([lost])
    rooms.blobs._blobs[broken] = b"something else"

    with pytest.raises(BytesMissing, match="2 blobs") as refused:
        await back_up(rooms, place)
    assert await places.snapshots(place) == []
    made = await back_up(rooms, place, Wish(allow_damaged=True))

    assert set(made.snapshot.damaged) == {str(lost), str(broken)}
    assert refused.value.detail["damaged"] in ([str(lost), str(broken)], [str(broken), str(lost)])
    assert made.copied.blobs == 0, "the rest was there from the first time"
    assert (await check(place, None, True, Silent())).problems == []


@on_sqlite
async def test_blobs_that_are_known_to_be_lost_do_not_keep_a_backup_from_being_made(cast: Cast, place: Place) -> None:
    rooms, lost = cast.rooms, cast.image.blobs[0].digest
    await rooms.blobs.delete([lost])
    async with rooms.db.writing() as tx:
        finding = {"digest": str(lost), "kind": "missing", "seen": "", "found_at": rooms.clock.now()}
        await tx.run(tx.insert(blob_finding).values(finding))

    made = await back_up(rooms, place)

    assert made.snapshot.damaged == [str(lost)]
    assert (await check(place, None, True, Silent())).problems == []


@on_sqlite
async def test_a_full_place_leaves_earlier_snapshots_and_the_next_goes_on(cast: Cast, place: Place) -> None:
    rooms = cast.rooms
    first = await back_up(rooms, place)
    await rooms.push("acme/app", "v2", Image.make(6))
    real, dying = place.blobs, DyingStore(0)
    async for digest, _ in real.list():
        dying._blobs[digest] = b"".join([chunk async for chunk in real.open(digest)])
    dying.left = 12
    place.blobs = dying
    rooms.clock.advance(seconds=1)

    with pytest.raises(StorageFull):
        await back_up(rooms, place)
    assert await places.snapshots(place) == [first.snapshot.name]
    assert (await check(place, None, True, Silent())).problems == []
    assert [key async for key in dying.list_parts(0)] == []
    copied = len(dying._blobs)
    dying.left = 1_000
    second = await back_up(rooms, place)

    assert 0 < second.copied.blobs < 7, f"some of {copied} were there"
    assert (await check(place, second.snapshot.name, True, Silent())).problems == []
    place.blobs = real


async def test_a_snapshot_is_in_the_audit_and_told_as_the_last_one(cast: Cast, place: Place) -> None:
    rooms, before = cast.rooms, await last_event(cast.rooms.db)
    assert (await show_system(rooms.operations, rooms.admin)).last_backup is None
    await back_up(rooms, place)
    rooms.clock.advance(hours=1)
    made = (await back_up(rooms, place)).snapshot

    last = (await show_system(rooms.operations, rooms.admin)).last_backup
    assert last == Backup(place.label, made.name, made.made_at, made.made_at, made.blobs, made.bytes)
    told = await events_after(rooms.db, before)
    assert [(one.type, one.data["snapshot"]) for one in told][-1] == ("installation.backed_up", made.name)
    assert len(told) == 2


async def test_one_backup_of_an_installation_runs_at_a_time(cast: Cast, place: Place) -> None:
    other = open_holder(cast.rooms.operations.place.database)
    assert await other.try_hold(BACKUP)

    with pytest.raises(BackupRuns):
        await back_up(cast.rooms, place)
    await other.close()
    await back_up(cast.rooms, place)


@on_sqlite
async def test_the_storage_of_a_server_is_no_place_for_backups(cast: Cast, place: Place) -> None:
    await place.blobs.put(_chunks(b"a blob"), Digest.of(b"a blob"))

    with pytest.raises(PlaceForeign):
        await back_up(cast.rooms, place)


@on_sqlite
async def test_two_installations_do_not_share_a_place(cast: Cast, place: Place, tmp_path: Path) -> None:
    mine = await back_up(cast.rooms, place)
    (tmp_path / "other").mkdir()

    async with open_rooms(tmp_path / "other") as other:
        with pytest.raises(PlaceForeign, match="another installation"):
            await back_up(other, place, Wish(keep=1))

    assert await places.snapshots(place) == [mine.snapshot.name]
    await back_up(cast.rooms, place)


@on_sqlite
async def test_snapshots_of_one_second_have_names_in_order(cast: Cast, place: Place) -> None:
    made = [await back_up(cast.rooms, place) for _ in range(3)]
    cast.rooms.clock.advance(seconds=timedelta(days=1).total_seconds())
    made.append(await back_up(cast.rooms, place))

    assert await places.snapshots(place) == [one.snapshot.name for one in made]


async def _chunks(content: bytes) -> AsyncGenerator[bytes, None]:
    yield content


@on_sqlite
async def test_a_snapshot_is_the_newest_also_when_the_clock_was_put_back(cast: Cast, place: Place) -> None:
    """Else `--keep 1` would remove what was made a moment ago."""
    first = await back_up(cast.rooms, place)
    cast.rooms.clock.advance(days=-3)
    second = await back_up(cast.rooms, place, Wish(keep=1))

    assert second.pruned == [first.snapshot.name]
    assert await places.load(place) == second.snapshot


def test_names_of_snapshots_are_in_order_of_their_making() -> None:
    at, taken = datetime(2026, 1, 2, tzinfo=UTC), ["20260103T000000Z", "of-somebody"]
    for _ in range(11):
        taken.append(name_at(at, taken))

    assert taken[2:] == [f"20260103T000000Z-{number}" for number in range(2, 13)]
    assert sorted(taken[:1:-1], key=place_of) == taken[2:]
    assert name_at(at + timedelta(days=2), taken) == "20260104T000000Z"


@of_both_kinds
async def test_a_key_whose_snapshot_was_never_made_is_removed(cast: Cast, place_url: str) -> None:
    place = open_place(place_url)
    await place.write(places.path_of("20200101T000000Z", KEY), b"the key")
    await place.write(f"{places.SNAPSHOTS}/20200101T000001Z/.backup.json", b"half of it")

    made = await back_up(cast.rooms, place, Wish(keep=1))

    assert await place.names(places.SNAPSHOTS) == [places.path_of(made.snapshot.name)]
    await place.close()


@on_sqlite
async def test_a_blob_that_the_disk_does_not_give_back_is_one_that_is_damaged(cast: Cast, place: Place) -> None:
    """Who loses a disk needs a backup above all. That the storage is away altogether is another matter."""
    rooms, lost, kept = cast.rooms, cast.image.blobs[0].digest, cast.rooms.blobs.open

    async def opening(digest: Digest, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        async for chunk in kept(digest, start, stop):
            if digest == lost:
                raise StorageFailed
            yield chunk

    rooms.blobs.open = opening  # type: ignore[method-assign]
    with pytest.raises(BytesMissing, match=str(lost)):
        await back_up(rooms, place)
    made = await back_up(rooms, place, Wish(allow_damaged=True))
    assert made.snapshot.damaged == [str(lost)]
    assert (await check(place, None, True, Silent())).problems == []

    async def stat(digest: Digest) -> int | None:
        raise StorageFailed

    rooms.blobs.stat = stat  # type: ignore[method-assign]
    with pytest.raises(StorageFailed):
        await back_up(rooms, place, Wish(allow_damaged=True))
