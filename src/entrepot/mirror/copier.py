"""The copier carries out copies, and deletions that follow them: so many at a time, each again and again until it is
there, or was tried often enough.

What is to be copied stands in the database, and so does how far it is: who kills a worker loses what was on its way,
and the next one begins these copies again, which send what had not arrived. One worker is the copier. Not runs of the
engine's: they may take hours, and end at once when their worker does, or somebody calls them off.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.holding import Holder
from entrepot.db.transaction import Writer
from entrepot.jobs.closing import check_open, is_open
from entrepot.jobs.events import Event, publish
from entrepot.mirror import rules
from entrepot.mirror.attempts import Attempt, carry_out
from entrepot.mirror.copying import Line
from entrepot.mirror.events import SyncCopied, SyncDeleted, SyncFailed, SyncPulled
from entrepot.mirror.following import CONSUMER, Follower
from entrepot.mirror.kept import keep, readable
from entrepot.mirror.queries import copies, wide
from entrepot.mirror.reasons import Ending
from entrepot.mirror.room import Mirror
from entrepot.mirror.rules import Status
from entrepot.mirror.surveyor import Surveyor
from entrepot.mirror.wide_rules import WideRule
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import get_logger
from entrepot.plumbing.rate import Rate
from entrepot.values.errors import EntrepotError, worded
from entrepot.values.names import OrganizationName

_BUSY_SECONDS: Final = 0.1
_WATCH_SECONDS: Final = 1.0
"""How often it is looked whether a copy under way was called off, and written down how much went out."""
_LOOKED_AT: Final = 100

_log = get_logger()


@dataclass(slots=True)
class _UnderWay:
    attempt: Attempt
    task: asyncio.Task[None]
    written: int = 0
    """How many of the bytes that went out are written down, or are being."""
    shown: tuple[int, int] = (0, 0)


@contextmanager
def _counted(some: Iterable[_UnderWay]) -> Iterator[Sequence[copies.Moved]]:
    """The bytes that went out and are not written down yet, by copy; inside they are. Each byte is counted once."""
    sent, moved = [], []
    for one in some:
        tally = one.attempt.tally
        more, now = tally.sent - one.written, (tally.done, tally.total)
        if more > 0 or now != one.shown:
            sent.append((one, more))
            moved.append(copies.Moved(one.attempt.id, more, *now))
            one.shown = now
    for one, more in sent:
        one.written += more
    try:
        yield moved
    except BaseException:
        for one, more in sent:
            one.written -= more
        raise


class Copier:
    def __init__(self, mirror: Mirror, holder: Holder) -> None:
        self._mirror = mirror
        self._holder = holder
        self._follower = Follower(mirror)
        self._surveyor = Surveyor(mirror)
        self._line = Line(Rate(mirror.settings.sync_bytes_per_second or None))
        self._under_way: dict[int, _UnderWay] = {}
        self._wake = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Copy until `stop` is set; what is under way then waits for the next worker.

        What is away is waited for.
        """
        pause, idle = _BUSY_SECONDS, self._mirror.settings.idle_poll_seconds
        waker = asyncio.create_task(self._wake_at(stop))
        try:
            while not stop.is_set():
                self._wake.clear()
                count = await self._turn()
                longest = min(_WATCH_SECONDS, idle) if self._under_way else idle
                pause = _BUSY_SECONDS if count else min(pause * 2, longest)
                await _wait(self._wake, pause)
        finally:
            waker.cancel()
            await self._leave()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _turn(self) -> int:
        """How much there was to do."""
        try:
            if not await self._holder.try_hold(CONSUMER):
                await self._end_all()
                return 0
            if not await is_open(self._mirror.db):
                return 0
            followed = await self._follower.follow()
            await self._look_after()
            return followed + await self._surveyor.begin_due() + await self._begin_due()
        except EntrepotError as error:
            _log.warning("copies to regions wait; trying again", error=error.message)
            self._follower.forget_position()
            return 0

    async def _look_after(self) -> None:
        """Let go what was called off, take up what a worker left that is gone, and write down how much went out."""
        async with self._mirror.db.reading() as tx:
            running = await copies.running_copies(tx)
        for copy_id, one in self._under_way.items():
            if running.get(copy_id) != one.attempt.number and not one.attempt.is_ending and not one.task.cancelling():
                one.task.cancel()
                metrics.sync_copies.labels(Status.CANCEL.value).inc()
        left = [copy_id for copy_id in running if copy_id not in self._under_way]
        with _counted(self._under_way.values()) as sent:
            if not left and not sent:
                return
            async with self._mirror.db.writing() as tx:
                if left:
                    await copies.set_waiting(tx, left, self._mirror.clock.now())
                if sent:
                    await copies.count_bytes(tx, sent)

    async def _begin_due(self) -> int:
        """How many were begun."""
        free = self._mirror.settings.sync_at_once - len(self._under_way)
        if free <= 0:
            return 0
        async with self._mirror.db.reading() as tx:
            due = await copies.due_copies(tx, self._mirror.clock.now(), _LOOKED_AT + len(self._under_way))
        lanes = {one.attempt.lane for one in self._under_way.values()}
        begun = 0
        for row in await self._within_windows(due):
            lane = (row.repository_id, row.region, row.remote_organization, row.tag)
            if begun < free and lane not in lanes and row.id not in self._under_way:
                lanes.add(lane)
                begun += await self._begin(row)
        return begun

    async def _within_windows(self, due: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        """Those whose rule works now; the others wait until it does."""
        now = self._mirror.clock.now()
        closed: dict[datetime, list[int]] = defaultdict(list)
        for row in due:
            if row.document is not None and (opens := WideRule.of(row.document).when.opening(now)) > now:
                closed[opens].append(row.id)
        if not closed:
            return due
        async with self._mirror.db.writing() as tx:
            for opens, copy_ids in closed.items():
                await wide.postpone(tx, copy_ids, opens)
        put_off = {copy_id for some in closed.values() for copy_id in some}
        return [row for row in due if row.id not in put_off]

    async def _begin(self, due: Row[Any]) -> bool:
        async with self._mirror.db.writing() as tx:
            number = await copies.begin_copy(tx, due.id, self._mirror.clock.now())
            row = await copies.whole_copy(tx, due.id)
        if number is None or row is None:
            return False  # called off, or gone with its repository
        attempt = Attempt(row, number)
        task = asyncio.create_task(self._carry_out(attempt))
        self._under_way[row.id] = _UnderWay(attempt, task)
        task.add_done_callback(lambda _: self._ended(row.id))
        return True

    def _ended(self, copy_id: int) -> None:
        del self._under_way[copy_id]
        self._wake.set()

    async def _carry_out(self, attempt: Attempt) -> None:
        """One attempt, and what became of it is written down."""
        try:
            ending = await carry_out(self._mirror, attempt, self._line)
            attempt.is_ending = True
            await self._write(attempt, ending)
        except EntrepotError as error:  # the database is away, or closed: the copy runs until it is begun again
            _log.warning("what became of a copy cannot be written down", copy=attempt.id, error=error.message)
        except Exception:  # noqa: BLE001  # what is odd about one copy must not end all others
            _log.exception("a copy broke", copy=attempt.id)
            broken = Ending(Status.FAILED, worded("Something broke here; the log of the job worker says what."))
            with suppress(EntrepotError):
                await self._write(attempt, broken)

    async def _write(self, attempt: Attempt, ending: Ending) -> None:
        row, error = attempt.row, readable(ending.error)
        with _counted([self._under_way[attempt.id]]) as sent:
            result = await self._write_counted(attempt, ending, sent)
        if result:
            metrics.sync_copies.labels(result).inc()
            place = {"repository": row.path, "tag": row.tag, "region": row.region}
            _log.info("a copy ended", copy=attempt.id, **place, result=result, error=error)

    async def _write_counted(self, attempt: Attempt, ending: Ending, sent: Sequence[copies.Moved]) -> str:
        """What the metrics call it; empty when the attempt did not count any more."""
        mirror, row, error = self._mirror, attempt.row, keep(ending.error)
        async with mirror.db.writing() as tx:
            await check_open(tx)  # what an installation moves away with must not be written after it
            now = mirror.clock.now()
            if sent:
                await copies.count_bytes(tx, sent)
            if ending.until is not None:
                is_held = await copies.put_off(tx, attempt.id, attempt.number, error, ending.until, now, failed=False)
                return "put off" if is_held else ""
            if ending.retries and row.failures + 1 < mirror.settings.sync_attempts:
                seconds = rules.pause_seconds(row.failures + 1, mirror.settings.sync_retry_seconds, ending.asked_for)
                next_at = now + timedelta(seconds=seconds)
                return "broken off" if await copies.put_off(tx, attempt.id, attempt.number, error, next_at, now) else ""
            values = {"error": error, "digest": attempt.digest}
            if not await copies.end_copy(tx, attempt.id, attempt.number, ending.status, now, **values):
                return ""
            await _remember(tx, attempt, ending)
            if ending.status is not Status.CANCEL:
                event, who = _event(attempt, ending), attempt.house.subject
                await publish(tx, event, actor=who, at=now, domain_id=row.domain_id, though_closed=True)
        return ending.status.value

    async def _end_all(self) -> None:
        tasks = [*(one.task for one in self._under_way.values()), *self._surveyor.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _leave(self) -> None:
        """What was under way waits, and says so."""
        left = list(self._under_way)
        await self._end_all()
        if left:
            with suppress(EntrepotError):
                async with self._mirror.db.writing() as tx:
                    await copies.set_waiting(tx, left, self._mirror.clock.now())


async def _remember(tx: Writer, attempt: Attempt, ending: Ending) -> None:
    """What a rule of our own has copied, it may delete later: not what was there already, nor what is another image by
    now.
    """
    row = attempt.row
    if row.wide_rule_id is None:
        return
    place = (row.wide_rule_id, row.region, attempt.place, row.tag)
    if attempt.is_deletion and ending.status in (Status.SUCCESS, Status.EXISTED):
        await wide.forget_copied(tx, *place)
    elif attempt.tally.has_set_tag and ending.status is Status.SUCCESS:
        await wide.save_copied(tx, *place, row.repository_id, attempt.digest)


def _event(attempt: Attempt, ending: Ending) -> Event:
    row = attempt.row
    place = (row.region, OrganizationName(row.remote_organization))
    if ending.status is Status.SUCCESS and attempt.is_deletion:
        return SyncDeleted(row.path, row.id, row.tag, attempt.digest, *place, row.direction)
    if ending.status is Status.SUCCESS:
        copied = SyncPulled if attempt.is_pull else SyncCopied
        return copied(row.path, row.id, row.tag, attempt.digest, *place, attempt.tally.sent)
    return SyncFailed(row.path, row.id, row.tag, *place, ending.status.value, readable(ending.error))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
