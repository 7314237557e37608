"""S3Store: presigned URLs, large blobs, and services that are away, busy, full or refuse."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import httpx2
import obstore
import pytest

from entrepot.blobs.opening import open_store
from entrepot.blobs.s3 import S3Store, bucket_at
from entrepot.blobs.settings import BlobSettings
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobUnknown, DigestMismatch, EntrepotError, StorageFailed, StorageFull
from entrepot.values.errors import StorageUnreachable as Unreachable
from tests.contracts.conftest import bucket_url, s3_service
from tests.contracts.streams import MIB, chunked, collect, listed, parts_left, put, some_bytes, write_part
from tests.live.ports import free_port

__all__ = ["bucket_url", "s3_service"]  # fixtures

ABSENT = Digest.of(b"never here")


@asynccontextmanager
async def answering(status: int, code: str) -> AsyncIterator[S3Store]:
    """A store whose service gives every request the same answer."""
    body = f"<Error><Code>{code}</Code></Error>".encode()
    head = f"HTTP/1.1 {status} Trouble\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(head if request.startswith(b"HEAD") else head + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield _store_at(f"http://127.0.0.1:{port}")


def _store_at(endpoint: str) -> S3Store:
    return S3Store(bucket_at("bucket", "images", {"endpoint": endpoint}))


async def _errors_of(store: S3Store) -> list[EntrepotError]:
    """What each method raises."""
    found = []
    large = some_bytes(20 * MIB)
    calls: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: store.stat(ABSENT),
        lambda: anext(store.open(ABSENT)),
        lambda: anext(store.open(ABSENT, 3, 3)),
        lambda: anext(store.list()),
        lambda: anext(store.list_parts(0)),
        lambda: store.put(chunked(b"abc"), Digest.of(b"abc")),
        lambda: store.put(chunked(large), Digest.of(large)),
        lambda: store.delete([ABSENT]),
        store.check,
    )
    for call in calls:
        with pytest.raises(EntrepotError) as raised:
            await call()
        found.append(raised.value)
    return found


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


async def test_a_service_that_is_away_is_unreachable() -> None:
    store = _store_at(f"http://127.0.0.1:{free_port()}")
    for error in await _errors_of(store):
        assert isinstance(error, Unreachable)
        assert error.retry_after
    await store.close()


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (429, "TooManyRequests")])
async def test_a_busy_service_is_worth_another_try(status: int, code: str) -> None:
    async with answering(status, code) as store:
        with pytest.raises(Unreachable) as raised:
            await store.put(chunked(b"abc"), Digest.of(b"abc"))
        assert raised.value.detail == {"status": status, "code": code}


async def test_a_full_service_is_full() -> None:
    async with answering(507, "XMinioStorageFull") as store:
        with pytest.raises(StorageFull):
            await store.put(chunked(b"abc"), Digest.of(b"abc"))


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (400, "InvalidRequest"), (401, "Unauthorized")])
async def test_a_service_that_refuses_has_failed(status: int, code: str) -> None:
    async with answering(status, code) as store:
        for error in await _errors_of(store):
            assert type(error) is StorageFailed
            assert error.detail["status"] == status


async def test_a_bucket_that_is_not_there_is_a_failure_and_not_a_missing_blob(bucket_url: str) -> None:
    store = open_store(bucket_url.replace("s3://", "s3://no-such-"), BlobSettings())
    with pytest.raises(StorageFailed) as raised:
        await store.check()
    assert raised.value.detail["code"] == "NoSuchBucket"
    with pytest.raises(StorageFailed):
        await store.put(chunked(b"abc"), Digest.of(b"abc"))
    with pytest.raises(StorageFailed):
        await anext(store.open(ABSENT))
    part = await write_part(open_store(bucket_url, BlobSettings()), b"abc")
    with pytest.raises(StorageFailed):
        await store.keep([part], part.digest)


async def test_anyone_can_read_a_presigned_url_and_parts_of_it(bucket_url: str) -> None:
    store = open_store(bucket_url, BlobSettings())
    body = some_bytes(1000)
    url = await store.locate(await put(store, body), seconds=60)
    assert url is not None
    assert "X-Amz-Expires=60" in url
    assert httpx2.get(url, trust_env=False).content == body
    assert httpx2.get(url, headers={"Range": "bytes=10-19"}, trust_env=False).content == body[10:20]


async def test_no_url_is_given_when_set_to_stream(bucket_url: str) -> None:
    store = open_store(bucket_url, BlobSettings(redirect=False))
    assert await store.locate(ABSENT, seconds=60) is None


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("sizes", [(3 * MIB,), (MIB, 2 * MIB)])
async def test_blobs_too_large_to_copy_are_streamed(bucket_url: str, sizes: tuple[int, ...], algorithm: str) -> None:
    """S3 copies 5 GiB at most; here the limit is set to 2 MiB."""
    store = _with_copy_limit(bucket_url, 2 * MIB)
    bodies = [some_bytes(size, size) for size in sizes]
    parts = [await write_part(store, body) for body in bodies]
    whole = b"".join(bodies)
    with pytest.raises(DigestMismatch):
        await store.keep(parts, Digest.of(b"something else", algorithm))
    assert await listed(store) == {}
    assert len(await parts_left(store)) == len(parts)

    digest = Digest.of(whole, algorithm)
    for _ in range(2):
        assert await store.keep(parts, digest) == len(whole)
    assert await collect(store.open(digest)) == whole
    assert len(await parts_left(store)) == (len(parts) if len(parts) > 1 or algorithm != "sha256" else 0)
    await store.discard_parts([part.key for part in parts])


async def test_a_large_part_that_was_changed_never_becomes_visible(bucket_url: str) -> None:
    store, lenient = _with_copy_limit(bucket_url, 2 * MIB), open_store(bucket_url, BlobSettings())
    part = await write_part(store, some_bytes(3 * MIB))
    changed = await write_part(lenient, bytes(3 * MIB))
    with pytest.raises(DigestMismatch):
        await store.keep([type(part)(changed.key, changed.size, part.digest)], part.digest)
    assert await listed(store) == {}
    with pytest.raises(BlobUnknown):
        await anext(store.open(part.digest))


async def test_services_without_bulk_delete_are_served_one_by_one(bucket_url: str) -> None:
    store = open_store(f"{bucket_url}&bulk_delete=false", BlobSettings())
    digests = [await put(store, b"%d" % number) for number in range(3)]
    await store.delete([*digests, ABSENT])
    assert await listed(store) == {}


def _with_copy_limit(url: str, copy_bytes_max: int) -> S3Store:
    store = open_store(url, BlobSettings())
    assert isinstance(store, S3Store)
    return S3Store(store._bucket, copy_bytes_max=copy_bytes_max)


async def test_a_blob_that_is_too_large_to_be_copied_is_set_aside_by_reading_it(bucket_url: str) -> None:
    store, body = _with_copy_limit(bucket_url, MIB), some_bytes(2 * MIB)
    digest = await put(store, body)
    assert await store.set_aside(digest)
    assert await listed(store) == {}
    bucket, key = store._bucket, f"aside/sha256/{digest.hex}"
    assert bytes(await (await obstore.get_async(bucket, key)).bytes_async()) == body


async def test_a_listing_of_many_folders_is_in_order_and_can_be_left_early(bucket_url: str) -> None:
    store = open_store(bucket_url, BlobSettings())
    digests = sorted([str(await put(store, b"%d" % number)) for number in range(60)])
    assert [str(digest) async for digest, _ in store.list()] == digests
    before = asyncio.all_tasks()
    async with aclosing(store.list()) as some:
        assert str((await anext(some))[0]) == digests[0]
    assert asyncio.all_tasks() == before


async def test_many_large_uploads_hold_a_bounded_number_of_pieces_and_small_ones_do_not_wait(bucket_url: str) -> None:
    store = open_store(bucket_url, BlobSettings())
    writers = [await store.new_part() for _ in range(40)]
    body = some_bytes(2 * MIB)
    writing = [asyncio.create_task(writer.write(body)) for writer in writers]
    for _ in range(10):
        await asyncio.sleep(0)
    stuck = [task for task in writing if not task.done()]

    assert 0 < len(stuck) < len(writers)
    async with asyncio.timeout(30):
        assert await store.put(chunked(b"small"), Digest.of(b"small")) == 5
    assert not any(task.done() for task in stuck)
    async with asyncio.timeout(60):
        for writer, task in zip(writers, writing, strict=True):
            await task  # in the order in which they came
            assert (await writer.seal()).digest == Digest.of(body)
            await writer.discard()
    assert await parts_left(store) == []
    await store.close()


async def test_who_gives_up_waiting_for_a_piece_leaves_nothing(bucket_url: str) -> None:
    store = open_store(bucket_url, BlobSettings())
    writers = [await store.new_part() for _ in range(40)]
    writing = [asyncio.create_task(writer.write(bytes(2 * MIB))) for writer in writers]
    for _ in range(10):
        await asyncio.sleep(0)

    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    for writer in writers:
        await writer.discard()

    again = await store.new_part()
    async with asyncio.timeout(30):
        await again.write(bytes(2 * MIB))
        await again.discard()
    assert await parts_left(store) == []
    await store.close()


async def test_many_readers_get_small_chunks_and_one_alone_large_ones(bucket_url: str) -> None:
    store = open_store(bucket_url, BlobSettings())
    body = some_bytes(3 * MIB)
    digest = await put(store, body)
    streams = [store.open(digest) for _ in range(40)]

    stalled = [len(await anext(stream)) for stream in streams]
    for stream in streams:
        await stream.aclose()
    alone = [chunk async for chunk in store.open(digest)]

    assert sum(stalled) < 5 * MIB
    assert min(stalled) > 0
    assert b"".join(alone) == body
    assert [len(chunk) for chunk in alone] == [MIB] * 3
    await store.close()
