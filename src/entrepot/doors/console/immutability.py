"""Tags that stay where they are: the rules of an organization, made, changed, switched on and off, deleted."""

import re
from collections.abc import Mapping
from typing import Any, Final

from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.registry import immutability, organizations
from entrepot.registry.immutability_rules import RULES_MAX, Rule
from entrepot.values.errors import RuleUnknown, quoted, worded

_BETWEEN: Final = re.compile(r"[\s,]+")
_DIGITS_MAX: Final = 18


async def show_immutability(visit: Visit) -> View:
    """The rules, and for managers the form for one more."""
    registry, name = visit.rooms.registry, visit.organization
    found = await organizations.show_organization(registry, visit.actor, name)
    rules = await immutability.list_rules(registry, visit.actor, name)
    values = {"organization": found, "rules": rules, "rules_max": RULES_MAX}
    return View("organizations/immutability.html", values)


async def create_immutability_rule(visit: Visit) -> Moved:
    """One more rule; it holds from now on."""
    name, said = visit.organization, _said(visit)
    rule = Rule("*", "*").changed(said)
    made = await immutability.create_rule(visit.rooms.registry, visit.actor, name, rule)
    return Moved(_home(visit), visit.say("Rule %(number)s holds from now on.", number=made.standing.id))


async def edit_immutability_rule(visit: Visit) -> View:
    """One rule as a form."""
    registry, name = visit.rooms.registry, visit.organization
    found = await organizations.show_organization(registry, visit.actor, name)
    rule = await immutability.show_rule(registry, visit.actor, name, _number(visit))
    return View("organizations/immutability_rule.html", {"organization": found, "kept": rule})


async def change_immutability_rule(visit: Visit) -> Moved:
    """Let it say what the form says."""
    registry, name = visit.rooms.registry, visit.organization
    await immutability.change_rule(registry, visit.actor, name, _number(visit), _said(visit))
    return Moved(_home(visit), visit.say("Saved."))


async def enable_immutability_rule(visit: Visit) -> Moved:
    """Switch it on."""
    return await _switch(visit, True)


async def disable_immutability_rule(visit: Visit) -> Moved:
    """Switch it off; it stays and holds for nothing."""
    return await _switch(visit, False)


async def confirm_rule_deletion(visit: Visit) -> View:
    """What deleting it means."""
    registry, name = visit.rooms.registry, visit.organization
    found = await organizations.show_organization(registry, visit.actor, name)
    rule = await immutability.show_rule(registry, visit.actor, name, _number(visit))
    return View("organizations/delete_rule.html", {"organization": found, "kept": rule})


async def delete_immutability_rule(visit: Visit) -> Moved:
    """Delete it; its tags can move and go again."""
    number = _number(visit)
    await immutability.delete_rule(visit.rooms.registry, visit.actor, visit.organization, number)
    return Moved(_home(visit), visit.say("Rule %(number)s was deleted.", number=number))


async def _switch(visit: Visit, is_enabled: bool) -> Moved:
    registry, number = visit.rooms.registry, _number(visit)
    await immutability.change_rule(registry, visit.actor, visit.organization, number, {"enabled": is_enabled})
    if is_enabled:
        return Moved(_home(visit), visit.say("Rule %(number)s holds from now on.", number=number))
    return Moved(_home(visit), visit.say("Rule %(number)s holds for nothing now.", number=number))


def _said(visit: Visit) -> Mapping[str, Any]:
    """What the form says, in the words of a rule's document. An empty pattern is all."""
    form = visit.form
    return {
        "repositories": form.text("repositories") or "*",
        "tags": form.text("tags") or "*",
        "exclusions": [one for one in _BETWEEN.split(form.text("exclusions")) if one],
        "description": form.text("description"),
    }


def _number(visit: Visit) -> int:
    text = visit.names["rule"]
    if len(text) > _DIGITS_MAX or not text.isascii() or not text.isdigit():
        raise RuleUnknown(worded("A rule has a number; {text} is none.", text=quoted(text)))
    return int(text)


def _home(visit: Visit) -> str:
    return f"/console/organizations/{visit.organization}/-/immutability"
