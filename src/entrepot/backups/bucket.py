"""A bucket as a place for backups: documents are objects, whole and durable when S3 says so.

Nobody can hold a bucket. One installation makes one backup at a time (`make.py`); two installations take two prefixes.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import obstore

from entrepot.blobs.s3 import bucket_at
from entrepot.blobs.s3_errors import code_of, trouble
from entrepot.blobs.store import BlobStore


class BucketPlace:
    parts_stale_seconds = 86_400.0

    def __init__(self, url: str, blobs: BlobStore) -> None:
        parts = urlsplit(url)
        self.blobs = blobs
        self.label = f"s3://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._bucket = bucket_at(parts.netloc, unquote(parts.path).strip("/"), dict(parse_qsl(parts.query)))

    async def names(self, prefix: str) -> list[str]:
        found: list[str] = []
        with trouble():
            async for page in obstore.list(self._bucket, f"{prefix}/", chunk_size=1000):
                found += [one["path"] for one in page]
        return sorted(found)

    async def read(self, name: str) -> bytes | None:
        with trouble():
            try:
                return bytes(await (await obstore.get_async(self._bucket, name)).bytes_async())
            except FileNotFoundError as error:
                if code_of(error) == "NoSuchBucket":
                    raise
                return None

    async def write(self, name: str, content: bytes) -> None:
        with trouble():
            await obstore.put_async(self._bucket, name, content)

    async def remove(self, name: str) -> None:
        with trouble():
            await obstore.delete_async(self._bucket, [name])

    async def hold(self) -> None:
        """Nothing holds a bucket."""

    async def close(self) -> None:
        await self.blobs.close()
