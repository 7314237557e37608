"""Reading from a bucket: one request, streamed as fast as it is taken.

The library gives at least `_RECEIVED_BYTES` at once, and goes on when those are taken. They are put
together or apart to chunks as large as the number of readers allows (`shares.py`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store as Bucket

from entrepot.blobs.s3_errors import RANGE_UNSATISFIABLE, code_of, status_of, storage_error, trouble
from entrepot.blobs.shares import Share, Shares
from entrepot.values.errors import BlobCorrupt, EntrepotError, StorageUnreachable

_RECEIVED_BYTES = 64 << 10


async def read_object(
    bucket: Bucket, key: str, start: int, stop: int | None, absent: EntrepotError, shares: Shares
) -> AsyncGenerator[bytes, None]:
    """The bytes of `key` from `start` to `stop` (None: the end).

    Raises `absent` if there is no such object, BlobCorrupt if it is too short, StorageUnreachable
    when the stream breaks off.
    """
    if start == stop or (found := await _get(bucket, key, start, stop, absent)) is None:
        size = await size_of(bucket, key)
        if size is None:
            raise absent
        _check_size(key, size, start, stop)
        return
    size = found.meta["size"]
    _check_size(key, size, start, stop)
    missing = (size if stop is None else stop) - start
    share = shares.open()
    try:
        with trouble():
            async with aclosing(_shared_out(found.stream(min_chunk_size=_RECEIVED_BYTES), share)) as chunks:
                async for chunk in chunks:
                    missing -= len(chunk)
                    yield chunk
    finally:
        share.close()
    if missing:
        raise StorageUnreachable("The stream from the bucket broke off.", missing=missing)


async def _shared_out(received: obstore.BytesStream, share: Share) -> AsyncGenerator[bytes, None]:
    """The same bytes, in chunks as large as `share` allows each time."""
    collected = bytearray()
    size = share.next()
    async for piece in received:
        collected += piece
        while len(collected) >= size:
            chunk = bytes(collected[:size])
            del collected[:size]
            yield chunk
            size = share.next()
    if collected:
        yield bytes(collected)


async def size_of(bucket: Bucket, key: str) -> int | None:
    """None if there is no such object."""
    try:
        with_size = await obstore.head_async(bucket, key)
    except FileNotFoundError:
        return None
    except BaseError as error:
        raise storage_error(error) from error
    return with_size["size"]


async def _get(
    bucket: Bucket, key: str, start: int, stop: int | None, absent: EntrepotError
) -> obstore.GetResult | None:
    """None when the range has no byte in common with the object."""
    options: obstore.GetOptions = {}
    if stop is not None:
        options["range"] = (start, stop)
    elif start:
        options["range"] = {"offset": start}
    try:
        return await obstore.get_async(bucket, key, options=options)
    except FileNotFoundError as error:
        if code_of(error) == "NoSuchBucket":
            raise storage_error(error) from error
        raise absent from None
    except BaseError as error:
        if status_of(error) == RANGE_UNSATISFIABLE:
            return None
        raise storage_error(error) from error


def _check_size(key: str, size: int, start: int, stop: int | None) -> None:
    wanted = max(start, stop or 0)
    if wanted > size:
        raise BlobCorrupt(key=key, size=size, wanted=wanted)
