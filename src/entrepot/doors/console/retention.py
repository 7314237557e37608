"""Retention: what rules would do in an image and why, what they did, and the way back; policies of an organization."""

from collections.abc import Sequence
from typing import Final

from entrepot.access.levels import Level
from entrepot.doors.console.image import framed
from entrepot.doors.console.problems import translated
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import organizations
from entrepot.upkeep import runs, undoing, wide_policies
from entrepot.upkeep.dry_run import Planned, Summary, plan, why
from entrepot.upkeep.retention import Verdict
from entrepot.upkeep.runs import RetentionRun
from entrepot.values.errors import RunUnknown, Worded, quoted, worded

ROWS: Final = 50
SHOWN_MAX: Final = 200
"""Tags of a plan that the page names; the command names all."""
_DIGITS_MAX: Final = 18


async def show_retention(visit: Visit) -> View:
    """What was done, the newest first; for who manages the image also what would be done now."""
    visit.need_account()
    about = await framed(visit)
    found, has_more = await runs.list_runs(
        visit.rooms.upkeep, visit.actor, visit.repository, _marker(visit.query("after")), ROWS
    )
    values = {
        "runs": [(one, _said(visit, one)) for one in found],
        "following": str(found[-1].id) if has_more else "",
        "manages": about["level"] >= Level.MANAGE,
    }
    return View("images/retention.html", about | values)


async def show_organization_retention(visit: Visit) -> View:
    """The policies of an organization, and what was done in all its images."""
    visit.need_account()
    upkeep, name = visit.rooms.upkeep, visit.organization
    found, has_more = await runs.list_runs(upkeep, visit.actor, name, _marker(visit.query("after")), ROWS)
    values = {
        "organization": await organizations.show_organization(visit.rooms.registry, visit.actor, name),
        "policies": await wide_policies.list_wide_policies(upkeep, visit.actor, name),
        "runs": [(one, _said(visit, one)) for one in found],
        "following": str(found[-1].id) if has_more else "",
    }
    return View("organizations/retention.html", values)


async def show_retention_plan(visit: Visit) -> View:
    """What would become of each tag, those that go first, each with the reason."""
    visit.need_account()
    about = await framed(visit)
    going: list[Verdict] = []
    staying: list[Verdict] = []
    summary: Summary | None = None
    async for one in await plan(visit.rooms.upkeep, visit.actor, visit.repository):
        if isinstance(one, Planned):
            _take(one.verdicts, going, staying)
        else:
            summary = one
    stopped = in_words(visit, summary.stopped.said) if summary and summary.stopped else ""
    shown = [(one, in_words(visit, why(one))) for one in [*going, *staying][:SHOWN_MAX]]
    values = {"summary": summary, "stopped": stopped, "verdicts": shown, "shown_max": SHOWN_MAX}
    return View("images/retention_plan.html", about | values)


async def run_retention(visit: Visit) -> Moved:
    """Have the rules carried out now."""
    await runs.request_run(visit.rooms.upkeep, visit.actor, visit.repository, bool(visit.form.text("force")))
    return Moved(_home(visit), visit.say("A worker carries the rules out now."))


async def show_retention_run(visit: Visit) -> View:
    """One execution, and the tags that it deleted."""
    visit.need_account()
    about, number = await framed(visit), _run(visit)
    run = await runs.show_run(visit.rooms.upkeep, visit.actor, visit.repository, number)
    found, has_more = await runs.list_deleted(
        visit.rooms.upkeep, visit.actor, visit.repository, number, _marker(visit.query("after")) or 0, ROWS
    )
    values = {
        "run": run,
        "said": _said(visit, run),
        "tags": found,
        "following": str(found[-1].id) if has_more else "",
        "manages": about["level"] >= Level.MANAGE,
    }
    return View("images/retention_run.html", about | values)


async def confirm_retention_undo(visit: Visit) -> View:
    """What undoing means."""
    visit.need_account()
    about = await framed(visit)
    run = await runs.show_run(visit.rooms.upkeep, visit.actor, visit.repository, _run(visit))
    return View("images/undo_retention.html", about | {"run": run})


async def undo_retention_run(visit: Visit) -> Moved:
    """Bring the tags back."""
    number = _run(visit)
    await undoing.undo_run(visit.rooms.upkeep, visit.actor, visit.repository, number)
    return Moved(f"{_home(visit)}/{number}", visit.say("A worker brings the versions back now."))


def _take(verdicts: Sequence[Verdict], going: list[Verdict], staying: list[Verdict]) -> None:
    for one in verdicts:
        kind = going if one.is_deleted else staying
        if len(kind) < SHOWN_MAX:
            kind.append(one)


def in_words(visit: Visit, said: Worded) -> str:
    """A sentence of the room in the visitor's language; as it is when no catalog has it."""
    return translated(said, visit.language) or said


def _said(visit: Visit, run: RetentionRun) -> str:
    return "" if run.said is None else in_words(visit, run.said)


def _run(visit: Visit) -> int:
    number = _marker(visit.names["run"])
    if number is None:
        raise RunUnknown(worded("A run has a number; {text} is none.", text=quoted(visit.names["run"])))
    return number


def _marker(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else None


def _home(visit: Visit) -> str:
    return f"/console/images/{visit.repository}/-/retention"
