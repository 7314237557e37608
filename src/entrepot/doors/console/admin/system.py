"""System, for operators: what the installation is, how it does now, what is set."""

from typing import Final

from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.jobs.closing import Mode
from entrepot.operations import maintenance
from entrepot.operations.system import show_system as look
from entrepot.registry import quotas
from entrepot.values.words import one_of

_SYSTEM: Final = "/console/admin/system"


async def show_system(visit: Visit) -> View:
    """The installation, looked at now."""
    found = await look(visit.rooms.operations, visit.actor)
    held = await quotas.show_default_limits(visit.rooms.registry, visit.actor)
    state = await maintenance.show_maintenance(visit.rooms.operations, visit.actor)
    return View("admin/system.html", {"system": found, "limits": held, "state": state})


async def start_maintenance(visit: Visit) -> Moved:
    """Change nothing from now on."""
    mode, message = one_of(Mode, visit.form.text("mode"), "mode"), visit.form.text("message")
    await maintenance.close_installation(visit.rooms.operations, visit.actor, mode, message)
    return Moved(_SYSTEM, visit.say("Nothing is changed from now on."))


async def end_maintenance(visit: Visit) -> Moved:
    """Let everything be changed again."""
    await maintenance.open_installation(visit.rooms.operations, visit.actor)
    return Moved(_SYSTEM, visit.say("Everything can be changed again."))
