"""From the feed to the engine: what follows from each event is started, in order.

One batch is started, then the position is saved. A crash between the two starts the same runs
again, and the engine knows them by their ids. One worker dispatches at a time; should two, for a
moment, then the same holds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from entrepot.db.database import Database
from entrepot.db.holding import Holder
from entrepot.jobs.closing import is_open
from entrepot.jobs.events import Event, Recorded
from entrepot.jobs.feed import Position, position_after, read_feed, resume, save_position
from entrepot.jobs.reactions import AnyReaction
from entrepot.jobs.settings import JobSettings
from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import Elsewhere

CONSUMER = "dispatcher"

Subscriptions = Mapping[type[Event], Sequence[AnyReaction]]
Start = Callable[[AnyReaction, Recorded], Awaitable[None]]

_log = get_logger()


class Dispatcher:
    def __init__(
        self, db: Database, holder: Holder, subscriptions: Subscriptions, start: Start, settings: JobSettings
    ) -> None:
        self._db = db
        self._holder = holder
        self._reactions = {event.type: tuple(reactions) for event, reactions in subscriptions.items()}
        self._start = start
        self._settings = settings
        self._position: Position | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Dispatch until `stop` is set. A database that is away is waited for, and so is an end of being closed."""
        pause = self._settings.busy_poll_seconds
        while not stop.is_set():
            try:
                may_start = await self._holder.try_hold(CONSUMER) and await is_open(self._db)
                count = await self.advance() if may_start else 0
            except Elsewhere as error:
                _log.warning("the event feed cannot be read; trying again", error=error.message)
                self._position, count = None, 0
            if count >= self._settings.batch:
                continue
            longer = min(pause * 2, self._settings.idle_poll_seconds)
            pause = self._settings.busy_poll_seconds if count else longer
            await _wait(stop, pause)

    async def advance(self) -> int:
        """Start what follows from the next batch of events, and move on; the number of events."""
        before = self._position or await resume(self._db, CONSUMER)
        events = await read_feed(self._db, before, self._settings.batch)
        for event in events:
            for reaction in self._reactions.get(event.type, ()):
                await self._start(reaction, event)
        if events:
            after = position_after(events[-1])
            moved = await save_position(self._db, CONSUMER, before, after)
            self._position = after if moved else None
        else:
            self._position = before
        return len(events)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
