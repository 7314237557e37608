"""Blobs in an S3 bucket, through obstore (the extra `s3`).

An object appears whole or not at all, and is durable when S3 says so. A part is an object of its
own under `parts/`, so any replica can go on with an upload; keeping it is a copy inside the bucket,
after which the part is removed.

Unverified bytes are never at a blob's key: what must be joined is joined under `parts/`, verified,
and copied. S3 copies at most 5 GiB at once; larger blobs are verified, then streamed to their key
and hashed again, and the object is completed only if the digest still fits.

A process that dies in the middle leaves pieces of an unfinished upload, which S3 does not list as
objects. A lifecycle rule of the bucket (AbortIncompleteMultipartUpload) removes those.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.store import S3Store as Bucket

from entrepot.blobs import joining, layout
from entrepot.blobs.s3_errors import code_of, trouble
from entrepot.blobs.s3_listing import folders_below, list_in_order
from entrepot.blobs.s3_pieces import Pieces
from entrepot.blobs.s3_reader import read_object, size_of
from entrepot.blobs.s3_writer import LargeObject, S3PartWriter
from entrepot.blobs.shares import Shares
from entrepot.blobs.store import Part
from entrepot.plumbing.threads import Threads
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobUnknown, EntrepotError, ParameterInvalid, StorageFailed, UploadUnknown, quoted

if TYPE_CHECKING:
    from obstore.store import S3Config  # not there at run time

_COPY_BYTES_MAX = 5 << 30
_PRESIGNED_SECONDS_MAX = 7 * 86_400
_PROBE = b"entrepot"
_WRITING_BYTES_MAX = 8 << 20
_BATCHES_HELD = 3  # see `batch.py`; the third is a batch in one piece, for the library
_BATCH_BYTES_MIN = 32 << 10
_PIECES_COUNT = 32
_PIECES_AT_ONCE = 4
_READING_BYTES_MAX = 8 << 20
_CHUNKS_HELD = 5  # see `file_reader.py`
_CHUNK_BYTES_MIN = 8 << 10


class S3Store:
    """A BlobStore in `bucket`. With `redirect`, `locate` gives presigned URLs."""

    def __init__(self, bucket: Bucket, *, redirect: bool = True, copy_bytes_max: int = _COPY_BYTES_MAX) -> None:
        self._bucket = bucket
        self._redirect = redirect
        self._copy_bytes_max = copy_bytes_max
        self._threads = Threads(name="blobs")
        self._writing = Shares(_WRITING_BYTES_MAX, _BATCHES_HELD, _BATCH_BYTES_MIN)
        self._reading = Shares(_READING_BYTES_MAX, _CHUNKS_HELD, _CHUNK_BYTES_MIN)
        self._pieces = Pieces(_PIECES_COUNT, _PIECES_AT_ONCE)

    async def new_part(self, algorithm: str = "sha256") -> S3PartWriter:
        joining.check_algorithm(algorithm)
        return S3PartWriter(self._threads, self._bucket, algorithm, self._writing.open(), self._pieces)

    async def keep(self, parts: Sequence[Part], digest: Digest) -> int:
        size = sum(part.size for part in parts)
        if joining.is_ready(parts, digest):
            joining.check_digest(parts[0].digest, digest)
            await self._adopt(parts[0], digest)
            await self._consume(parts[0])
        elif size <= self._copy_bytes_max:
            writer, joined = await joining.join(self, self.open_part, parts, digest)
            async with joining.discarded_on_failure(writer):
                await self._adopt(joined, digest)
            await self._consume(joined)
        else:
            joining.check_digest(await self._digest_of(parts, digest.algorithm), digest)
            await self._stream(parts, digest)
        return size

    async def put(self, chunks: AsyncIterable[bytes], expect: Digest) -> int:
        return await joining.put(self, chunks, expect)

    async def stat(self, digest: Digest) -> int | None:
        return await size_of(self._bucket, layout.blob_key(digest))

    def open(self, digest: Digest, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        return self._read(layout.blob_key(digest), start, stop, BlobUnknown(digest=str(digest)))

    def open_part(self, part: Part, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        key = layout.check_part_key(part.key)
        return self._read(key, start, part.size if stop is None else stop, UploadUnknown(part=part.key))

    async def locate(self, digest: Digest, *, seconds: int) -> str | None:
        if not self._redirect:
            return None
        with trouble():
            lasting = timedelta(seconds=min(seconds, _PRESIGNED_SECONDS_MAX))
            return await obstore.sign_async(self._bucket, "GET", layout.blob_key(digest), lasting)

    async def delete(self, digests: Sequence[Digest]) -> None:
        with trouble():
            await obstore.delete_async(self._bucket, [layout.blob_key(digest) for digest in digests])

    async def list(self) -> AsyncGenerator[tuple[Digest, int], None]:
        with trouble():  # S3 lists by key, and keys are in the order of their digests
            folders = [one for above in layout.blob_folders() for one in await folders_below(self._bucket, above)]
            async with aclosing(list_in_order(self._bucket, folders)) as pages:
                async for page in pages:
                    for found in page:
                        digest = layout.blob_of(found["path"])
                        if digest is not None:
                            yield digest, found["size"]

    async def set_aside(self, digest: Digest) -> bool:
        source, target = layout.blob_key(digest), layout.aside_key(digest)
        size = await size_of(self._bucket, source)
        if size is None:
            return False
        with trouble():
            if size > self._copy_bytes_max:
                await self._stream_aside(source, target)
            else:
                await obstore.copy_async(self._bucket, source, target)
            await obstore.delete_async(self._bucket, [source])
        return True

    async def discard_parts(self, keys: Sequence[str]) -> None:
        with trouble():
            await obstore.delete_async(self._bucket, [layout.check_part_key(key) for key in keys])

    async def list_parts(self, older_than_seconds: float) -> AsyncGenerator[str, None]:
        written_before = datetime.now(UTC) - timedelta(seconds=older_than_seconds)
        with trouble():
            async for page in obstore.list(self._bucket, f"{layout.PARTS}/", chunk_size=1000):
                for found in page:
                    if layout.is_part_key(found["path"]) and found["last_modified"] <= written_before:
                        yield found["path"]

    async def check(self) -> None:
        key = layout.new_part_key()
        with trouble():
            await obstore.put_async(self._bucket, key, _PROBE)
            held = await (await obstore.get_async(self._bucket, key)).bytes_async()
            await obstore.delete_async(self._bucket, [key])
        if bytes(held) != _PROBE:
            raise StorageFailed("The bucket does not give back what was written.")

    async def close(self) -> None:
        self._threads.close()

    async def _adopt(self, part: Part, digest: Digest) -> None:
        """Copy the verified `part` to the key of the blob `digest`."""
        try:
            if part.size > self._copy_bytes_max:
                await self._stream([part], digest)
            else:
                await self._copy(part, digest)
        except UploadUnknown:
            # A part that is gone while its blob is there was kept before, by a caller who did not hear of it.
            if await self.stat(digest) != part.size:
                raise

    async def _copy(self, part: Part, digest: Digest) -> None:
        with trouble():
            try:
                await obstore.copy_async(self._bucket, layout.check_part_key(part.key), layout.blob_key(digest))
            except FileNotFoundError as error:
                if code_of(error) == "NoSuchBucket":
                    raise
                raise UploadUnknown(part=part.key) from None

    async def _stream(self, parts: Sequence[Part], digest: Digest) -> None:
        """Write the verified `parts` to the key of the blob `digest`, which is there only if they still fit."""
        target = LargeObject(self._bucket, layout.blob_key(digest), self._pieces)
        actual = hashlib.new(digest.algorithm)
        await target.open()
        try:
            with trouble():
                for part in parts:
                    async with aclosing(self.open_part(part)) as chunks:
                        async for chunk in chunks:
                            await self._threads.run(actual.update, chunk)
                            await target.write(chunk)
                joining.check_digest(Digest(digest.algorithm, actual.hexdigest()), digest)
                await target.close()
        finally:
            target.drop()

    async def _stream_aside(self, source: str, target: str) -> None:
        aside = LargeObject(self._bucket, target, self._pieces)
        await aside.open()
        try:
            async with aclosing(self._read(source, 0, None, BlobUnknown())) as chunks:
                async for chunk in chunks:
                    await aside.write(chunk)
            await aside.close()
        finally:
            aside.drop()

    async def _digest_of(self, parts: Sequence[Part], algorithm: str) -> Digest:
        actual = hashlib.new(algorithm)
        for part in parts:
            async with aclosing(self.open_part(part)) as chunks:
                async for chunk in chunks:
                    await self._threads.run(actual.update, chunk)
        return Digest(algorithm, actual.hexdigest())

    def _read(self, key: str, start: int, stop: int | None, absent: EntrepotError) -> AsyncGenerator[bytes, None]:
        return read_object(self._bucket, key, start, stop, absent, self._reading)

    async def _consume(self, part: Part) -> None:
        """The blob is kept; a part that cannot be removed now is for the sweeper."""
        with suppress(EntrepotError):
            await self.discard_parts([part.key])


def bucket_at(bucket: str, prefix: str, parameters: Mapping[str, str]) -> Bucket:
    """The bucket as obstore sees it. Credentials come the way of every S3 client: environment, web identity, instance.

    Parameters, all optional: `endpoint` (a URL; default AWS), `region`, `virtual_host=true` for
    buckets addressed as host names, `bulk_delete=false` for services without it. Raises
    ParameterInvalid for others.
    """
    known = {"endpoint", "region", "virtual_host", "bulk_delete"}
    if unknown := sorted(parameters.keys() - known):
        raise ParameterInvalid(f"Storage parameter {quoted(unknown[0])} is not known; use {', '.join(sorted(known))}.")
    endpoint = parameters.get("endpoint")
    config: S3Config = {
        "region": parameters.get("region", "us-east-1"),
        "virtual_hosted_style_request": _is_true(parameters, "virtual_host", default=False),
        "disable_bulk_delete": not _is_true(parameters, "bulk_delete", default=True),
    }
    if endpoint:
        config["endpoint"] = endpoint
    return Bucket(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options={
            "allow_http": (endpoint or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=5),
            "read_timeout": timedelta(seconds=60),
            # Covers a whole request with its body, and a slow client may read for long.
            "timeout": timedelta(hours=6),
        },
        retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=30)},
    )


def _is_true(parameters: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = parameters.get(name, str(default)).lower()
    if text not in {"true", "false"}:
        raise ParameterInvalid(f"Storage parameter {name} is true or false, not {quoted(text)}.")
    return text == "true"
