"""The retention policy of one image, by days or by number, as the contract has it: a form, its preview, its end."""

from entrepot.doors.console.admin.parts import asked
from entrepot.doors.console.image import framed
from entrepot.doors.console.retention_fields import own_hidden, own_rows, own_rules_of
from entrepot.doors.console.retention_policies import previewed
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.upkeep import policies
from entrepot.upkeep.policies import Policy
from entrepot.upkeep.preview import preview
from entrepot.upkeep.trials import Trial
from entrepot.values.errors import RuleUnknown, worded


async def edit_own_retention(visit: Visit) -> View:
    """The policy as a form; an empty one when there is none."""
    visit.need_account()
    about, kept = await framed(visit), await _kept(visit)
    rows = own_rows(visit, kept.rules if kept else ())
    return View("images/retention_rules.html", about | {"kept": kept, "rows": rows})


async def save_own_retention(visit: Visit) -> View | Moved:
    """Make or change it, after the preview of what that deletes."""
    step = visit.form.text("step")
    if step == "edit":
        return await edit_own_retention(visit)
    upkeep, path = visit.rooms.upkeep, visit.repository
    about, kept = await framed(visit), await _kept(visit)
    count = len(kept.rules) if kept else 1
    rules = own_rules_of(visit, count)
    if step != "save":
        found = await preview(upkeep, visit.actor, path, Trial(own=rules))
        values = about | {"hidden": own_hidden(visit, count), "action": _here(visit)} | previewed(visit, found)
        return View("images/retention_preview.html", values)
    if kept:
        await policies.change_policy(upkeep, visit.actor, path, kept.id, rules)
    else:
        await policies.create_policy(upkeep, visit.actor, path, rules)
    return Moved(_home(visit), visit.say("Saved. A worker carries the policy out now."))


async def confirm_deleting_own_retention(visit: Visit) -> View:
    """What deleting it means."""
    visit.need_account()
    await _existing(visit)
    says = [
        visit.say("It deletes nothing any more. What it deleted stays in the history and can be had back from there."),
        visit.say("Versions that only this policy keeps may be deleted by other rules that are about them."),
    ]
    title = visit.say("Delete the retention policy of %(name)s", name=visit.repository)
    return asked(title, says, f"{_here(visit)}/delete", visit.say("Delete"), _home(visit))


async def delete_own_retention(visit: Visit) -> Moved:
    """Delete it."""
    kept = await _existing(visit)
    await policies.delete_policy(visit.rooms.upkeep, visit.actor, visit.repository, kept.id)
    return Moved(_home(visit), visit.say("The retention policy was deleted."))


async def _kept(visit: Visit) -> Policy | None:
    found = await policies.list_policies(visit.rooms.upkeep, visit.actor, visit.repository)
    return found[0] if found else None


async def _existing(visit: Visit) -> Policy:
    kept = await _kept(visit)
    if kept is None:
        raise RuleUnknown(worded("{path} has no retention policy.", path=visit.repository), kind="retention-unknown")
    return kept


def _home(visit: Visit) -> str:
    return f"/console/images/{visit.repository}/-/automation"


def _here(visit: Visit) -> str:
    return f"{_home(visit)}/retention"
