"""How one image is used: what came and went by day, pulls by tag; and what is set up to happen with it."""

from collections.abc import Sequence
from datetime import date

from entrepot.access.levels import Level
from entrepot.doors.console.charts import Chart, bars_by_day, pairs_by_day
from entrepot.doors.console.image import framed
from entrepot.doors.console.image_copies import copies_of
from entrepot.doors.console.visit import View, Visit
from entrepot.registry import storage, usage
from entrepot.registry.last_pulls import show_last_pull
from entrepot.registry.usage import Day
from entrepot.triggers import definitions
from entrepot.upkeep import policies
from entrepot.webhooks.definitions import list_webhooks
from entrepot.webhooks.shown import Webhook


async def show_image_usage(visit: Visit) -> View:
    """Pulls, pushes and bytes of the last days, by day; pulls by tag."""
    about = await framed(visit)
    registry, language = visit.rooms.registry, visit.language
    days = await usage.show_traffic(registry, visit.actor, visit.repository)
    by_tag: dict[str, tuple[int, int, date]] = {}
    for one in await usage.show_pulls(registry, visit.actor, visit.repository):
        pulls, count, last = by_tag.get(one.tag, (0, 0, one.day))
        by_tag[one.tag] = (pulls + one.pulls, count + one.bytes, max(last, one.day))
    values = {
        "storage": await storage.show_repository_storage(registry, visit.actor, visit.repository),
        "last_pull": await show_last_pull(registry, visit.actor, visit.repository),
        "days": list(reversed(days)),
        "pulls_by_day": bars_by_day([(one.day, one.pulls) for one in days], language.number, language.day),
        "bytes_by_day": traffic_by_day(visit, days),
        "tags": sorted(((tag, *numbers) for tag, numbers in by_tag.items()), key=lambda row: (-row[1], row[0])),
        "pulls": sum(one.pulls for one in days),
        "pushes": sum(one.pushes for one in days),
        "bytes": sum(one.pulled_bytes + one.pushed_bytes for one in days),
    }
    return View("images/usage.html", about | values)


def traffic_by_day(visit: Visit, days: Sequence[Day]) -> Chart:
    """Bytes out and in."""
    names = (visit.say("Bytes pulled"), visit.say("Bytes pushed"))
    values = [(one.day, one.pulled_bytes, one.pushed_bytes) for one in days]
    return pairs_by_day(values, names, visit.language.size, visit.language.day)


async def show_automation(visit: Visit) -> View:
    """Webhooks, for who manages the image; its copies in other regions; triggers and retention rules kept for it."""
    visit.need_account()
    about = await framed(visit)
    triggers = await definitions.list_triggers(visit.rooms.triggers, visit.actor, visit.repository)
    retention = await policies.list_policies(visit.rooms.upkeep, visit.actor, visit.repository)
    kept = [rule for policy in retention for rule in policy.rules]
    hooks = await _webhooks(visit) if about["level"] >= Level.MANAGE else None
    values = {"webhooks": hooks, "triggers": triggers, "rules": kept}
    return View("images/automation.html", about | values | await copies_of(visit))


async def _webhooks(visit: Visit) -> Sequence[Webhook]:
    """Of the image itself; those of its organization are on its own page."""
    path, rooms = visit.repository, visit.rooms.webhooks
    page = await list_webhooks(rooms, visit.actor, path.organization, path, limit=rooms.settings.webhooks_max)
    return page.items
