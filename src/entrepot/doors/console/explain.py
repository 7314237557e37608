"""Explain: may somebody do something here, and which permission decides."""

from entrepot.access.levels import Action
from entrepot.doors.console.problems import sentence_of
from entrepot.doors.console.visit import View, Visit
from entrepot.registry import explaining
from entrepot.registry.explaining import ME, Explained, parse_action, parse_what
from entrepot.values.errors import Refused


async def explain_access(visit: Visit) -> View:
    """The question as a form, and when it was asked, the answer with its reasons."""
    visit.need_account()
    name, found = visit.query("name"), None
    if name:
        scope, tag = parse_what(name)
        action = parse_action(visit.query("action") or Action.REPOSITORY_PULL.partition(":")[2], scope)
        registry, who = visit.rooms.registry, visit.query("who") or ME
        found = await explaining.explain_access(registry, visit.actor, who, action, scope, tag)
    return _shown(visit, found)


async def ask_again(visit: Visit) -> View:
    """The form with what was asked, where there is no answer to it."""
    return _shown(visit, None)


def _shown(visit: Visit, found: Explained | None) -> View:
    action = found.action if found else visit.query("action")
    said = [(one.is_passed, sentence_of(Refused(one.sentence), visit.language)) for one in found.gates] if found else []
    values = {
        "gates": said,
        "who": visit.query("who") or ME,
        "action": action,
        "name": visit.query("name"),
        "found": found,
    }
    return View("explain.html", values)
