"""How a mirror is cared for, for operators: what it holds and keeps, what it saves, what its upstream still allows."""

from typing import Any

from entrepot.doors.console.admin.parts import at_its_field
from entrepot.doors.console.charts import pairs_by_day
from entrepot.doors.console.visit import Moved, Visit
from entrepot.mirror import pins
from entrepot.mirror.pin_rules import PINS_MAX, Pin
from entrepot.mirror.usage import show_usage
from entrepot.values.names import OrganizationName


async def care_of(visit: Visit, name: OrganizationName) -> dict[str, Any]:
    """What the page of a mirror shows of it."""
    rooms, language = visit.rooms.mirror, visit.language
    usage = await show_usage(rooms, visit.actor, name)
    names = (visit.say("Sent to clients"), visit.say("Fetched from the upstream"))
    values = [(one.day, one.served_bytes, one.fetched_bytes) for one in usage.days]
    return {
        "usage": usage,
        "traffic": pairs_by_day(values, names, language.size, language.day),
        "days": [one for one in reversed(usage.days) if one.served or one.requests],
        "pins": await pins.list_pins(rooms, visit.actor, name),
        "pins_max": PINS_MAX,
    }


async def pin_images(visit: Visit) -> Moved:
    """Keep images when the mirror is trimmed."""
    form, name = visit.form, OrganizationName.parse(visit.names["mirror"])
    with at_its_field():
        pin = Pin.parse(form.text("repositories"), form.text("tags"))
    await pins.pin_images(visit.rooms.mirror, visit.actor, name, pin)
    return Moved(_at(name), visit.say("%(pin)s is pinned.", pin=str(pin)))


async def unpin_images(visit: Visit) -> Moved:
    """Let images be trimmed again."""
    form, name = visit.form, OrganizationName.parse(visit.names["mirror"])
    pin = Pin(form.text("repositories"), form.text("tags"))
    await pins.unpin_images(visit.rooms.mirror, visit.actor, name, pin)
    return Moved(_at(name), visit.say("%(pin)s is no longer pinned.", pin=str(pin)))


def _at(name: str) -> str:
    return f"/console/admin/mirrors/{name}"
