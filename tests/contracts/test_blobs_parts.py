"""BlobStore: parts being written, sealed, left behind and swept; and how much memory that takes."""

import asyncio
import itertools
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from entrepot.blobs.joining import discarded_on_failure
from entrepot.blobs.opening import open_store
from entrepot.blobs.settings import BlobSettings
from entrepot.blobs.store import BlobStore
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, UploadUnknown
from tests.contracts.streams import MIB, chunked, collect, listed, parts_left, some_bytes, write_part

HOUR = 3600


async def test_a_part_is_no_blob_until_it_is_kept(store: BlobStore) -> None:
    part = await write_part(store, b"abc")
    assert part.size == 3
    assert part.digest == Digest.of(b"abc")
    assert await store.stat(part.digest) is None
    assert await listed(store) == {}
    await store.discard_parts([part.key])


@pytest.mark.parametrize(("start", "stop"), [(0, None), (0, 0), (1, 7), (MIB - 1, MIB + 1), (3 * MIB, None)])
async def test_a_part_is_read_from_any_place_on(store: BlobStore, start: int, stop: int | None) -> None:
    body = some_bytes(3 * MIB)
    part = await write_part(store, body)
    assert await collect(store.open_part(part, start, stop)) == body[start:stop]
    await store.discard_parts([part.key])


async def test_a_part_that_is_gone_or_too_short_is_never_read_as_less(store: BlobStore) -> None:
    part = await write_part(store, b"abc")
    with pytest.raises(BlobCorrupt):
        await collect(store.open_part(part, 0, 4))
    await store.discard_parts([part.key])
    with pytest.raises(UploadUnknown):
        await collect(store.open_part(part))


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
async def test_a_part_is_hashed_with_the_algorithm_asked_for(store: BlobStore, algorithm: str) -> None:
    body = some_bytes(2 * MIB)
    part = await write_part(store, body, algorithm)
    assert part.digest == Digest.of(body, algorithm)
    await store.discard_parts([part.key])


async def test_chunks_of_any_size_make_the_same_part(store: BlobStore) -> None:
    sizes = [1] * 3000 + [0, 5 * MIB, 0, 7]
    writer = await store.new_part()
    whole = b""
    for seed, size in enumerate(sizes):
        chunk = some_bytes(size, seed)
        await writer.write(chunk)
        whole += chunk
        assert writer.size == len(whole)
    part = await writer.seal()
    assert part.digest == Digest.of(whole)
    await store.keep([part], part.digest)
    assert await collect(store.open(part.digest)) == whole


async def test_sealing_twice_gives_the_same_part(store: BlobStore) -> None:
    writer = await store.new_part()
    await writer.write(b"abc")
    part = await writer.seal()
    assert await writer.seal() == part
    await writer.discard()


@pytest.mark.parametrize("size", [0, 10, 3 * MIB, 20 * MIB])
async def test_a_discarded_part_leaves_nothing(store: BlobStore, size: int) -> None:
    writer = await store.new_part()
    await writer.write(some_bytes(size))
    await writer.discard()
    await writer.discard()
    assert await parts_left(store) == []
    with pytest.raises(RuntimeError):
        await writer.write(b"more")


async def test_discarding_a_sealed_part_removes_it_and_a_kept_one_keeps_its_blob(store: BlobStore) -> None:
    sealed, kept = await store.new_part(), await store.new_part()
    await sealed.seal()
    await sealed.discard()
    await kept.write(b"abc")
    await store.keep([await kept.seal()], Digest.of(b"abc"))
    await kept.discard()
    assert await parts_left(store) == []
    assert await collect(store.open(Digest.of(b"abc"))) == b"abc"


async def test_parts_are_listed_by_age_for_the_sweeper(store: BlobStore) -> None:
    parts = [await write_part(store, b"%d" % number) for number in range(3)]
    await store.put(_once(b"a blob"), Digest.of(b"a blob"))
    assert sorted(await parts_left(store)) == sorted(part.key for part in parts)
    assert [key async for key in store.list_parts(HOUR)] == []
    await store.discard_parts([part.key for part in parts])
    await store.discard_parts([part.key for part in parts])
    await store.discard_parts([])
    assert await parts_left(store) == []
    assert await listed(store) == {Digest.of(b"a blob"): 6}


