"""Pieces of a dump: some MiB of rows, compressed, kept by digest.

Where a piece ends depends on the rows alone, not on how many came before: so a table that grew, or lost some rows, has
most of its pieces in common with the snapshot before, and these are there already.
"""

import asyncio
import gzip
import hashlib
import zlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final

from entrepot.backups.errors import SnapshotDamaged
from entrepot.backups.kinds import rows_of
from entrepot.backups.snapshot import Dumped, Piece
from entrepot.blobs.store import BlobStore
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, BlobUnknown

_BYTES_MIN: Final = 2 << 20
_BYTES_MAX: Final = 16 << 20
_CUT_MASK: Final = 0xFFF
"""One line of so many may end a piece that is long enough."""


class PieceWriter:
    """Lines of one table, cut into pieces and stored as they come."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._lines: list[bytes] = []
        self._size = 0
        self.pieces: list[Piece] = []

    async def add(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line)
        is_cut = self._size >= _BYTES_MIN and not zlib.crc32(line) & _CUT_MASK
        if is_cut or self._size >= _BYTES_MAX:
            await self.flush()

    async def flush(self) -> None:
        """Store what is left."""
        if not self._lines:
            return
        lines, self._lines, self._size = self._lines, [], 0
        content = await asyncio.to_thread(lambda: gzip.compress(b"".join(lines), 4, mtime=0))
        digest = Digest.of(content)
        if await self._store.stat(digest) != len(content):
            await self._store.put(_one(content), digest)
        self.pieces.append(Piece(str(digest), len(content), len(lines)))


async def read_rows(store: BlobStore, table: Dumped, piece: Piece) -> list[list[Any]]:
    """The rows of a piece, verified. Raises SnapshotDamaged."""
    kinds = [kind for _, kind in table.columns]
    try:
        content = await _content(store, piece)
        rows = await asyncio.to_thread(lambda: rows_of(gzip.decompress(content), kinds))
    except (BlobUnknown, BlobCorrupt, OSError, EOFError, zlib.error, ValueError, KeyError) as error:
        raise SnapshotDamaged(f"A piece of the table {table.name} is missing or damaged: {piece.digest}.") from error
    if len(rows) != piece.rows:
        raise SnapshotDamaged(f"A piece of the table {table.name} has not the rows it should have: {piece.digest}.")
    return rows


async def rows_in(store: BlobStore, table: Dumped) -> AsyncIterator[list[Any]]:
    """All rows of a table, verified. Raises SnapshotDamaged."""
    for piece in table.pieces:
        for row in await read_rows(store, table, piece):
            yield row


async def _content(store: BlobStore, piece: Piece) -> bytes:
    async with aclosing(store.open(Digest.parse(piece.digest))) as chunks:
        content = b"".join([chunk async for chunk in chunks])
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != piece.digest:
        raise ValueError("the digest is another one")
    return content


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content
