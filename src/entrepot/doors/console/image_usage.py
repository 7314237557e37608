"""How one image is used: pulls by day and by tag; and what is set up to happen with it."""

from collections import defaultdict
from datetime import date, timedelta

from entrepot.doors.console.charts import bars_by_day
from entrepot.doors.console.image import framed
from entrepot.doors.console.visit import View, Visit
from entrepot.registry import usage
from entrepot.registry.usage import REPORT_DAYS
from entrepot.triggers import definitions
from entrepot.upkeep import policies


async def show_image_usage(visit: Visit) -> View:
    """Pulls and bytes of the last days, by day and by tag."""
    about = await framed(visit)
    found = await usage.show_pulls(visit.rooms.registry, visit.actor, visit.repository)
    by_day: dict[date, tuple[int, int]] = defaultdict(lambda: (0, 0))
    by_tag: dict[str, tuple[int, int, date]] = {}
    for one in found:
        pulls, count = by_day[one.day]
        by_day[one.day] = (pulls + one.pulls, count + one.bytes)
        pulls, count, last = by_tag.get(one.tag, (0, 0, one.day))
        by_tag[one.tag] = (pulls + one.pulls, count + one.bytes, max(last, one.day))
    today, language = visit.now.date(), visit.language
    days = [today - timedelta(days=back) for back in range(REPORT_DAYS - 1, -1, -1)]
    values = {
        "days": [(day, *by_day[day]) for day in reversed(days)],
        "pulls_by_day": bars_by_day([(day, by_day[day][0]) for day in days], language.number, language.day),
        "bytes_by_day": bars_by_day([(day, by_day[day][1]) for day in days], language.size, language.day),
        "tags": sorted(((tag, *numbers) for tag, numbers in by_tag.items()), key=lambda row: (-row[1], row[0])),
        "pulls": sum(one.pulls for one in found),
        "bytes": sum(one.bytes for one in found),
    }
    return View("images/usage.html", about | values)


async def show_automation(visit: Visit) -> View:
    """Triggers and retention rules that are kept for the image."""
    visit.need_account()
    about = await framed(visit)
    triggers = await definitions.list_triggers(visit.rooms.triggers, visit.actor, visit.repository)
    retention = await policies.list_policies(visit.rooms.upkeep, visit.actor, visit.repository)
    kept = [rule for policy in retention for rule in policy.rules]
    return View("images/automation.html", about | {"triggers": triggers, "rules": kept})
