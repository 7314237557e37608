"""Pacing: upkeep writes beside those who wait for an answer, in short batches with a rest after each.

While others write, a batch is small and the rest after it long: whoever pushes then meets one seldom, and waits for no
more than one. While nobody does, batches are large. Others are seen by the events they leave.
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
_SEEN_SECONDS: Final = 1.0
_REST_ALONE: Final = 0.5
# As many times as the batch took. SQLite has one writer, and who waits for it looks only now and then.
_REST_BESIDE: Final[dict[Dialect, float]] = {"sqlite": 9.0, "postgresql": 1.0}


class Pacer:
    """Paces the writing of one task."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._newest: int | None = None
        self._seen: float | None = None

    @property
    def size(self) -> int:
        """How much one batch should do."""
        return SMALL if self._is_beside_others else LARGE

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
        rest = _REST_BESIDE[self._db.dialect] if self._is_beside_others else _REST_ALONE
        await asyncio.sleep(rest * (perf_counter() - began))
