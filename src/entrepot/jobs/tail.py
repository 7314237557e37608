"""The end of the feed, as it grows, for those in this process who want to hear of what just happened.

The feed is read once for all of them, and only while there are any. Nothing is lost between two readings of
one listener: each goes on from its own place. Whoever falls too far behind is told that something was missed,
instead of being waited for.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from entrepot.db.database import Database
from entrepot.jobs import queries
from entrepot.jobs.events import Recorded
from entrepot.jobs.feed import Position, position_after, read_feed
from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import EntrepotError, TooMany, worded

_ROWS_AT_ONCE = 200
_KEPT_MAX = 1_000
_log = get_logger()


@dataclass(frozen=True, slots=True)
class Heard:
    """What came since the listener last asked. `has_gap`: more may have happened than `events` tell."""

    events: Sequence[Recorded]
    has_gap: bool = False


@dataclass(eq=False)
class Listener:
    """Somebody who hears what comes after they began to listen."""

    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _events: deque[Recorded] = field(default_factory=deque)
    _has_gap: bool = False

    async def heard(self, seconds_max: float) -> Heard:
        """What came meanwhile; waits for it, at most this long, and may come back with nothing."""
        try:
            async with asyncio.timeout(seconds_max):
                await self._came.wait()
        except TimeoutError:
            return Heard(())
        heard = Heard(tuple(self._events), self._has_gap)
        self._events.clear()
        self._has_gap = False
        self._came.clear()
        return heard

    def tell(self, events: Sequence[Recorded]) -> None:
        self._events.extend(events)
        while len(self._events) > _KEPT_MAX:
            self._events.popleft()
            self._has_gap = True
        self._came.set()

    def miss(self) -> None:
        self._has_gap = True
        self._came.set()


class Tail:
    """Reads the end of the feed for all listeners of a process, at most `listeners_max` at once."""

    def __init__(self, db: Database, poll_seconds: float, listeners_max: int) -> None:
        self._db = db
        self._poll_seconds = poll_seconds
        self._listeners_max = listeners_max
        self._listeners: set[Listener] = set()
        self._reading: asyncio.Task[None] | None = None

    def check_room(self) -> None:
        """Pass when one more may listen. Raises TooMany."""
        if len(self._listeners) >= self._listeners_max:
            raise TooMany(
                worded("{listeners_max} listen to this process already.", listeners_max=self._listeners_max),
                limit=self._listeners_max,
            )

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Listener]:
        """Hear of every event from now on. Raises TooMany when too many listen already."""
        self.check_room()
        listener = Listener()
        self._listeners.add(listener)
        try:
            if self._reading is None:
                self._reading = asyncio.create_task(self._read())
                # What happened until the reading begins nobody can tell.
                listener.miss()
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._reading is not None:
                self._reading.cancel()
                self._reading = None

    async def _read(self) -> None:
        place: Position | None = None
        while True:
            try:
                place = await self._end() if place is None else await self._read_from(place)
            except EntrepotError as error:
                # The database may be away for a while; those who listen wait for it, too.
                _log.warning("what just happened cannot be read", error=error.message)
            await asyncio.sleep(self._poll_seconds)

    async def _end(self) -> Position:
        async with self._db.reading() as tx:
            row = await queries.last_settled(tx)
        return Position() if row is None else Position(row.xid, row.seq)

    async def _read_from(self, place: Position) -> Position:
        while events := await read_feed(self._db, place, _ROWS_AT_ONCE):
            for listener in self._listeners:
                listener.tell(events)
            place = position_after(events[-1])
        return place
