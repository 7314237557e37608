"""Maintenance: the whole installation changes nothing for some time, and pulls go on. For operators."""

from datetime import datetime

from entrepot.access.actor import Actor
from entrepot.access.check import require_account
from entrepot.accounts.operators import require_operator
from entrepot.accounts.users import names_of
from entrepot.db.database import Database
from entrepot.db.transaction import Writer
from entrepot.jobs import closing
from entrepot.jobs.closing import INSTALLATION, Closed, Mode
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.operations.events import InstallationClosed, InstallationOpened
from entrepot.operations.room import Operations
from entrepot.values.errors import Unauthenticated

BY_SETTING = "setting"
"""Who closed the installation when its setting did."""
BY_MOVE = "migration"
"""Who closed it while it moved, or when it had moved, to another database or storage."""


async def show_maintenance(operations: Operations, actor: Actor) -> Closed | None:
    """How the installation is closed, with the name of who did it; None when it is open. For every account.

    Raises Unauthenticated or AccessDenied.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with operations.db.reading() as tx:
        found = next(iter(await closing.closed_for(tx)), None)
        if found is None or found.by in (BY_SETTING, BY_MOVE):
            return found
        names = await names_of(tx, [found.by])
    return Closed(found.scope, found.mode, found.message, names.get(found.by, ""), found.since)


async def close_installation(operations: Operations, actor: Actor, mode: Mode, message: str = "") -> None:
    """Change nothing from the next request on, in every process; again, to say it otherwise.

    Raises Unauthenticated, AccessDenied or ParameterInvalid.
    """
    async with operations.db.writing() as tx:
        await require_operator(tx, actor)
        now = operations.clock.now()
        before = await closing.close(tx, INSTALLATION, mode, message, actor.id, now)
        event = InstallationClosed("installation", mode, message, _told(before))
        await publish(tx, event, actor=actor.subject, at=now, domain_id=actor.domain_id, though_closed=True)


async def open_installation(operations: Operations, actor: Actor) -> None:
    """Let everything be changed again. Harmless when it may be. Raises Unauthenticated or AccessDenied."""
    async with operations.db.writing() as tx:
        await require_operator(tx, actor)
        before = await closing.open_again(tx, INSTALLATION)
        if before is not None:
            now, event = operations.clock.now(), InstallationOpened("installation", _told(before))
            await publish(tx, event, actor=actor.subject, at=now, domain_id=actor.domain_id, though_closed=True)


async def follow_setting(operations: Operations, is_read_only: bool) -> None:
    """Be closed, or not any more, as the setting says. For the start of a server.

    What operators closed stays closed, and so does what they closed otherwise meanwhile.
    """
    async with operations.db.writing() as tx:
        found = next(iter(await closing.closed_for(tx)), None)
        now = operations.clock.now()
        if is_read_only and found is None:
            await _close(tx, Mode.READ_ONLY, BY_SETTING, now)
        elif not is_read_only and found is not None and found.by == BY_SETTING:
            await _open_again(tx, found, now)


async def close_to_move(db: Database, now: datetime) -> bool:
    """Change nothing until the installation is elsewhere. False when somebody else had closed it: it is left so."""
    async with db.writing() as tx:
        found = next(iter(await closing.closed_for(tx)), None)
        if found is None:
            await _close(tx, Mode.MAINTENANCE, BY_MOVE, now)
        return found is None or found.by == BY_MOVE


async def open_unmoved(db: Database, now: datetime) -> None:
    """Let everything be changed again, if it was closed to move."""
    async with db.writing() as tx:
        found = next(iter(await closing.closed_for(tx)), None)
        if found is not None and found.by == BY_MOVE:
            await _open_again(tx, found, now)


async def _close(tx: Writer, mode: Mode, by: str, now: datetime) -> None:
    await closing.close(tx, INSTALLATION, mode, "", by, now)
    closed = InstallationClosed("installation", mode, "", {})
    await publish(tx, closed, actor=SYSTEM, at=now, domain_id="", though_closed=True)


async def _open_again(tx: Writer, found: Closed, now: datetime) -> None:
    await closing.open_again(tx, INSTALLATION)
    opened = InstallationOpened("installation", _told(found))
    await publish(tx, opened, actor=SYSTEM, at=now, domain_id="", though_closed=True)


def _told(before: Closed | None) -> dict[str, str]:
    return {} if before is None else {"mode": before.mode, "message": before.message}
