"""Pacing: upkeep writes beside those who wait for an answer, in short batches with a rest after each.

While nobody else writes, batches are large. Others are seen by the events they leave. Then SQLite, which has one
writer, is taken for a hundredth of a second at a time, and left alone for six times as long: who writes comes during
a batch with a chance of one in seven, and waits for half of it. On PostgreSQL writers seldom wait for each other, and
it is the processor that is shared.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

from entrepot.db.database import Database, Dialect
from entrepot.db.transaction import Writer
from entrepot.upkeep.queries import collections

SMALL: Final = 200
LARGE: Final = 1_000
_LEAST: Final = 50
_SEEN_SECONDS: Final = 1.0
_BATCH_SECONDS: Final = 0.01
# As many times as the batch took.
_REST_ALONE: Final = 0.5
_REST_BESIDE: Final[dict[Dialect, float]] = {"sqlite": 6.0, "postgresql": 2.3}


class Pacer:
    """Paces the writing of one task."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._newest: int | None = None
        self._seen: float | None = None
        self._small = SMALL

    @property
    def size(self) -> int:
        """How much one batch should do."""
        return self._small if self._is_beside_others else LARGE

    @property
    def _is_beside_others(self) -> bool:
        return self._seen is not None and perf_counter() - self._seen < _SEEN_SECONDS

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[Writer]:
        """One short transaction, and a rest after it."""
        async with self._db.writing() as tx:
            began = perf_counter()
            if self._newest not in (None, await collections.newest_event(tx)):
                self._seen = began
            yield tx
            self._newest = await collections.newest_event(tx)
            if self._is_beside_others and self._db.dialect == "sqlite":
                # Without the commit: what the disk takes for that is the same for few and for many.
                self._small = max(_LEAST, min(LARGE, round(self._small * _BATCH_SECONDS / (perf_counter() - began))))
        rest = _REST_BESIDE[self._db.dialect] if self._is_beside_others else _REST_ALONE
        await asyncio.sleep(rest * (perf_counter() - began))
