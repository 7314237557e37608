"""Retention policies of an organization as forms. Nothing is put in force before the page has shown what it deletes."""

from dataclasses import replace
from typing import Any, Final

from entrepot.doors.console.admin.parts import asked
from entrepot.doors.console.retention import in_words
from entrepot.doors.console.retention_fields import wide_hidden, wide_policy_of, wide_rows
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import organizations
from entrepot.upkeep import runs, wide_policies
from entrepot.upkeep.dry_run import why
from entrepot.upkeep.preview import Preview, preview
from entrepot.upkeep.trials import Trial
from entrepot.upkeep.wide_policies import Kept
from entrepot.upkeep.wide_rules import RULES_MAX, WidePolicy
from entrepot.values.errors import RuleUnknown, quoted, worded

_DIGITS_MAX: Final = 18


async def new_retention_policy(visit: Visit) -> View:
    """The form for one more."""
    return await _form(visit, None)


async def create_retention_policy(visit: Visit) -> View | Moved:
    """One more, after its preview; one that is not enabled at once."""
    if visit.form.text("step") in ("row", "edit"):
        return await _form(visit, None)
    policy = wide_policy_of(visit)
    if policy.is_enabled and visit.form.text("step") != "save":
        return await _asked_once_more(visit, Trial(policy=policy), f"{_home(visit)}/-/new", wide_hidden(visit))
    await wide_policies.create_wide_policy(visit.rooms.upkeep, visit.actor, visit.organization, policy)
    return Moved(_home(visit), _said(visit, policy))


async def edit_retention_policy(visit: Visit) -> View:
    """One policy as a form."""
    return await _form(visit, await _kept(visit))


async def change_retention_policy(visit: Visit) -> View | Moved:
    """Let it say what the form says, after the preview of that."""
    kept = await _kept(visit)
    if visit.form.text("step") in ("row", "edit"):
        return await _form(visit, kept)
    policy = wide_policy_of(visit)
    if policy.is_enabled and visit.form.text("step") != "save":
        return await _asked_once_more(visit, Trial(kept.id, policy), _at(visit, kept), wide_hidden(visit))
    upkeep, name = visit.rooms.upkeep, visit.organization
    await wide_policies.change_wide_policy(upkeep, visit.actor, name, kept.id, policy)
    return Moved(_home(visit), _said(visit, policy))


async def confirm_enabling_retention_policy(visit: Visit) -> View:
    """What it would delete."""
    kept = await _kept(visit)
    return await _asked_once_more(visit, Trial(kept.id), f"{_at(visit, kept)}/enable", (), is_form=False)


async def enable_retention_policy(visit: Visit) -> Moved:
    """Put it in force."""
    return await _switch(visit, True)


async def disable_retention_policy(visit: Visit) -> Moved:
    """Let it stand and do nothing."""
    return await _switch(visit, False)


async def confirm_deleting_retention_policy(visit: Visit) -> View:
    """What deleting it means, which is not only that less is deleted."""
    kept = await _kept(visit)
    says = [
        visit.say("It deletes nothing any more. What it deleted stays in the history and can be had back from there."),
        visit.say("Versions that only this policy keeps may be deleted by other rules that are about them."),
    ]
    title = visit.say("Delete policy %(number)s", number=kept.id)
    return asked(title, says, f"{_at(visit, kept)}/delete", visit.say("Delete"), _home(visit))


async def delete_retention_policy(visit: Visit) -> Moved:
    """Delete it."""
    number = _number(visit)
    await wide_policies.delete_wide_policy(visit.rooms.upkeep, visit.actor, visit.organization, number)
    return Moved(_home(visit), visit.say("Policy %(number)s was deleted.", number=number))


async def run_organization_retention(visit: Visit) -> Moved:
    """Have all rules of the organization and its images carried out now."""
    await runs.request_run(visit.rooms.upkeep, visit.actor, visit.organization, bool(visit.form.text("force")))
    return Moved(_home(visit), visit.say("A worker carries the rules out now."))


def previewed(visit: Visit, found: Preview) -> dict[str, Any]:
    """What pages show of a preview."""
    going = [(path, one, in_words(visit, why(one))) for path, one in found.going]
    held = "" if found.held_by is None else in_words(visit, found.held_by.said)
    return {"preview": found, "going": going, "held": held}


async def _form(visit: Visit, kept: Kept | None) -> View:
    values = {
        "organization": await organizations.show_organization(visit.rooms.registry, visit.actor, visit.organization),
        "kept": kept,
        "policy": kept.policy if kept and not visit.form else None,
        "rows": wide_rows(visit, kept.policy if kept else None),
        "rules_max": RULES_MAX,
    }
    return View("organizations/retention_policy.html", values)


async def _asked_once_more(visit: Visit, trial: Trial, action: str, hidden: Any, is_form: bool = True) -> View:
    name = visit.organization
    found = await preview(visit.rooms.upkeep, visit.actor, name, trial)
    organization = await organizations.show_organization(visit.rooms.registry, visit.actor, name)
    values = {"organization": organization, "action": action, "hidden": hidden, "is_form": is_form}
    return View("organizations/retention_preview.html", values | previewed(visit, found))


async def _switch(visit: Visit, is_enabled: bool) -> Moved:
    kept = await _kept(visit)
    policy = replace(kept.policy, is_enabled=is_enabled)
    await wide_policies.change_wide_policy(visit.rooms.upkeep, visit.actor, visit.organization, kept.id, policy)
    return Moved(_home(visit), _said(visit, policy))


def _said(visit: Visit, policy: WidePolicy) -> str:
    if policy.is_enabled:
        return visit.say("Saved. A worker carries the policy out now.")
    return visit.say("Saved. The policy is off and deletes nothing.")


async def _kept(visit: Visit) -> Kept:
    visit.need_account()
    return await wide_policies.show_wide_policy(visit.rooms.upkeep, visit.actor, visit.organization, _number(visit))


def _number(visit: Visit) -> int:
    text = visit.names["policy"]
    if len(text) > _DIGITS_MAX or not text.isascii() or not text.isdigit():
        raise RuleUnknown(worded("A policy has a number; {text} is none.", text=quoted(text)))
    return int(text)


def _home(visit: Visit) -> str:
    return f"/console/organizations/{visit.organization}/-/retention"


def _at(visit: Visit, kept: Kept) -> str:
    return f"{_home(visit)}/{kept.id}"
