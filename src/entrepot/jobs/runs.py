"""Runs of jobs and reactions, for those who look after them: listed, shown, tried again, called off.

Any process can ask; only workers run anything. What is here stands in the engine's own tables (`engine.py`), so a
run is known as long as its history is kept. Opened at the first use: few processes ever ask.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from entrepot.jobs.schedule import next_due
from entrepot.jobs.settings import NAME, QUEUE, SCHEMA, VERSION, JobSettings
from entrepot.values.errors import DatabaseUnreachable, ParameterInvalid, quoted, worded

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

P = ParamSpec("P")
T = TypeVar("T")

_MARKER: Final = re.compile(r"(\d{1,15})-(\d{1,6})", re.ASCII)
_CONNECTIONS_MAX: Final = 2
_STEPS_MAX: Final = 200
_ERROR_CHARS_MAX: Final = 4_000


class RunState(StrEnum):
    """`waiting` for a worker, `running`, or how it ended."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_OF_ENGINE: Final[Mapping[RunState, Sequence[str]]] = {
    RunState.WAITING: ("ENQUEUED", "DELAYED"),
    RunState.RUNNING: ("PENDING",),
    RunState.DONE: ("SUCCESS",),
    RunState.FAILED: ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"),
    RunState.CANCELLED: ("CANCELLED",),
}
_STATES: Final = {name: state for state, names in _OF_ENGINE.items() for name in names}
ENDED: Final = frozenset({RunState.DONE, RunState.FAILED, RunState.CANCELLED})


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A step that has ended. `error` is empty when it did what it should."""

    number: int
    name: str
    started_at: datetime | None
    ended_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class RunSeen:
    """One run of a job or reaction. `starts`: how often a worker began it. `event`: what a reaction follows from.

    `worker` is the seat it ran on, or runs on. `repeats`: the run that was tried again with this one.
    """

    id: str
    job: str
    state: RunState
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    starts: int
    worker: str
    error: str
    repeats: str = ""
    event: Mapping[str, Any] | None = field(default=None)


@dataclass(frozen=True, slots=True)
class RunPage:
    """`after`: where to go on; empty at the end."""

    items: Sequence[RunSeen]
    after: str


@dataclass(frozen=True, slots=True)
class Due:
    """A job that is due by the clock: `cron` in UTC with seconds first; when it last was, and is next."""

    job: str
    cron: str
    last_at: datetime | None
    next_at: datetime


class Runs:
    """All runs of an installation. Calls raise DatabaseUnreachable while the engine's database is away or not there."""

    def __init__(self, settings: JobSettings) -> None:
        self._settings = settings
        self._opened: DBOSClient | None = None

    async def list(self, state: RunState | None, job: str, after: str, limit: int) -> RunPage:
        """Runs, the newest first. Raises ParameterInvalid for a marker that no list gave."""
        begun, seen = _parse_marker(after)
        until = None if begun is None else datetime.fromtimestamp((begun + 0.5) / 1000, UTC).isoformat()
        rows = await self._ask(
            lambda client: client.list_workflows(
                status=None if state is None else [*_OF_ENGINE[state]],
                name=job or None,
                end_time=until,
                limit=seen + limit + 1,
                sort_desc=True,
                load_input=False,
                load_output=True,
            )
        )
        rows = rows[seen:]
        shown = rows[:limit]
        return RunPage([_run(row) for row in shown], _marker(shown, begun, seen) if len(rows) > limit else "")

    async def find(self, run_id: str) -> RunSeen | None:
        """One run, with the event it follows from."""
        rows = await self._ask(lambda client: client.list_workflows(workflow_ids=[run_id], limit=1))
        return _run(rows[0]) if rows else None

    async def steps(self, run_id: str) -> Sequence[StepTaken]:
        """The steps of a run that have ended, in order."""
        found = await self._ask(lambda client: client.list_workflow_steps(run_id, load_output=True, limit=_STEPS_MAX))
        return [
            StepTaken(
                one["function_id"],
                one["function_name"],
                _moment(one["started_at_epoch_ms"]),
                _moment(one["completed_at_epoch_ms"]),
                _error(one["error"]),
            )
            for one in found
        ]

    async def retry(self, run: RunSeen) -> str:
        """Run it again, from the step that failed; what ended well is not done twice. The id of the new run.

        One that was called off goes on under its own id.
        """
        if run.state is RunState.CANCELLED:
            await self._ask(lambda client: client.resume_workflow(run.id, queue_name=QUEUE))
            return run.id
        steps = await self.steps(run.id)
        first = next((one.number for one in steps if one.error), len(steps) + 1)
        handle = await self._ask(
            lambda client: client.fork_workflow(run.id, first, application_version=VERSION, queue_name=QUEUE)
        )
        return handle.get_workflow_id()

    async def cancel(self, run: RunSeen) -> None:
        """Have no further step of it begin. A step that runs right now ends first."""
        await self._ask(lambda client: client.cancel_workflow(run.id))

    async def schedules(self, now: datetime) -> Sequence[Due]:
        """What is due by the clock, by name, as the workers last arranged it."""
        found = await self._ask(lambda client: client.list_schedules())
        return sorted((_due(one, now) for one in found), key=lambda due: due.job)

    async def start(self, job: str) -> str:
        """Have a job that is due by the clock run now, too. The id of its run."""
        handle = await self._ask(lambda client: client.trigger_schedule(job))
        return handle.get_workflow_id()

    async def close(self) -> None:
        if self._opened is not None:
            await asyncio.to_thread(self._opened.destroy)
            self._opened = None

    async def _ask(self, question: "Callable[[DBOSClient], T]") -> T:
        """In a thread: the engine's client waits for its database."""
        try:
            return await asyncio.to_thread(lambda: question(self._client()))
        except DBAPIError as error:
            raise DatabaseUnreachable("The state of jobs cannot be read; has a worker ever run?") from error

    def _client(self) -> "DBOSClient":
        if self._opened is None:
            from dbos import DBOSClient, DBOSPortableJSONSerializer

            self._opened = DBOSClient(
                system_database_url=self._settings.system_url,
                dbos_system_schema=SCHEMA,
                serializer=DBOSPortableJSONSerializer(),
                system_database_pool_size=_CONNECTIONS_MAX,
                application_name=NAME,
                lazy=True,
                retry_connection_errors=False,
            )
        return self._opened


