"""Cold images: what nobody pulled for a long time, with the way to delete it."""

from typing import Final

from entrepot.doors.console.visit import View, Visit
from entrepot.registry import cold
from entrepot.values.names import OrganizationName

_ROWS: Final = 50
_DAYS: Final = (30, 90, 180, 365)


async def list_cold(visit: Visit) -> View:
    """Of the images that the visitor manages."""
    visit.need_account()
    days = cold.parse_days(visit.query("days") or str(cold.DAYS))
    organization = visit.query("organization")
    page = await cold.list_cold_images(
        visit.rooms.registry,
        visit.actor,
        days,
        OrganizationName.parse(organization) if organization else None,
        visit.query("after"),
        _ROWS,
    )
    values = {"page": page, "days": days, "choices": sorted({*_DAYS, days}), "organization": organization}
    return View("images/cold.html", values)
