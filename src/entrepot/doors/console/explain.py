"""Explain: may somebody do something here, and which permission decides."""

from entrepot.access.levels import Action
from entrepot.doors.console.visit import View, Visit
from entrepot.registry import explaining
from entrepot.registry.explaining import ME, Explained, Scope, parse_action
from entrepot.values.names import OrganizationName, RepositoryName


async def explain_access(visit: Visit) -> View:
    """The question as a form, and when it was asked, the answer with its reasons."""
    visit.need_account()
    name, found = visit.query("name"), None
    if name:
        scope: Scope = RepositoryName.parse(name) if "/" in name else OrganizationName.parse(name)
        action = parse_action(visit.query("action") or Action.REPOSITORY_PULL.partition(":")[2], scope)
        registry, who = visit.rooms.registry, visit.query("who") or ME
        found = await explaining.explain_access(registry, visit.actor, who, action, scope)
    return _shown(visit, found)


async def ask_again(visit: Visit) -> View:
    """The form with what was asked, where there is no answer to it."""
    return _shown(visit, None)


def _shown(visit: Visit, found: Explained | None) -> View:
    action = found.action if found else visit.query("action")
    values = {"who": visit.query("who") or ME, "action": action, "name": visit.query("name"), "found": found}
    return View("explain.html", values)
