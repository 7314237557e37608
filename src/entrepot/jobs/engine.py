"""The engine of durable work. Beside it only `runs.py`, which looks at what it did, imports DBOS.

A run is one DBOS workflow of one reaction or job. Its id says what it is for, so starting it twice
starts it once. The engine keeps runs and the results of their steps in its own tables: a file of
its own beside SQLite, the schema `dbos` in the same PostgreSQL. A run that was cut off goes on at
the step it was in, once a worker takes the dead one's seat or adopts its runs (`adopt`).

DBOS is one per process, and so is the engine.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, StepOptions
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from entrepot.jobs.events import Recorded
from entrepot.jobs.reactions import AnyJob, AnyReaction
from entrepot.jobs.schedule import Schedule
from entrepot.jobs.settings import NAME, QUEUE, SCHEMA, VERSION, JobSettings
from entrepot.plumbing.logging import get_logger
from entrepot.plumbing.threads import Threads
from entrepot.values.errors import DatabaseUnreachable, Refused

P = ParamSpec("P")
T = TypeVar("T")
Workflow = Callable[..., Coroutine[Any, Any, None]]

_DBOS_LOG = "dbos"
_QUEUE_POLL_SECONDS = 0.25
# DBOS looks into the queue now and then. What it takes at one look must last until the next, so runs are
# claimed ahead; how many steps run at the same time, the gate decides.
_CLAIMS = 4
_PAUSE_GROWTH = 3.0
_CONNECTIONS_MAX = 5
_THREADS_MAX = 16
_RECORDING_SECONDS = 2
_DESTROY_SECONDS_MAX = 5.0
_FORGET_BATCH = 500
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

_log = get_logger()


class Engine:
    """`rooms` by their type: what reactions and jobs are given. `number`: this worker's seat among all.

    `is_open`: whether what is due by the clock may run now.
    """

    def __init__(
        self,
        settings: JobSettings,
        number: int,
        rooms: Mapping[type[Any], Any],
        reactions: Iterable[AnyReaction],
        schedule: Mapping[AnyJob, Schedule],
        is_open: Callable[[], Awaitable[bool]],
    ) -> None:
        _quieten()
        self._settings = settings
        self._schedule = schedule
        self._is_open = is_open
        self._gate = Gate(settings.at_once)
        self._dbos = DBOS(config=_config(settings, number))
        rooms = {**rooms, Engine: self}
        self._reactions = {one.name: self._reaction(one, rooms[one.room]) for one in set(reactions)}
        self._jobs = {one.name: self._job(one, rooms[one.room]) for one in schedule}

    async def launch(self) -> None:
        """Open the engine's database, go on with runs this seat left, and start what is due at start.

        Blocks the event loop for a moment: DBOS adopts the loop of the thread that launches it.
        """
        url = make_url(self._settings.system_url)
        if url.get_backend_name() == "sqlite":
            assert url.database
            Path(url.database).touch(mode=0o600)  # noqa: ASYNC240  # as said above; for its owner only, in any folder
            with sqlite3.connect(url.database) as connection:
                connection.execute("PRAGMA journal_mode=WAL")  # stays with the file
            connection.close()
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE,
            worker_concurrency=self._settings.at_once * _CLAIMS,
            polling_interval_sec=_QUEUE_POLL_SECONDS,
            on_conflict="always_update",
        )
        await self._apply_schedule()

    async def start(self, reaction: AnyReaction, event: Recorded) -> None:
        """Have `reaction` happen to `event`, once however often this is called; durable when it returns.

        Raises DatabaseUnreachable.
        """
        fields = {**asdict(event), "time": event.time.isoformat()}
        try:
            with SetWorkflowID(f"{reaction.name}:{event.id}"):
                await DBOS.enqueue_workflow_async(QUEUE, self._reactions[reaction.name], fields)
        except OperationalError as error:
            raise DatabaseUnreachable from error

    async def seats_with_runs(self) -> set[int]:
        """Seats of workers, living or dead, that have runs under way."""
        runs = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        return {int(name.removeprefix(_SEAT)) for run in runs if (name := run.executor_id) and name.startswith(_SEAT)}

    async def adopt(self, number: int) -> None:
        """Put the runs of a dead worker back into the queue. The caller holds that worker's seat meanwhile."""
        await asyncio.to_thread(DBOS._recover_pending_workflows, [_seat(number)])  # noqa: SLF001  # what DBOS's own recovery service calls

    async def forget_ended(self) -> int:
        """Remove the history of runs that ended long ago; their number."""
        before = (datetime.now(UTC) - timedelta(seconds=self._settings.history_seconds)).isoformat()
        forgotten = 0
        while True:
            runs = await DBOS.list_workflows_async(
                status=_ENDED, completed_before=before, limit=_FORGET_BATCH, load_input=False, load_output=False
            )
            if runs:
                await DBOS.delete_workflows_async([run.workflow_id for run in runs])
            forgotten += len(runs)
            if len(runs) < _FORGET_BATCH:
                return forgotten

    async def close(self, seconds: float) -> None:
        """Take no more work; wait up to `seconds` for the steps that are running. The rest goes on another day.

        Threads of DBOS that wait for a database that is away are left behind: they end with the process.
        """
        for stop in self._dbos.background_thread_stop_events:
            stop.set()
        await self._gate.close(seconds)
        # After its last step DBOS still writes down how a run ended, in its own threads.
        is_active = self._dbos._active_workflows_set.activeList()  # noqa: SLF001  # what `destroy` itself looks at
        logging.getLogger(_DBOS_LOG).setLevel(logging.CRITICAL)  # a run that ends later than that goes on another day
        threads = Threads(1, "engine-close")
        recording = _RECORDING_SECONDS if is_active else 0
        destroyed = threads.start(DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=recording)
        # It waits ten seconds for each of its threads, and those wait without end for a database that is away.
        _, waiting = await asyncio.wait((destroyed,), timeout=recording + _DESTROY_SECONDS_MAX)
        if waiting:
            _log.warning("threads of the job engine are still waiting, for the database most likely")
        else:
            destroyed.result()
        threads.close()

    def _reaction(self, reaction: AnyReaction, room: object) -> Workflow:
        async def react(fields: dict[str, Any]) -> None:
            event = Recorded(**{**fields, "time": datetime.fromisoformat(fields["time"])})
            await self._run(reaction.name, lambda run: reaction.work(room, event, run))

        return DBOS.workflow(name=reaction.name)(react)

    def _job(self, job: AnyJob, room: object) -> Workflow:
        async def due(_at: Any, _context: Any) -> None:
            if await self._is_open():
                await self._run(job.name, lambda run: job.work(room, run))
            else:
                _log.info("nothing is changed for now: a job that is due waits for its next time", job=job.name)

        return DBOS.workflow(name=job.name)(due)

    async def _run(self, name: str, work: Callable[["DurableRun"], Awaitable[None]]) -> None:
        run = DurableRun(DBOS.workflow_id or "", self._settings, self._gate)
        try:
            await work(run)
        except Exception as error:
            _log.error("a run failed", job=name, run=run.id, error=str(error))  # each attempt was told
            raise
        _log.debug("a run ended", job=name, run=run.id)

    async def _apply_schedule(self) -> None:
        await DBOS.apply_schedules_async(
            [
                {
                    "schedule_name": job.name,
                    "workflow_fn": self._jobs[job.name],
                    "schedule": due.cron,
                    "queue_name": QUEUE,
                }
                for job, due in self._schedule.items()
            ]
        )
        for known in await DBOS.list_schedules_async():
            if known["schedule_name"] not in self._jobs:
                await DBOS.delete_schedule_async(known["schedule_name"])
        for job, due in self._schedule.items():
            if due.at_start:
                await asyncio.to_thread(DBOS.trigger_schedule, job.name)


