"""Runs of jobs and reactions: listed, shown, tried again, called off; jobs that are due by the clock, started now.

Only operators may. The engine keeps runs in tables of its own, so what is done to a run and the event that tells of
it are not one commit: the run is changed first, for an event of what did not happen would be a lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from entrepot.access.actor import Actor
from entrepot.accounts.operators import require_operator
from entrepot.jobs.events import Event, publish
from entrepot.jobs.runs import ENDED, Due, RunPage, RunSeen, RunState, StepTaken
from entrepot.operations.events import JobStarted, RunCancelled, RunRetried
from entrepot.operations.room import Operations
from entrepot.values.errors import ParameterInvalid, RunUnknown, quoted, worded

_ID_CHARS_MAX = 512


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with the steps of it that have ended."""

    run: RunSeen
    steps: Sequence[StepTaken]


async def list_runs(
    operations: Operations, actor: Actor, state: RunState | None = None, job: str = "", after: str = "", limit: int = 50
) -> RunPage:
    """Runs, the newest first; of one state, of one job.

    Raises Unauthenticated, AccessDenied, ParameterInvalid or DatabaseUnreachable.
    """
    await _require(operations, actor)
    return await operations.runs.list(state, job, after, limit)


async def show_run(operations: Operations, actor: Actor, run_id: str) -> RunDetail:
    """One run. Raises Unauthenticated, AccessDenied, RunUnknown or DatabaseUnreachable."""
    await _require(operations, actor)
    found = await _find(operations, run_id)
    return RunDetail(found, await operations.runs.steps(run_id))


async def retry_run(operations: Operations, actor: Actor, run_id: str) -> str:
    """Try a run again that failed or was called off; the id it has now. Steps that ended well are not done twice.

    Raises Unauthenticated, AccessDenied, RunUnknown, DatabaseUnreachable, or ParameterInvalid in another state.
    """
    await _require(operations, actor)
    found = await _find(operations, run_id)
    if found.state not in (RunState.FAILED, RunState.CANCELLED):
        raise ParameterInvalid(
            worded("The run is {state}; what failed or was called off is tried again.", state=found.state), kind="state"
        )
    again = await operations.runs.retry(found)
    await _tell(operations, actor, RunRetried(run_id, found.job, again))
    return again


async def cancel_run(operations: Operations, actor: Actor, run_id: str) -> None:
    """Call a run off that has not ended: no further step of it begins. A step under way ends first.

    Raises Unauthenticated, AccessDenied, RunUnknown, DatabaseUnreachable, or ParameterInvalid when it has ended.
    """
    await _require(operations, actor)
    found = await _find(operations, run_id)
    if found.state in ENDED:
        raise ParameterInvalid(worded("The run has ended already: it is {state}.", state=found.state), kind="state")
    await operations.runs.cancel(found)
    await _tell(operations, actor, RunCancelled(run_id, found.job))


async def list_schedules(operations: Operations, actor: Actor) -> Sequence[Due]:
    """What is due by the clock, by name. Raises Unauthenticated, AccessDenied or DatabaseUnreachable."""
    await _require(operations, actor)
    return await operations.runs.schedules(operations.clock.now())


async def start_job(operations: Operations, actor: Actor, job: str) -> str:
    """Have a job that is due by the clock run now, too; the id of its run.

    Raises Unauthenticated, AccessDenied, RunUnknown or DatabaseUnreachable.
    """
    await _require(operations, actor)
    known = {one.job for one in await operations.runs.schedules(operations.clock.now())}
    if job not in known:
        raise RunUnknown(worded("There is no job named {job} that is due by the clock.", job=quoted(job)))
    run_id = await operations.runs.start(job)
    await _tell(operations, actor, JobStarted(job, run_id))
    return run_id


async def _require(operations: Operations, actor: Actor) -> None:
    async with operations.db.reading() as tx:
        await require_operator(tx, actor)


async def _find(operations: Operations, run_id: str) -> RunSeen:
    found = await operations.runs.find(run_id) if len(run_id) <= _ID_CHARS_MAX else None
    if found is None:
        raise RunUnknown(
            worded("There is no run {run_id}, or its history is not kept any more.", run_id=quoted(run_id))
        )
    return found


async def _tell(operations: Operations, actor: Actor, event: Event) -> None:
    async with operations.db.writing() as tx:
        await publish(tx, event, actor=actor.subject, at=operations.clock.now(), though_closed=True)
