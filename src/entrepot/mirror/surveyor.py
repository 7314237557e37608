"""The surveyor has rules of our own looked after when they are due, some at a time, each by one task at most."""

import asyncio
from collections.abc import Collection
from time import monotonic
from typing import Any, Final

from sqlalchemy import Row

from entrepot.mirror.queries import wide as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.surveys import survey
from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import EntrepotError

_AT_ONCE: Final = 4
_REST_SECONDS: Final = 30.0
"""How long a rule whose survey broke is left alone."""

_log = get_logger()


class Surveyor:
    """Of the one worker that copies. A rule whose survey is broken off stays due, and the next worker begins again."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._broken_at: dict[int, float] = {}

    @property
    def tasks(self) -> Collection[asyncio.Task[None]]:
        """Surveys under way, to be ended with the worker."""
        return list(self._under_way.values())

    async def begin_due(self) -> int:
        """How many were begun."""
        async with self._mirror.db.reading() as tx:
            due = await queries.due(tx, self._mirror.clock.now())
        begun = 0
        for row in due:
            rests = monotonic() - self._broken_at.get(row.id, -_REST_SECONDS) < _REST_SECONDS
            if len(self._under_way) < _AT_ONCE and row.id not in self._under_way and not rests:
                self._begin(row)
                begun += 1
        return begun

    def _begin(self, row: Row[Any]) -> None:
        task = asyncio.create_task(self._survey(row))
        self._under_way[row.id] = task
        task.add_done_callback(lambda _: self._under_way.pop(row.id, None))

    async def _survey(self, row: Row[Any]) -> None:
        try:
            await survey(self._mirror, row)
        except EntrepotError as error:  # the database is away, or closed: the rule stays due
            _log.warning("a rule of synchronisation waits", rule=row.name, error=error.message)
            self._broken_at[row.id] = monotonic()
        except Exception:  # noqa: BLE001  # what is odd about one rule must not end all others
            _log.exception("a survey broke", rule=row.name)
            self._broken_at[row.id] = monotonic()
