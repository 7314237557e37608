"""Overview: what the domain holds and what happens in it."""

from entrepot.doors.console.visit import View, Visit
from entrepot.registry import usage
from entrepot.registry.usage import Report


async def show_overview(visit: Visit) -> View:
    """Counts, storage and traffic by day."""
    visit.need_account()
    registry = visit.rooms.registry
    overview = await usage.show_overview(registry, visit.actor)
    traffic = await usage.show_report(registry, visit.actor, Report("downflow"))
    return View("overview.html", {"overview": overview, "traffic": traffic})