def _due(row: Mapping[str, Any], now: datetime) -> Due:
    last = row["last_fired_at"]
    return Due(
        row["schedule_name"],
        row["schedule"],
        None if last is None else datetime.fromisoformat(last),
        next_due(row["schedule"], now),
    )


def _run(row: "WorkflowStatus") -> RunSeen:
    arguments = (row.input or {}).get("args", []) if isinstance(row.input, dict) else []
    given = arguments[0] if arguments else None
    return RunSeen(
        id=row.workflow_id,
        job=row.name,
        state=_STATES[row.status],
        created_at=_moment(row.created_at) or datetime.fromtimestamp(0, UTC),
        started_at=_moment(row.dequeued_at),
        ended_at=_moment(row.completed_at),
        starts=getattr(row, "recovery_attempts", 0) or 0,
        worker=row.executor_id or "",
        error=_error(row.error),
        repeats=row.forked_from or "",
        event=given if isinstance(given, dict) else None,
    )


def _error(error: object) -> str:
    if error is None:
        return ""
    text = error if isinstance(error, str) else str(error) or type(error).__name__
    return text if len(text) <= _ERROR_CHARS_MAX else f"{text[:_ERROR_CHARS_MAX]}…"


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _marker(shown: "Sequence[WorkflowStatus]", begun: int | None, seen: int) -> str:
    """The time of the last run shown, and how many of that time were shown: the engine's list knows no other key."""
    last = shown[-1].created_at or 0
    count = sum(1 for row in shown if row.created_at == last)
    return f"{last}-{count + (seen if last == begun else 0)}"


def _parse_marker(text: str) -> tuple[int | None, int]:
    if not text:
        return None, 0
    found = _MARKER.fullmatch(text)
    if found is None:
        raise ParameterInvalid(worded("This is no marker that a list gave: {text}.", text=quoted(text)), kind="marker")
    return int(found[1]), int(found[2])


def describe(event: Mapping[str, Any] | None) -> str:
    """What a run was given, as JSON for people; empty when it was given nothing."""
    return "" if event is None else json.dumps(event, indent=2, ensure_ascii=False)
