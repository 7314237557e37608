"""Overview: what the domain holds, what was pulled, what happened last, and what needs somebody."""

from collections.abc import Sequence

from entrepot.audit.look import Told, list_events
from entrepot.audit.wanted import Wanted
from entrepot.doors.console.charts import bars_by_day
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.doors.console.welcome import next_step_of
from entrepot.operations.warnings import list_warnings
from entrepot.registry import browse, usage
from entrepot.registry.usage import Report
from entrepot.registry.wanted import RepositoryOrder, WantedRepositories

_ROWS = 8


async def show_overview(visit: Visit) -> View | Moved:
    """Counts, storage and traffic by day, the newest images; for administrators, what happened last.

    While there is no organization, administrators get to the first steps instead.
    """
    visit.need_account()
    if first := await next_step_of(visit):
        return first
    registry, say = visit.rooms.registry, visit.language
    newest = await browse.list_repositories(
        registry, visit.actor, WantedRepositories(), RepositoryOrder.UPDATED, True, 0, _ROWS
    )
    values = {
        "overview": await usage.show_overview(registry, visit.actor),
        "pulled": bars_by_day(await usage.show_report(registry, visit.actor, Report.DOWNFLOW), say.size, say.day),
        "stored": bars_by_day(await usage.show_report(registry, visit.actor, Report.STORE), say.size, say.day),
        "newest": newest.items,
        "activity": await _activity(visit),
        "warnings": await list_warnings(visit.rooms.operations, visit.rooms.accounts, visit.actor),
    }
    return View("overview.html", values)


async def _activity(visit: Visit) -> Sequence[Told]:
    """What happened last, for those who may see all that happens."""
    if not visit.is_admin:
        return ()
    page = await list_events(visit.rooms.audit, visit.actor, Wanted(), limit=_ROWS)
    return page.items
