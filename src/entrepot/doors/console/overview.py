"""Overview: what the domain holds, what was pulled, what happened last, and what needs somebody."""

import asyncio
from collections.abc import Sequence

from entrepot.audit.look import Told, list_events
from entrepot.audit.wanted import Wanted
from entrepot.doors.console.charts import bars_by_day
from entrepot.doors.console.image_usage import traffic_by_day
from entrepot.doors.console.mirroring import hosts_behind
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.doors.console.welcome import next_step_of
from entrepot.operations.warnings import list_warnings
from entrepot.registry import browse, usage
from entrepot.registry.events import BlobPushed
from entrepot.registry.wanted import WalkOrder, WantedRepositories

_ROWS = 8
_PARTS = (BlobPushed.type,)
"""Left out of what happened: every image comes with many, and says so itself."""


async def show_overview(visit: Visit) -> View | Moved:
    """Counts, storage and traffic by day, the newest images; for administrators, what happened last.

    While there is no organization, administrators get to the first steps instead.
    """
    visit.need_account()
    if first := await next_step_of(visit):
        return first
    registry, say = visit.rooms.registry, visit.language
    # At once: each asks the database for itself. How many images there are is not asked, which would look at them all.
    overview, (newest, _), activity, warnings = await asyncio.gather(
        usage.show_overview(registry, visit.actor),
        browse.list_repositories_from(registry, visit.actor, WantedRepositories(), WalkOrder.UPDATED, True, "", _ROWS),
        _activity(visit),
        list_warnings(visit.rooms.operations, visit.rooms.accounts, visit.actor),
    )
    values = {
        "overview": overview,
        "traffic": traffic_by_day(visit, overview.days),
        "stored": bars_by_day([(one.day, one.stored_bytes or 0) for one in overview.days], say.size, say.day),
        "newest": newest,
        "mirrors": await hosts_behind(visit, newest),
        "activity": activity,
        "warnings": warnings,
    }
    return View("overview.html", values)


async def _activity(visit: Visit) -> Sequence[Told]:
    """What happened last, for those who may see all that happens."""
    if not visit.is_admin:
        return ()
    page = await list_events(visit.rooms.audit, visit.actor, Wanted(without=_PARTS), limit=_ROWS)
    return page.items
