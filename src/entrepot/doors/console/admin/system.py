"""System, for operators: what the installation is, how it does now, what is set."""

from entrepot.doors.console.visit import View, Visit
from entrepot.operations.system import show_system as look
from entrepot.registry import quotas


async def show_system(visit: Visit) -> View:
    """The installation, looked at now."""
    found = await look(visit.rooms.operations, visit.actor)
    held = await quotas.show_default_limits(visit.rooms.registry, visit.actor)
    return View("admin/system.html", {"system": found, "limits": held})
