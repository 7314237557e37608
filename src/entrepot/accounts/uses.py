"""When credentials were last used: noted in memory, written together a moment later, so that nobody waits for it.

A process that is killed loses what it noted in its last seconds.
"""

import asyncio
from collections import defaultdict
from datetime import datetime
from typing import Final

from sqlalchemy import Table

from entrepot.accounts.queries.uses import save_uses
from entrepot.db.database import Database
from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import EntrepotError

FLUSH_SECONDS: Final = 10.0
_BATCH: Final = 500
_log = get_logger()


class Uses:
    """What one process notes. Without `flush_seconds` it is written only when `keep` is called.

    Tables have an `id` and a `last_used_at`.
    """

    def __init__(self, db: Database, flush_seconds: float | None = FLUSH_SECONDS) -> None:
        self._db = db
        self._flush_seconds = flush_seconds
        self._noted: defaultdict[Table, dict[str, datetime]] = defaultdict(dict)
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def note(self, table: Table, row_id: str, at: datetime) -> None:
        """Have it written soon that the credential in this row was used at that time."""
        self._noted[table][row_id] = at
        if self._timer is None and self._writing is None and self._flush_seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(self._flush_seconds, self._begin)

    async def keep(self) -> None:
        """Write what was noted. What cannot be written is forgotten: the next use says it again."""
        noted, self._noted = self._noted, defaultdict(dict)
        try:
            for table, uses in noted.items():
                rows = list(uses.items())
                for start in range(0, len(rows), _BATCH):
                    async with self._db.writing() as tx:
                        await save_uses(tx, table, dict(rows[start : start + _BATCH]))
        except EntrepotError as error:
            _log.warning("last uses of credentials could not be written down", message=error.message)

    async def close(self) -> None:
        """Write the rest; what is noted later is never written."""
        self._flush_seconds = None
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await self._writing
        await self.keep()

    def _begin(self) -> None:
        self._timer = None
        self._writing = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self.keep()
        finally:
            self._writing = None
            if self._noted and self._flush_seconds is not None:
                self._timer = asyncio.get_running_loop().call_later(self._flush_seconds, self._begin)
