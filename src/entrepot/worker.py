"""The job worker: reads the event feed, runs what follows, and what is due by the clock.

As many workers as wanted share a PostgreSQL; SQLite has one. Each takes the lowest free seat: its
number is the worker's name in the engine, so that who sits down next goes on with what a dead one
left. The seats of workers that nobody replaces are looked after by the living.
"""

import asyncio
import os
import signal
import sys
from typing import NoReturn

from entrepot.app import SCHEDULE, SUBSCRIPTIONS, House, heartbeat_of, open_house
from entrepot.db.holding import Holder, open_holder
from entrepot.jobs.closing import is_open
from entrepot.jobs.dispatch import Dispatcher
from entrepot.jobs.engine import Engine
from entrepot.jobs.living import ProcessKind
from entrepot.jobs.reactions import AnyJob, Job, Run
from entrepot.jobs.schedule import Schedule, every
from entrepot.mirror.copier import Copier
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import configure, get_logger
from entrepot.regions.warming.following import WarmFollower
from entrepot.registry.accounting import Accountant
from entrepot.registry.labels import keep_labels
from entrepot.room_settings import job_settings
from entrepot.settings import Settings
from entrepot.upkeep.deep import keep_verifying
from entrepot.values.errors import Broken, Elsewhere, EntrepotError, Refused
from entrepot.webhooks.courier import Courier

_SEATS_MAX = 1_000
_SEAT_CHECK_SECONDS = 5.0
_ADOPT_EVERY = 6  # checks
_SEAT_WAIT_SECONDS = 0.2
_END_SECONDS_MAX = 15.0

_log = get_logger()


class WorkerRunning(Refused):
    """Another job worker is at work on this database."""


class SeatLost(Broken):
    """Another worker took this one's seat while the database was away."""


def run(settings: Settings) -> NoReturn:
    """Work until SIGTERM or SIGINT, then finish the running steps within `drain_seconds`, and leave.

    A database that does not answer holds it up for a few seconds more at most.
    Exit status 0; 1 after an error, which is logged.
    """
    configure(settings.log_format, settings.log_level)
    metrics.forget_the_dead()
    status = 1
    try:
        asyncio.run(_work(settings))
        status = 0
    except EntrepotError as error:
        _log.error("the job worker cannot work", error=error.message)
    except Exception:  # noqa: BLE001  # the end of the process: whatever it was, it is logged whole
        _log.exception("the job worker broke")
    _leave(status)


def _leave(status: int) -> NoReturn:
    sys.stderr.flush()
    # Python would wait for threads of DBOS, and those wait without end for a database that is away.
    os._exit(status)


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()

    def told_to_stop() -> None:
        stop.set()
        asyncio.get_running_loop().call_later(settings.drain_seconds + _END_SECONDS_MAX, _leave_undone)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop)
    house = open_house(settings)
    holder = open_holder(settings.database_url)
    try:
        seat = await _take_seat(holder, settings, stop)
        if seat is not None:
            await _work_in(house, holder, seat, stop)
    finally:
        await holder.close()
        await house.close()


def _leave_undone() -> NoReturn:
    """What waits for a database that does not answer waits without end; what it did goes on another day."""
    _log.warning("the job worker leaves without a word to its database, which does not answer")
    _leave(0)


async def _work_in(house: House, holder: Holder, seat: int, stop: asyncio.Event) -> None:
    settings = job_settings(house.settings)
    reactions = [reaction for reactions in SUBSCRIPTIONS.values() for reaction in reactions]
    engine = Engine(settings, seat, house.rooms, reactions, {**SCHEDULE, **_HOUSEKEEPING}, lambda: is_open(house.db))
    dispatcher = Dispatcher(house.db, holder, SUBSCRIPTIONS, engine.start, settings)
    accountant = Accountant(house.registry)  # imported images are pushed here
    accountant.start()
    heartbeat = heartbeat_of(house, ProcessKind.WORKER)
    try:
        await engine.launch()
        heartbeat.start()
        _log.info("the job worker works", seat=seat)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(dispatcher.run(stop))
            tasks.create_task(Courier(house.webhooks, holder).run(stop))
            tasks.create_task(Copier(house.mirror, holder).run(stop))
            tasks.create_task(WarmFollower(house.regions, holder).run(stop))
            tasks.create_task(_keep_seat(holder, engine, seat, stop))
            tasks.create_task(keep_labels(house.registry, holder, stop))
            tasks.create_task(keep_verifying(house.upkeep, holder, stop))
    finally:
        await engine.close(house.settings.drain_seconds)
        await accountant.end()
        await heartbeat.end()
        _log.info("the job worker stopped", seat=seat)


async def _take_seat(holder: Holder, settings: Settings, stop: asyncio.Event) -> int | None:
    """The lowest free seat; None when told to stop before there was one.

    On SQLite it waits a while for the only one: the worker of a server that was killed may still be draining.
    """
    seats = 1 if settings.database_url.startswith("sqlite:") else _SEATS_MAX
    deadline = asyncio.get_running_loop().time() + settings.drain_seconds + _SEAT_CHECK_SECONDS
    has_waited = False
    while asyncio.get_running_loop().time() < deadline:
        for number in range(seats):
            if await holder.try_hold(_seat(number)):
                return number
        if not has_waited:
            _log.info("the job worker waits for another one to end")
            has_waited = True
        if await _is_set(stop, _SEAT_WAIT_SECONDS):  # another process: it tells nobody when it ends
            return None
    raise WorkerRunning


async def _keep_seat(holder: Holder, engine: Engine, seat: int, stop: asyncio.Event) -> None:
    """Notice when the seat is lost; now and then look after the seats of the dead."""
    checks = 0
    while not await _is_set(stop, _SEAT_CHECK_SECONDS):
        try:
            if _seat(seat) in await holder.lost():
                raise SeatLost
            if checks % _ADOPT_EVERY == 0:
                await _adopt(holder, engine, seat)
            checks += 1
        except Elsewhere as error:
            _log.warning("the database is away", error=error.message)


async def _adopt(holder: Holder, engine: Engine, own: int) -> None:
    for seat in await engine.seats_with_runs() - {own}:
        if await holder.try_hold(_seat(seat)):
            try:
                _log.info("going on with the runs of a worker that is gone", seat=seat)
                await engine.adopt(seat)
            finally:
                await holder.release(_seat(seat))


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    """True as soon as `event` is set, False after `seconds`."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _seat(number: int) -> str:
    return f"worker-{number}"


async def _forget_history(engine: Engine, run: Run) -> None:
    await run.step("forget", engine.forget_ended)


_HOUSEKEEPING: dict[AnyJob, Schedule] = {Job("jobs.forget_history", Engine, _forget_history): every(days=1)}
