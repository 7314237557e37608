"""Facts that no transaction makes: a login, a refusal, a pull. Noted in memory, written together a moment later.

So whoever notes pays nothing, on the pull path too. What repeats is counted instead of written
again, and no flood fills the disk: there is a number of rows a minute, and what comes beyond it is
summed up in one event. The price: a process that is killed loses what it noted in its last second.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from entrepot.db.database import Database
from entrepot.db.transaction import Reader
from entrepot.jobs.events import LATE_SECONDS_MAX, Event, publish
from entrepot.plumbing import metrics
from entrepot.plumbing.caller import NOBODY, Caller, caller
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import EntrepotError

_HELD_MAX = 10_000
_CHARS_MAX = 512
_ROWS_AT_ONCE = 200
_MINUTE = 60.0
_CLOSE_SECONDS_MAX = 5.0
_LATE = timedelta(seconds=LATE_SECONDS_MAX)

SYSTEM = "system"
"""The actor of what nobody did."""

_log = get_logger()

Owners = Callable[[Reader, Collection[str]], Awaitable[Mapping[str, str]]]
"""The domains of organizations, by name; those that do not exist are left out."""


@dataclass(frozen=True, slots=True)
class Noted(Event):
    """A fact of this kind. `count`: how often it was so since it was last written."""

    quiet_seconds: ClassVar[float] = 0.0
    """For how long the same fact, once written, is only counted."""
    is_counted: ClassVar[bool] = True
    """False: within that time it is not even counted."""

    count: int = field(default=1, kw_only=True)


@dataclass(frozen=True, slots=True)
class NotesDropped(Event):
    """More was noted than may be written. `count` facts of the type `of` are summed up here."""

    type: ClassVar[str] = "audit.dropped"
    of: str
    count: int


@dataclass(frozen=True, slots=True)
class _Fact:
    event: Noted  # with a count of 1
    actor: str
    domain_id: str
    by: Caller


@dataclass(slots=True)
class _Held:
    at: datetime
    due: float
    count: int = 0


async def _no_owners(_tx: Reader, _names: Collection[str]) -> Mapping[str, str]:
    return {}


class Notes:
    """What one process notes. Without `flush_seconds` it is written only when `flush` is called."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rows_per_minute: int = 600,
        flush_seconds: float | None = None,
        owners: Owners = _no_owners,
    ) -> None:
        self._db = db
        self._clock = clock
        self._rows_per_minute = rows_per_minute
        self._flush_seconds = flush_seconds
        self._owners = owners
        self._held: dict[_Fact, _Held] = {}
        self._quiet: OrderedDict[_Fact, float] = OrderedDict()
        self._dropped: Counter[str] = Counter()
        self._rows = float(rows_per_minute)
        self._rows_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def note(self, event: Noted, actor: str, domain_id: str = "", by: Caller | None = None) -> None:
        """Have it written soon, for the administrators of the organization it is about, or else of `domain_id`.

        `by` is whose request it was, when that is not the one at hand.
        """
        now = asyncio.get_running_loop().time()
        fact = _Fact(event, actor, domain_id, by or caller.get())
        held = self._held.get(fact)
        if held is None:
            quiet_until = self._quiet.get(fact, 0.0)
            if quiet_until > now and not event.is_counted:
                return
            if len(self._held) >= _HELD_MAX:
                self._dropped[event.type] += 1
                return
            held = self._held[fact] = _Held(self._clock.now(), quiet_until)
        held.count += 1
        if self._timer is None and self._flush_seconds is not None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(self._flush_seconds, self._begin)

    async def flush(self, is_last: bool = False) -> None:
        """Write what is due; with `is_last` all there is.

        What cannot be written now is kept for the next time. Raises what the database raises.
        """
        now = asyncio.get_running_loop().time()
        due = [fact for fact, held in self._held.items() if is_last or held.due <= now]
        for start in range(0, len(due), _ROWS_AT_ONCE):
            await self._write(due[start : start + _ROWS_AT_ONCE], now)
        await self._write_dropped()
        while self._quiet and (len(self._quiet) > _HELD_MAX or next(iter(self._quiet.values())) <= now):
            self._quiet.popitem(last=False)

    async def close(self) -> None:
        """Write all that was noted, unless the database is away; what is noted later is never written."""
        self._flush_seconds = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is not None:
            await self._writing
        try:
            async with asyncio.timeout(_CLOSE_SECONDS_MAX):
                await self.flush(is_last=True)
        except (EntrepotError, TimeoutError) as error:
            _log.error("what was noted for the audit is lost", facts=len(self._held), error=str(error))

    def _begin(self) -> None:
        self._timer = None
        self._writing = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self.flush()
        except EntrepotError as error:
            _log.warning("what was noted for the audit cannot be written yet", error=error.message)
        finally:
            self._writing = None
            if self._flush_seconds is not None and (self._held or self._dropped):
                self._timer = asyncio.get_running_loop().call_later(self._flush_seconds, self._begin)

    async def _write(self, facts: list[_Fact], now: float) -> None:
        taken = [(fact, self._held.pop(fact)) for fact in facts]
        allowed = self._take_rows(len(taken), now)
        for fact, held in taken[allowed:]:
            self._dropped[fact.event.type] += held.count
        taken = taken[:allowed]
        if not taken:
            return
        try:
            async with self._db.writing() as tx:
                owners = await self._owners(tx, {fact.event.organization for fact, _ in taken} - {""})
                oldest = self._clock.now() - _LATE
                for fact, held in taken:
                    event = replace(fact.event, **_plain(fact.event), count=held.count)
                    domain_id = owners.get(event.organization) or fact.domain_id
                    at = max(held.at, oldest)
                    await publish(
                        tx, event, actor=fact.actor, at=at, domain_id=domain_id, by=fact.by, though_closed=True
                    )
        except EntrepotError:
            for fact, held in taken:
                self._keep(fact, held)
            raise
        for fact, _ in taken:
            self._quiet[fact] = now + fact.event.quiet_seconds

    def _keep(self, fact: _Fact, held: _Held) -> None:
        """Once more for the next time; what was noted meanwhile is counted with it."""
        if (newer := self._held.get(fact)) is not None:
            held.count += newer.count
        self._held[fact] = held

    async def _write_dropped(self) -> None:
        if not self._dropped or self._rows < 1:
            return
        dropped, self._dropped = self._dropped, Counter()
        try:
            async with self._db.writing() as tx:
                told = [NotesDropped("", of, count) for of, count in sorted(dropped.items())]
                await publish(
                    tx, *told, actor=SYSTEM, at=self._clock.now(), domain_id="", by=NOBODY, though_closed=True
                )
        except EntrepotError:
            self._dropped += dropped
            raise
        self._rows -= len(dropped)
        for of, count in dropped.items():
            metrics.notes_dropped.labels(of).inc(count)

    def _take_rows(self, wanted: int, now: float) -> int:
        """How many of `wanted` rows may be written; one is left for telling what was not."""
        passed = now - self._rows_at
        self._rows = min(self._rows + passed / _MINUTE * self._rows_per_minute, self._rows_per_minute)
        self._rows_at = now
        allowed = max(min(wanted, int(self._rows) - 1), 0)
        self._rows -= allowed
        return allowed


def _plain(event: Noted) -> dict[str, Any]:
    """The event's texts as every database takes them: strangers may have sent them."""
    texts = {key: value for key, value in asdict(event).items() if isinstance(value, str)}
    return {key: _printable(value[:_CHARS_MAX]) for key, value in texts.items()}


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "�" for one in text)
