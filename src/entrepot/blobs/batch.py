"""Batch: chunks of any size, collected until handing them to a thread is worth the way."""

from __future__ import annotations

from entrepot.blobs.store import CHUNK_BYTES

# `writev` takes no more buffers at once (IOV_MAX). Chunks of one byte cost far more memory than their bytes.
_CHUNKS_MAX = 1024


class Batch:
    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.size = 0

    def add(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
        self.size += len(chunk)

    @property
    def is_full(self) -> bool:
        return self.size >= CHUNK_BYTES or len(self.chunks) >= _CHUNKS_MAX
