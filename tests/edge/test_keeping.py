"""What an edge keeps stays within its capacity: what was not sent for longest goes, what was sent just now stays."""

import pytest

from entrepot.edge.keeping import Keeping
from entrepot.edge.pulls import take_some, to_json
from entrepot.edge.settings import EdgeSettings
from entrepot.registry import pull
from entrepot.registry.pulled import PullCounts
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.settings import UpkeepSettings
from entrepot.values.errors import BlobUnknown
from entrepot.values.names import RepositoryName
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")
SIZE = 1_000


@pytest.fixture
async def blobs(rooms: Rooms) -> list[Blob]:
    """Ten blobs of a thousand bytes, in two repositories; the configurations are not counted among them."""
    await rooms.organization("acme")
    blobs = [Blob(bytes([number]) * SIZE) for number in range(10)]
    for path in (APP, RepositoryName("acme/other")):
        await rooms.push(path, "v1", Image.make(0, holding=blobs))
    return blobs


def keeping_of(rooms: Rooms, capacity: int, free_min: int = 0) -> Keeping:
    upkeep = Upkeep(rooms.db, rooms.blobs, rooms.clock, rooms.holder, UpkeepSettings(gc_grace_seconds=0))
    settings = EdgeSettings("https://edge.example", capacity, free_min)
    return Keeping(rooms.db, rooms.clock, upkeep, settings)


async def kept(rooms: Rooms, blobs: list[Blob]) -> list[int]:
    """Which of the blobs can still be pulled, by number; those have their bytes, and others none."""
    found = []
    for number, blob in enumerate(blobs):
        try:
            await pull.find_blob(rooms.registry, rooms.admin, APP, blob.digest)
        except BlobUnknown:
            assert await rooms.blobs.stat(blob.digest) is None
        else:
            assert await rooms.blobs.stat(blob.digest) == SIZE
            found.append(number)
    return found


async def test_nothing_goes_while_there_is_room(rooms: Rooms, blobs: list[Blob]) -> None:
    keeping = keeping_of(rooms, 20_000)
    await keeping.begin()
    rooms.clock.advance(days=30)
    assert await keeping.keep_within(1 << 40) == 0
    assert await kept(rooms, blobs) == list(range(10))


async def test_what_was_not_sent_for_longest_goes_first(rooms: Rooms, blobs: list[Blob]) -> None:
    keeping = keeping_of(rooms, 7_500)
    await keeping.begin()
    rooms.clock.advance(seconds=100)
    for number in (0, 1, 2, 5, 7, 8, 9):
        keeping.used(str(blobs[number].digest))
    rooms.clock.advance(seconds=100)
    keeping.used(str(blobs[3].digest))
    await keeping.look()
    rooms.clock.advance(seconds=100)
    gone = await keeping.keep_within(1 << 40)
    left = await kept(rooms, blobs)
    assert {4, 6}.isdisjoint(left) and 3 in left
    await keeping.look()
    assert keeping.bytes <= 7_500
    assert gone >= 10 * SIZE - 7_500


async def test_what_was_sent_within_a_minute_stays_though_it_is_too_much(rooms: Rooms, blobs: list[Blob]) -> None:
    keeping = keeping_of(rooms, 1_000)
    await keeping.begin()
    rooms.clock.advance(seconds=59)
    assert await keeping.keep_within(1 << 40) == 0
    assert await kept(rooms, blobs) == list(range(10))
    rooms.clock.advance(seconds=2)
    keeping.used(str(blobs[0].digest))
    await keeping.look()
    await keeping.keep_within(1 << 40)
    assert await kept(rooms, blobs) == [0]


async def test_a_full_disk_makes_room_whatever_the_capacity(rooms: Rooms, blobs: list[Blob]) -> None:
    keeping = keeping_of(rooms, 1 << 40, free_min=5_000)
    await keeping.begin()
    rooms.clock.advance(seconds=100)
    assert await keeping.keep_within(5_000) == 0
    assert await keeping.keep_within(2_500) >= 2_500
    assert 5 <= len(await kept(rooms, blobs)) <= 8


async def test_what_went_can_come_again(rooms: Rooms, blobs: list[Blob]) -> None:
    keeping = keeping_of(rooms, 1)
    await keeping.begin()
    rooms.clock.advance(seconds=100)
    await keeping.keep_within(1 << 40)
    assert await kept(rooms, blobs) == []
    await rooms.push_blob(APP, blobs[4])
    assert await kept(rooms, blobs) == [4]


async def test_a_presence_has_what_is_kept(rooms: Rooms, blobs: list[Blob]) -> None:
    presence = await keeping_of(rooms, 1).presence()
    assert all(blob.digest.hex in presence for blob in blobs)
    assert Blob(b"another").digest.hex not in presence


def test_what_was_told_is_not_told_again_unless_it_was_not_heard() -> None:
    counts = PullCounts()
    counts.answered("GET", "acme/app", "v1", "sha256:1")
    counts.answered("HEAD", "acme/app", "v1", "sha256:1")
    counts.sent("acme/app", "sha256:2", 70)
    told = take_some(counts)
    assert to_json(told) == {
        "pulls": [{"path": "acme/app", "reference": "v1", "count": 1}],
        "asked": [{"path": "acme/app", "digest": "sha256:1", "reference": "v1"}],
        "sent": [{"path": "acme/app", "digest": "sha256:2", "bytes": 70}],
    }
    assert to_json(take_some(counts)) == {"pulls": [], "asked": [], "sent": []}
    counts.add(told)
    assert to_json(take_some(counts))["sent"] == [{"path": "acme/app", "digest": "sha256:2", "bytes": 70}]


def test_one_report_tells_so_many_pulls_and_the_next_the_rest() -> None:
    counts = PullCounts()
    for number in range(4_500):
        counts.sent("acme/app", f"sha256:{number}", 1)
    assert [len(take_some(counts).blobs) for _ in range(4)] == [2_000, 2_000, 500, 0]