async def test_a_part_nobody_ends_can_be_swept(store: BlobStore) -> None:
    writer = await store.new_part()
    await writer.write(some_bytes(2 * MIB))
    await store.discard_parts(await parts_left(store))
    assert await parts_left(store) == []
    await writer.discard()  # the process would have ended by now


@pytest.mark.parametrize("last_step", range(8))
async def test_an_upload_cancelled_at_any_step_leaves_nothing_or_the_whole_blob(
    store: BlobStore, last_step: int
) -> None:
    body = some_bytes(5 * MIB)
    digest = Digest.of(body)

    async def upload(step: Callable[[], None]) -> None:
        writer = await store.new_part()
        async with discarded_on_failure(writer):
            async for chunk in chunked(body, MIB):
                step()
                await writer.write(chunk)
            step()
            part = await writer.seal()
            step()
            await store.keep([part], digest)
            step()

    for rounds in range(4):
        reached = asyncio.Event()
        uploading = asyncio.create_task(upload(_setting(reached, last_step)))
        await reached.wait()
        for _ in range(rounds):
            await asyncio.sleep(0)  # a little further into what it does now
        uploading.cancel()
        await asyncio.wait((uploading,))
        assert await parts_left(store) == []
        if await store.stat(digest) is not None:
            assert await collect(store.open(digest)) == body


async def test_a_join_cancelled_at_any_moment_leaves_its_parts_or_the_whole_blob(store: BlobStore) -> None:
    bodies = [some_bytes(2 * MIB, seed) for seed in range(2)]
    digest = Digest.of(b"".join(bodies))
    for tenths in range(10):
        parts = [await write_part(store, body) for body in bodies]
        keeping = asyncio.create_task(store.keep(parts, digest))
        await asyncio.wait((keeping,), timeout=0.002 * tenths)
        keeping.cancel()
        await asyncio.wait((keeping,))
        if await store.stat(digest) is not None:
            assert await collect(store.open(digest)) == b"".join(bodies)
        assert set(await parts_left(store)) <= {part.key for part in parts}
        await store.discard_parts([part.key for part in parts])


async def test_a_cancelled_write_lost_nothing_and_doubled_nothing(store: BlobStore) -> None:
    body = some_bytes(8 * MIB)
    writer = await store.new_part()
    while writer.size < len(body):
        chunk = body[writer.size : writer.size + MIB]
        writing = asyncio.create_task(writer.write(chunk))
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.wait((writing,))
    part = await writer.seal()
    assert part.digest == Digest.of(body)
    await store.keep([part], part.digest)
    assert await collect(store.open(part.digest)) == body


async def test_a_stream_of_512_mib_needs_a_few_mib_of_memory(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"), BlobSettings(free_bytes_min=0))
    size = 512 * MIB
    writer = await store.new_part()
    tracemalloc.start()
    try:
        async for chunk in _counting(size):
            await writer.write(chunk)
        part = await writer.seal()
        await store.keep([part], part.digest)
        seen = 0
        async for chunk in store.open(part.digest):
            seen += len(chunk)
        assert seen == size
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()
        await store.delete([part.digest])
        await store.close()


async def test_a_stream_to_a_bucket_needs_bounded_memory(bucket_url: str) -> None:
    store = open_store(bucket_url, BlobSettings())
    before = highest = _resident_bytes()
    writer = await store.new_part()
    async for chunk in _counting(192 * MIB):
        await writer.write(chunk)
        highest = max(highest, _resident_bytes())
    part = await writer.seal()
    await store.keep([part], part.digest)
    async for _ in store.open(part.digest):
        highest = max(highest, _resident_bytes())
    assert highest - before < 96 * MIB
    await store.close()


def _setting(reached: asyncio.Event, last_step: int) -> Callable[[], None]:
    """Called at each step of an upload, sets `reached` at the last one."""
    steps = itertools.count()

    def step() -> None:
        if next(steps) == last_step:
            reached.set()

    return step


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _counting(size: int, chunk_bytes: int = 256 << 10) -> AsyncIterator[bytes]:
    """Chunks that differ, each in memory of its own."""
    for offset in range(0, size, chunk_bytes):
        yield offset.to_bytes(8, "big") + bytes(chunk_bytes - 8)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