class DurableRun:
    """A run as its function sees it; see `reactions.Run`."""

    def __init__(self, run_id: str, settings: JobSettings, gate: "Gate") -> None:
        self.id = run_id
        self._settings = settings
        self._gate = gate

    async def step(self, name: str, work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        async def attempt() -> T:
            async with self._gate:
                try:
                    return await work(*args, **kwargs)
                except Exception as error:
                    _log.warning("a step failed", run=self.id, step=name, error=str(error), exc_info=True)
                    raise

        options: StepOptions = {
            "name": name,
            "retries_allowed": True,
            "max_attempts": self._settings.attempts,
            "interval_seconds": self._settings.first_pause_seconds,
            "backoff_rate": _PAUSE_GROWTH,
            "should_retry": lambda error: not isinstance(error, Refused),
        }
        return await DBOS.run_step_async(options, attempt)


class Gate:
    """What every attempt of a step passes, so many at a time.

    Closed, it lets nobody in and tells when the last one is out.
    """

    def __init__(self, at_once: int) -> None:
        self.running = 0
        self._places = asyncio.Semaphore(at_once)
        self._is_closed = False
        self._empty = asyncio.Event()

    async def __aenter__(self) -> None:
        await self._places.acquire()
        if self._is_closed:
            # Neither a result nor an error: the run stays unfinished, and goes on with the next worker.
            await asyncio.get_running_loop().create_future()
        self.running += 1

    async def __aexit__(self, *_error: object) -> None:
        self.running -= 1
        self._places.release()
        if self.running == 0:
            self._empty.set()

    async def close(self, seconds: float) -> None:
        """Let nobody in; return when all are out, or after `seconds`."""
        self._is_closed = True
        if self.running:
            self._empty.clear()
            try:
                await asyncio.wait_for(self._empty.wait(), seconds)
            except TimeoutError:
                _log.warning("steps were cut off; they run again with the next worker", steps=self.running)


_SEAT = "worker-"


def _seat(number: int) -> str:
    return f"{_SEAT}{number}"


def _config(settings: JobSettings, number: int) -> DBOSConfig:
    return {
        "name": NAME,
        "application_version": VERSION,
        "executor_id": _seat(number),
        "system_database_url": settings.system_url,
        "dbos_system_schema": SCHEMA,
        "sys_db_pool_size": _CONNECTIONS_MAX,
        "max_executor_threads": _THREADS_MAX,
        "serializer": DBOSPortableJSONSerializer(),  # not the default, pickle: rows must not be able to run code
        "enable_otlp": False,
        "log_level": "WARNING",
    }


def _quieten() -> None:
    """Send what DBOS logs to our logs, without its banner and without what `DurableRun` tells better."""
    log = logging.getLogger(_DBOS_LOG)
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # with none it would add its own
        log.addFilter(lambda record: not str(record.msg).startswith("Step being automatically retried"))
