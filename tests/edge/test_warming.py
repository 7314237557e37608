"""Warming up at an edge: orders are carried out, told until the center knows, called off; what is warm counts as used.

The center is away here: what is fetched from one, the live tests show.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from entrepot.edge.keeping import Keeping
from entrepot.edge.settings import EdgeSettings
from entrepot.edge.sources import remote_of, sources_at
from entrepot.edge.warming import Warming
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.settings import UpkeepSettings
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms

SIZE = 1_000
NOWHERE = "http://127.0.0.1:1"


@dataclass
class Node:
    """An edge that has `image`, as `acme/app:v1`; `capacity_bytes` are a thousand more than its layers."""

    rooms: Rooms
    warming: Warming
    keeping: Keeping
    image: Image

    def order(self, number: int = 1, **other: object) -> Mapping[str, Any]:
        order = {"id": number, "path": "acme/app", "tag": "v1", "digest": str(self.image.digest), "platforms": []}
        return order | other

    async def ended(self, count: int = 1) -> list[Mapping[str, Any]]:
        """What is told once so many orders have ended."""
        async with asyncio.timeout(10):
            while sum(one["state"] in ("done", "failed") for one in self.warming.told()) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # the orders say when they have ended, and wake nobody
        return list(self.warming.told())


@pytest.fixture
async def node(rooms: Rooms) -> AsyncIterator[Node]:
    await rooms.organization("acme")
    image = await rooms.push("acme/app", "v1", Image.make(0, holding=[Blob(bytes([one]) * SIZE) for one in range(3)]))
    settings = EdgeSettings("https://edge.example", 4 * SIZE, 0)
    upkeep = Upkeep(rooms.db, rooms.blobs, rooms.clock, rooms.holder, UpkeepSettings(gc_grace_seconds=0))
    keeping = Keeping(rooms.db, rooms.clock, upkeep, settings)
    remote = remote_of(NOWHERE, lambda: "")
    mirror = replace(rooms.mirror, center=sources_at(remote, rooms.db, rooms.clock, settings, lambda: False))
    warming = Warming(mirror, keeping, settings.capacity_bytes)
    running = asyncio.create_task(warming.run())
    yield Node(rooms, warming, keeping, image)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await remote.close()


async def test_an_order_is_told_until_the_center_knows_that_it_ended(node: Node) -> None:
    assert node.warming.told() == []
    node.warming.heard([], [node.order()])

    told = await node.ended()
    size = sum(len(blob.content) for blob in node.image.blobs)
    said = {"state": "done", "bytes_done": size, "bytes_total": size, "error": "", "is_final": False}
    assert told == [{"id": 1, **said}]
    # An answer that was written before the center heard of the end: nothing begins anew.
    node.warming.heard([], [node.order()])
    assert node.warming.told() == told
    node.warming.heard(told, [])
    assert node.warming.told() == []


async def test_what_was_warmed_up_is_not_what_goes_first(node: Node) -> None:
    await node.keeping.begin()
    node.rooms.clock.advance(seconds=3_600)
    other = await node.rooms.push("acme/app", "v2", Image.make(0, holding=[Blob(b"x" * SIZE), Blob(b"y" * SIZE)]))
    await node.keeping.look()
    node.rooms.clock.advance(seconds=3_600)
    node.warming.heard([], [node.order()])
    await node.ended()
    await node.keeping.look()

    assert await node.keeping.keep_within(1 << 40) > 0

    held = [await node.rooms.blobs.stat(blob.digest) is not None for blob in node.image.blobs]
    assert held == [True] * len(node.image.blobs)
    assert None in [await node.rooms.blobs.stat(blob.digest) for blob in other.blobs]


async def test_an_image_that_is_larger_than_the_edge_is_not_begun(node: Node) -> None:
    large = await node.rooms.push(
        "acme/app", "v2", Image.make(0, holding=[Blob(bytes([9, one]) * SIZE) for one in range(3)])
    )
    node.warming.heard([], [node.order(tag="", digest=str(large.digest))])

    [told] = await node.ended()

    assert (told["state"], told["is_final"], told["bytes_done"]) == ("failed", True, 0)
    assert "keeps at most 4000" in told["error"]


async def test_what_cannot_be_fetched_failed_for_now(node: Node) -> None:
    node.warming.heard([], [node.order(tag="", digest=f"sha256:{'0' * 64}")])

    [told] = await node.ended()

    assert (told["state"], told["is_final"]) == ("failed", False)
    assert told["error"] != ""


async def test_what_was_called_off_is_not_told_any_more(node: Node) -> None:
    node.warming.heard([], [node.order(number) for number in range(1, 6)])
    node.warming.heard([], [node.order(5)])

    assert [one["id"] for one in await node.ended()] == [5]


async def test_an_order_that_cannot_be_read_keeps_no_other_from_being_carried_out(node: Node) -> None:
    node.warming.heard([], [{"id": 1}, node.order(2, path="?"), node.order(3)])

    assert [one["id"] for one in await node.ended()] == [3]


async def test_of_an_image_for_several_platforms_only_those_that_are_wished_are_looked_at(node: Node) -> None:
    arm = await node.rooms.push("acme/app", "arm", Image.make(architecture="arm64"))
    index = await node.rooms.push("acme/app", "both", Image.index(node.image, arm))
    both = {"tag": "both", "digest": str(index.digest)}
    node.warming.heard([], [node.order(1, **both, platforms=["linux/arm64"]), node.order(2, **both)])

    first, second = sorted(await node.ended(2), key=lambda one: one["id"])

    sizes = [sum(len(blob.content) for blob in image.blobs) for image in (arm, node.image)]
    assert (first["state"], first["bytes_done"]) == ("done", sizes[0])
    assert second["bytes_total"] == sum(sizes)
