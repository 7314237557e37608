"""Jobs, for operators: what workers do, did and will do; tried again, called off, started now."""

from typing import Final
from urllib.parse import quote

from entrepot.doors.console.admin.parts import ROWS, asked
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.jobs.runs import ENDED, RunState, describe
from entrepot.operations import work
from entrepot.values.errors import ParameterInvalid, worded

HOME: Final = "/console/admin/jobs"
SCHEDULES: Final = f"{HOME}/-/schedules"


async def list_jobs(visit: Visit) -> View:
    """Runs, the newest first, of one state or of all."""
    said = visit.query("state")
    if said and said not in tuple(RunState):
        raise ParameterInvalid(worded("A run is {runstate}.", runstate=", ".join(RunState)), field="state")
    state = RunState(said) if said else None
    job = visit.query("job")
    found = await work.list_runs(visit.rooms.operations, visit.actor, state, job, visit.query("after"), ROWS)
    values = {"runs": found.items, "following": found.after, "state": said, "job": job, "states": tuple(RunState)}
    return View("admin/jobs/list.html", values)


async def list_schedules(visit: Visit) -> View:
    """What is due by the clock."""
    found = await work.list_schedules(visit.rooms.operations, visit.actor)
    return View("admin/jobs/schedules.html", {"schedules": found})


async def start_job(visit: Visit) -> Moved:
    """Have it run now, too."""
    run_id = await work.start_job(visit.rooms.operations, visit.actor, visit.form.text("job"))
    return Moved(_at(run_id), visit.say("It runs now."))


async def show_job(visit: Visit) -> View:
    """One run, with its steps."""
    found = await work.show_run(visit.rooms.operations, visit.actor, visit.names["run"])
    values = {
        "run": found.run,
        "steps": found.steps,
        "given": describe(found.run.event),
        "has_ended": found.run.state in ENDED,
        "can_retry": found.run.state in (RunState.FAILED, RunState.CANCELLED),
    }
    return View("admin/jobs/show.html", values)


async def retry_job(visit: Visit) -> Moved:
    """Try it again, from the step that failed."""
    again = await work.retry_run(visit.rooms.operations, visit.actor, visit.names["run"])
    return Moved(_at(again), visit.say("It is tried again."))


async def confirm_cancelling(visit: Visit) -> View:
    """What calling it off means."""
    run_id = visit.names["run"]
    found = await work.show_run(visit.rooms.operations, visit.actor, run_id)
    says = [
        visit.say("No further step of it begins; a step under way ends first. What its steps did already stays done.")
    ]
    title = visit.say("Call off %(name)s", name=found.run.job)
    return asked(title, says, f"{_at(run_id)}/-/cancel", visit.say("Call off"), _at(run_id))


async def cancel_job(visit: Visit) -> Moved:
    """Call it off."""
    run_id = visit.names["run"]
    await work.cancel_run(visit.rooms.operations, visit.actor, run_id)
    return Moved(_at(run_id), visit.say("It was called off."))


def _at(run_id: str) -> str:
    return f"{HOME}/{quote(run_id, safe='')}"
