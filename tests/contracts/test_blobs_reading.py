"""BlobStore: whole blobs, ranges, and readers that leave."""

import asyncio
import gc
from contextlib import aclosing

import pytest

from entrepot.blobs.store import BlobStore
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, BlobUnknown
from tests.contracts.streams import MIB, collect, put, some_bytes

SIZE = 3 * MIB + 5
BODY = some_bytes(SIZE)


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, None),
        (0, SIZE),
        (0, 1),
        (1, 2),
        (MIB - 1, MIB + 1),
        (MIB, None),
        (17, 2 * MIB + 17),
        (SIZE - 1, None),
        (SIZE, None),
        (SIZE, SIZE),
        (0, 0),
        (5, 5),
    ],
)
async def test_a_range_gives_exactly_its_bytes(store: BlobStore, start: int, stop: int | None) -> None:
    digest = await put(store, BODY)
    assert await collect(store.open(digest, start, stop)) == BODY[start:stop]


@pytest.mark.parametrize(("start", "stop"), [(0, SIZE + 1), (SIZE - 1, SIZE + 9), (SIZE + 1, None), (SIZE, SIZE + 1)])
async def test_a_blob_too_short_for_the_range_is_corrupt_before_the_first_byte(
    store: BlobStore, start: int, stop: int | None
) -> None:
    digest = await put(store, BODY)
    with pytest.raises(BlobCorrupt):
        await anext(store.open(digest, start, stop))


@pytest.mark.parametrize(("start", "stop"), [(0, None), (0, 0), (5, None), (5, 9)])
async def test_an_absent_blob_is_unknown_at_the_first_chunk(store: BlobStore, start: int, stop: int | None) -> None:
    chunks = store.open(Digest.of(b"never here"), start, stop)
    with pytest.raises(BlobUnknown):
        await anext(chunks)


async def test_chunks_are_bytes_of_a_bounded_size(store: BlobStore) -> None:
    digest = await put(store, BODY)
    async with aclosing(store.open(digest)) as chunks:
        async for chunk in chunks:
            assert type(chunk) is bytes
            assert 0 < len(chunk) <= 4 * MIB


async def test_a_reader_may_leave_after_the_first_chunk(store: BlobStore) -> None:
    digest = await put(store, BODY)
    async with aclosing(store.open(digest)) as chunks:
        assert BODY.startswith(await anext(chunks))


async def test_a_reader_may_leave_without_a_word(store: BlobStore) -> None:
    digest = await put(store, BODY)
    chunks = store.open(digest)
    await anext(chunks)
    del chunks
    gc.collect()
    await asyncio.sleep(0)  # the loop closes abandoned generators in its next round
    assert await collect(store.open(digest)) == BODY


@pytest.mark.parametrize("chunks_before", range(4))
async def test_a_reader_that_is_cancelled_leaves_nothing_open(store: BlobStore, chunks_before: int) -> None:
    digest = await put(store, BODY)

    async def read(reached: asyncio.Event) -> None:
        async with aclosing(store.open(digest)) as chunks:
            for number in range(4):
                if number == chunks_before:
                    reached.set()
                await anext(chunks)

    for rounds in range(4):
        reached = asyncio.Event()
        reading = asyncio.create_task(read(reached))
        await reached.wait()
        for _ in range(rounds):
            await asyncio.sleep(0)  # a little further into what it does now
        reading.cancel()
        await asyncio.wait((reading,))
    assert await collect(store.open(digest)) == BODY


async def test_many_readers_of_one_blob_each_get_all_of_it(store: BlobStore) -> None:
    digest = await put(store, BODY)
    bodies = await asyncio.gather(*(collect(store.open(digest, start)) for start in range(20)))
    assert bodies == [BODY[start:] for start in range(20)]
