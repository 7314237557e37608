"""Sets of digests that need no memory however many they are: a database of its own, which goes with the process."""

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator

from entrepot.blobs.store import BlobStore
from entrepot.values.digest import Digest

_BATCH = 1_000


class Known:
    """Digests, each with the size it was added with. SQLite keeps what is more than a little in a nameless file."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("CREATE TABLE known (digest TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID")

    def add(self, pairs: Iterable[tuple[str, int]]) -> None:
        """Those that are known already keep their size."""
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR IGNORE INTO known VALUES (?, ?)", pairs)
        self._database.execute("COMMIT")

    def size(self, digest: str) -> int | None:
        """None when it is not known."""
        row = self._database.execute("SELECT size FROM known WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else int(row[0])

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._database.execute("SELECT digest, size FROM known"))

    def close(self) -> None:
        self._database.close()


async def known_in(store: BlobStore) -> Known:
    """What a store holds now."""
    known = Known()
    async for batch in in_batches(store.list()):
        known.add((str(digest), size) for digest, size in batch)
    return known


async def in_batches(found: AsyncIterator[tuple[Digest, int]]) -> AsyncIterator[list[tuple[Digest, int]]]:
    batch: list[tuple[Digest, int]] = []
    async for one in found:
        batch.append(one)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
