"""Maintenance and read-only: nothing is changed for some time, and pulls go on. The contract has no call for it."""

from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheOrganization
from entrepot.doors.manage.fields import Body, Text, Word
from entrepot.jobs.closing import Closed, Mode
from entrepot.operations import maintenance
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import closing
from entrepot.values.words import one_of


class StartMaintenance(Body):
    """`mode`: `maintenance`, for which clients are told to try again, or `read-only`, which lasts."""

    mode: Word = Mode.MAINTENANCE
    message: Text = ""


class MakeReadOnly(Body):
    message: Text = ""


class MaintenanceState(BaseModel):
    """Without `mode`, all is open. `by`: who closed it; `setting` when the setting `read_only` did."""

    mode: Mode | None = None
    message: str | None = None
    by: str | None = None
    since: str | None = None


async def show_maintenance(call: TheCall) -> MaintenanceState:
    """Whether the installation changes nothing for now, and why."""
    return _state(await maintenance.show_maintenance(call.rooms.operations, call.actor))


async def start_maintenance(call: TheCall, body: StartMaintenance) -> MaintenanceState:
    """Change nothing from the next request on, in every process. For operators."""
    mode = one_of(Mode, body.mode, "mode")
    await maintenance.close_installation(call.rooms.operations, call.actor, mode, body.message)
    return _state(await maintenance.show_maintenance(call.rooms.operations, call.actor))


async def end_maintenance(call: TheCall) -> None:
    """Let everything be changed again. For operators."""
    await maintenance.open_installation(call.rooms.operations, call.actor)


async def make_namespace_read_only(call: TheCall, namespace: TheOrganization, body: MakeReadOnly) -> None:
    """Change nothing in an organization until it is opened again. For administrators of its domain."""
    await closing.close_organization(call.registry, call.actor, namespace, body.message)


async def make_namespace_writable(call: TheCall, namespace: TheOrganization) -> None:
    """Let an organization be changed again. For administrators of its domain."""
    await closing.open_organization(call.registry, call.actor, namespace)


def _state(found: Closed | None) -> MaintenanceState:
    if found is None:
        return MaintenanceState()
    return MaintenanceState(mode=found.mode, message=found.message, by=found.by, since=rfc3339(found.since))
