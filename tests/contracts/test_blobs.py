"""BlobStore: what becomes a blob, and what never does."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from entrepot.blobs.store import BlobStore, Part
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobUnknown, DigestInvalid, DigestMismatch, UploadUnknown
from tests.contracts.streams import MIB, chunked, collect, listed, parts_left, put, some_bytes, write_part

EMPTY = Digest.of(b"")
ALGORITHMS = ("sha256", "sha512")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [0, 1, 64 << 10, MIB, MIB + 1, 3 * MIB + 7])
async def test_what_is_put_comes_back(store: BlobStore, size: int, algorithm: str) -> None:
    body = some_bytes(size)
    digest = await put(store, body, algorithm)
    assert digest.algorithm == algorithm
    assert await store.stat(digest) == size
    assert await collect(store.open(digest)) == body
    assert await listed(store) == {digest: size}


async def test_a_blob_with_the_wrong_digest_is_never_visible(store: BlobStore) -> None:
    claimed = Digest.of(b"something else")
    with pytest.raises(DigestMismatch) as refused:
        await store.put(chunked(some_bytes(2 * MIB)), claimed)
    assert refused.value.detail["expected"] == str(claimed)
    assert await store.stat(claimed) is None
    assert await listed(store) == {}


@pytest.mark.parametrize("claimed", [Digest.of(b"x"), Digest.of(b"x", "sha512")])
@pytest.mark.parametrize("count", [0, 1, 2])
async def test_parts_that_do_not_make_the_digest_stay_as_they_were(
    store: BlobStore, count: int, claimed: Digest
) -> None:
    bodies = [some_bytes(100 << 10, seed) for seed in range(count)]
    parts = [await write_part(store, body) for body in bodies]
    with pytest.raises(DigestMismatch):
        await store.keep(parts, claimed)
    assert await listed(store) == {}
    assert sorted(await parts_left(store)) == sorted(part.key for part in parts)

    digest = Digest.of(b"".join(bodies))
    assert await store.keep(parts, digest) == sum(map(len, bodies))
    assert await collect(store.open(digest)) == b"".join(bodies)
    await store.discard_parts([part.key for part in parts])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("sizes", [(), (0,), (5,), (0, 5, 0), (MIB, 1, 2 * MIB)])
async def test_parts_are_joined_in_order(store: BlobStore, sizes: tuple[int, ...], algorithm: str) -> None:
    bodies = [some_bytes(size, seed) for seed, size in enumerate(sizes)]
    parts = [await write_part(store, body) for body in bodies]
    assert [part.digest for part in parts] == [Digest.of(body) for body in bodies]

    whole = b"".join(bodies)
    digest = Digest.of(whole, algorithm)
    assert await store.keep(parts, digest) == len(whole)
    assert await collect(store.open(digest)) == whole
    await store.discard_parts([part.key for part in parts])


async def test_no_parts_make_the_empty_blob_and_no_other(store: BlobStore) -> None:
    assert await store.keep([], EMPTY) == 0
    assert await store.stat(EMPTY) == 0
    assert await collect(store.open(EMPTY)) == b""


async def test_keeping_what_is_there_already_is_harmless(store: BlobStore) -> None:
    body = some_bytes(100 << 10)
    digest = await put(store, body)
    assert await put(store, body) == digest
    halves = [await write_part(store, body[:1000]), await write_part(store, body[1000:])]
    assert await store.keep(halves, digest) == len(body)
    await store.discard_parts([half.key for half in halves])
    assert await collect(store.open(digest)) == body
    assert await listed(store) == {digest: len(body)}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("sizes", [(1000,), (1000, 10, MIB)])
async def test_a_caller_who_did_not_hear_the_answer_may_keep_again(
    store: BlobStore, sizes: tuple[int, ...], algorithm: str
) -> None:
    bodies = [some_bytes(size, seed) for seed, size in enumerate(sizes)]
    parts = [await write_part(store, body) for body in bodies]
    digest = Digest.of(b"".join(bodies), algorithm)
    for _ in range(2):
        assert await store.keep(parts, digest) == sum(sizes)
    assert await collect(store.open(digest)) == b"".join(bodies)
    await store.discard_parts([part.key for part in parts])


@pytest.mark.parametrize("count", [1, 2])
async def test_a_part_that_is_gone_makes_no_blob(store: BlobStore, count: int) -> None:
    parts = [await write_part(store, b"abc") for _ in range(count)]
    await store.discard_parts([parts[-1].key])
    digest = Digest.of(b"abc" * count)
    with pytest.raises(UploadUnknown):
        await store.keep(parts, digest)
    assert await store.stat(digest) is None
    await store.discard_parts([part.key for part in parts])


@pytest.mark.parametrize("key", ["", "parts/", "parts/../blobs", "../../etc/passwd", f"blobs/sha256/{'0' * 32}", "x\n"])
async def test_a_key_that_names_no_part_reaches_nothing(store: BlobStore, key: str) -> None:
    part = Part(key, 0, EMPTY)
    with pytest.raises(UploadUnknown):
        await store.discard_parts([key])
    with pytest.raises(UploadUnknown):
        await store.keep([part], EMPTY)
    with pytest.raises(UploadUnknown):
        await store.keep([part, part], EMPTY)
    assert await listed(store) == {}


async def test_an_algorithm_nobody_knows_is_refused(store: BlobStore) -> None:
    with pytest.raises(DigestInvalid):
        await store.new_part("md5")


async def test_fifty_clients_keep_the_same_blob_at_once(store: BlobStore) -> None:
    body = some_bytes(200 << 10)
    digest = Digest.of(body)
    assert await asyncio.gather(*(store.put(chunked(body), digest) for _ in range(50))) == [len(body)] * 50
    assert await collect(store.open(digest)) == body
    assert await listed(store) == {digest: len(body)}


async def test_a_reader_is_not_disturbed_by_another_keep(store: BlobStore) -> None:
    body = some_bytes(4 * MIB)
    digest = await put(store, body)
    chunks = store.open(digest)
    first = await anext(chunks)
    await put(store, body)
    assert first + await collect(chunks) == body


async def test_a_source_that_fails_leaves_nothing(store: BlobStore) -> None:
    class SourceFailed(Exception):
        pass

    async def failing() -> AsyncIterator[bytes]:
        yield some_bytes(3 * MIB)
        raise SourceFailed

    with pytest.raises(SourceFailed):
        await store.put(failing(), EMPTY)
    assert await listed(store) == {}
    assert await parts_left(store) == []


async def test_deleted_blobs_are_gone_and_absent_ones_are_fine(store: BlobStore) -> None:
    kept = await put(store, b"kept")
    doomed = [await put(store, b"%d" % number, algorithm) for number in range(3) for algorithm in ALGORITHMS]
    await store.delete([])
    await store.delete([*doomed, Digest.of(b"never here")])
    await store.delete(doomed)
    assert await listed(store) == {kept: 4}
    assert await store.stat(doomed[0]) is None


async def test_many_blobs_are_listed_and_deleted_at_once(store: BlobStore) -> None:
    digests = await asyncio.gather(*(put(store, b"%d" % number) for number in range(60)))
    assert (await listed(store)).keys() == set(digests)
    await store.delete(digests)
    assert await listed(store) == {}


async def test_an_empty_store_is_empty_and_well(store: BlobStore) -> None:
    assert await listed(store) == {}
    assert await parts_left(store) == []
    assert await store.stat(EMPTY) is None
    await store.check()


async def test_blobs_are_listed_by_digest(store: BlobStore) -> None:
    for number in range(12):
        await put(store, some_bytes(10, number), ALGORITHMS[number % 2])
    found = [str(digest) async for digest, _ in store.list()]
    assert found == sorted(found)
    assert len(found) == 12


@pytest.mark.parametrize("size", [0, 5, 2 * MIB])
async def test_what_is_set_aside_is_neither_read_nor_listed_and_can_be_kept_again(store: BlobStore, size: int) -> None:
    body = some_bytes(size)
    digest = await put(store, body)
    for _ in range(2):  # over what was set aside before
        assert await store.set_aside(digest)
        assert await store.stat(digest) is None
        assert await listed(store) == {}
        with pytest.raises(BlobUnknown):
            await collect(store.open(digest))
        assert not await store.set_aside(digest)
        await put(store, body)
        assert await collect(store.open(digest)) == body
