"""The courier delivers: lane by lane in order, each lane again and again until it gets through, or its webhook pauses.

What is to be delivered stands in the database (`gathering.py`), and what became of it is written there, many at a
time. A crash between sending and writing means that something is sent twice, with the same id; nothing is lost.
Each webhook is served by a task of its own, and few requests at a time go to one target, so a slow one holds up
nobody else. A target that just failed is asked one thing at a time. One worker is the courier.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.holding import Holder
from entrepot.db.transaction import Writer
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import EntrepotError
from entrepot.webhooks import lanes, queries, rules
from entrepot.webhooks.events import WebhookPaused
from entrepot.webhooks.gathering import CONSUMER, Gatherer
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.rules import State
from entrepot.webhooks.sending import Outcome, Target

_LANE_ROWS: Final = 20
_LANE_SECONDS: Final = 2.0  # after so long what was sent is written down
_MEASURE_SECONDS: Final = 5.0
_AFTER_TROUBLE_SECONDS: Final = 10.0

_log = get_logger()


@dataclass(frozen=True, slots=True)
class Tried:
    """What was sent in one lane, in order; only the last may have failed. `is_done`: nothing is known to wait there."""

    lane: Row[Any]
    attempts: Sequence[tuple[Row[Any], Outcome]]
    is_done: bool

    @property
    def failed(self) -> tuple[Row[Any], Outcome] | None:
        return self.attempts[-1] if self.attempts and not self.attempts[-1][1].is_delivered else None


class Courier:
    def __init__(self, webhooks: Webhooks, holder: Holder) -> None:
        self._webhooks = webhooks
        self._holder = holder
        self._gatherer = Gatherer(webhooks)
        self._targets: dict[str, Target] = {}
        self._troubled: set[str] = set()
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(webhooks.settings.at_once)
        self._wake = asyncio.Event()
        self._measured_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Gather and deliver until `stop` is set, then let what is being sent end.

        A database that is away is waited for.
        """
        settings, pause = self._webhooks.settings, self._webhooks.settings.busy_poll_seconds
        waker = asyncio.create_task(self._wake_at(stop))
        try:
            while not stop.is_set():
                self._wake.clear()
                count = await self._turn(stop)
                if count >= settings.batch:
                    continue
                is_busy = bool(count or self._serving)
                pause = settings.busy_poll_seconds if is_busy else min(pause * 2, settings.idle_poll_seconds)
                await _wait(self._wake, pause)
        finally:
            waker.cancel()
            await asyncio.gather(*self._serving.values())
            for target in self._targets.values():
                await target.close()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _turn(self, stop: asyncio.Event) -> int:
        try:
            if not await self._holder.try_hold(CONSUMER):
                return 0
            count = await self._gatherer.gather()
            await self._serve_due(stop)
            await self._measure()
        except EntrepotError as error:
            _log.warning("webhooks wait; trying again", error=error.message)
            self._gatherer.forget_position()
            return 0
        return count

    async def _serve_due(self, stop: asyncio.Event) -> None:
        async with self._webhooks.db.reading() as tx:
            due = await lanes.due_webhooks(tx, self._webhooks.clock.now())
        for webhook_id in due:
            if webhook_id not in self._serving:
                task = asyncio.create_task(self._serve(webhook_id, stop))
                self._serving[webhook_id] = task
                task.add_done_callback(partial(self._served, webhook_id))

    def _served(self, webhook_id: str, _task: asyncio.Task[None]) -> None:
        del self._serving[webhook_id]
        self._wake.set()

    async def _serve(self, webhook_id: str, stop: asyncio.Event) -> None:
        """Deliver what is due of one webhook."""
        try:
            while not stop.is_set() and await self._serve_once(webhook_id, stop):
                pass
        except EntrepotError as error:
            _log.warning("a webhook waits", webhook=webhook_id, error=error.message)
            await _wait(stop, _AFTER_TROUBLE_SECONDS)
        except Exception:  # noqa: BLE001  # what is odd about one webhook must not end the deliveries of all
            _log.exception("a webhook could not be served", webhook=webhook_id)
            await _wait(stop, _AFTER_TROUBLE_SECONDS)

    async def _serve_once(self, webhook_id: str, stop: asyncio.Event) -> bool:
        """A few lanes at the same time, a few deliveries of each; whether any was due."""
        webhooks = self._webhooks
        at_once = 1 if webhook_id in self._troubled else webhooks.settings.lanes_at_once
        async with webhooks.db.reading() as tx:
            row = await queries.webhook_by_id(tx, webhook_id)
            due = await lanes.due_lanes(tx, webhook_id, webhooks.clock.now(), at_once)
            waiting = [await lanes.waiting_in(tx, webhook_id, one.lane, _LANE_ROWS) for one in due]
        if row is None:
            await self._forget(webhook_id)
        if row is None or not due:
            return False
        target = await self._target(row)
        sent = await asyncio.gather(
            *(self._send(target, lane, rows, stop) for lane, rows in zip(due, waiting, strict=True))
        )
        if any(one.failed for one in sent):
            self._troubled.add(webhook_id)
        else:
            self._troubled.discard(webhook_id)
        async with webhooks.db.writing() as tx:
            await self._write(tx, row, sent)
        return True

    async def _send(self, target: Target, lane: Row[Any], rows: Sequence[Row[Any]], stop: asyncio.Event) -> Tried:
        attempts: list[tuple[Row[Any], Outcome]] = []
        until = monotonic() + _LANE_SECONDS
        for row in rows:
            if stop.is_set() or monotonic() > until:
                return Tried(lane, attempts, is_done=False)
            async with self._places:
                outcome = await target.send(row)
            metrics.webhook_deliveries.labels("delivered" if outcome.is_delivered else "failed").inc()
            attempts.append((row, outcome))
            if not outcome.is_delivered:
                return Tried(lane, attempts, is_done=False)
        return Tried(lane, attempts, is_done=len(rows) < _LANE_ROWS)

    async def _target(self, row: Row[Any]) -> Target:
        known = self._targets.get(row.id)
        if known is not None and known.is_of(row):
            return known
        await self._forget(row.id)
        made = self._targets[row.id] = Target(self._webhooks, row)
        return made

    async def _forget(self, webhook_id: str) -> None:
        self._troubled.discard(webhook_id)
        if target := self._targets.pop(webhook_id, None):
            await target.close()

    async def _write(self, tx: Writer, webhook: Row[Any], sent: Sequence[Tried]) -> None:
        now = self._webhooks.clock.now()
        await tx.lock(lanes.LANES)
        rows = [_written(row, outcome, now) for tried in sent for row, outcome in tried.attempts]
        await lanes.write_outcomes(tx, rows)
        for tried in sent:
            if tried.failed is None or tried.lane.lane == rules.TEST_LANE:
                await lanes.close_lane(tx, webhook.id, tried.lane.lane)
            else:
                await self._put_off(tx, webhook, tried.lane, *tried.failed)

    async def _put_off(self, tx: Writer, webhook: Row[Any], lane: Row[Any], row: Row[Any], outcome: Outcome) -> None:
        now, settings = self._webhooks.clock.now(), self._webhooks.settings
        since = lane.failing_since or now
        chance = random.random()  # noqa: S311  # nothing to guess here
        pause = rules.pause_seconds(row.attempts + 1, chance, outcome.retry_after)
        await lanes.put_off(tx, webhook.id, lane.lane, now + timedelta(seconds=pause), since)
        if not rules.is_over((now - since).total_seconds(), settings.retry_seconds, outcome.status):
            return
        if await queries.is_delivering(tx, webhook.id):
            await queries.change_webhook(tx, webhook.id, paused_at=now, paused_why=outcome.problem)
            await lanes.stop_lanes(tx, webhook.id)
            event = WebhookPaused(webhook.path or webhook.organization, webhook.name, outcome.problem)
            await publish(tx, event, actor=SYSTEM, at=now, domain_id=webhook.domain_id, though_closed=True)
            _log.warning("a webhook paused", webhook=webhook.name, organization=webhook.organization)

    async def _measure(self) -> None:
        if monotonic() - self._measured_at < _MEASURE_SECONDS:
            return
        self._measured_at = monotonic()
        async with self._webhooks.db.reading() as tx:
            since = await lanes.oldest_waiting(tx)
        age = 0.0 if since is None else (self._webhooks.clock.now() - since).total_seconds()
        metrics.webhook_queue_seconds.set(age)


def _written(row: Row[Any], outcome: Outcome, now: Any) -> dict[str, Any]:
    is_test = row.lane == rules.TEST_LANE
    state = State.DELIVERED if outcome.is_delivered else State.FAILED if is_test else State.WAITING
    return {
        "key": row.id,
        "state": state,
        "attempts": row.attempts + 1,
        "tried_at": now,
        "headers": dict(outcome.headers or {}),
        "status": outcome.status,
        "answer": outcome.answer,
        "problem": outcome.problem,
        "milliseconds": outcome.milliseconds,
    }


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
