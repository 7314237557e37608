"""Arriving: what is written, and looked for, in the new database of an installation that moves; and left in the old."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select

from entrepot.backups.make import Installation, all_of
from entrepot.db.database import Database
from entrepot.intake.tables import archive
from entrepot.jobs.closing import INSTALLATION, Mode, closed_for
from entrepot.jobs.events import rows_of
from entrepot.jobs.notes import SYSTEM
from entrepot.jobs.tables import closed, event
from entrepot.operations.events import InstallationClosed, InstallationOpened
from entrepot.operations.maintenance import BY_MOVE
from entrepot.registry.tables import upload, upload_part


def open_there(connection: Connection, at: datetime) -> None:
    """Open the installation that was loaded, in the caller's transaction; what others had closed stays closed."""
    is_moved = (closed.c.scope == INSTALLATION) & (closed.c.closed_by == BY_MOVE)
    if connection.execute(delete(closed).where(is_moved)).rowcount:
        opened = InstallationOpened("installation", {"mode": Mode.MAINTENANCE, "message": ""})
        connection.execute(insert(event), rows_of([opened], SYSTEM, at, domain_id=""))


async def closing_event(db: Database) -> str:
    """The event by which an installation was closed; empty while it is open, or when that is forgotten."""
    found = select(event.c.id).where(event.c.type == InstallationClosed.type, event.c.subject == "installation")
    async with db.reading() as tx:
        if not await closed_for(tx):
            return ""
        return await tx.value(found.order_by(event.c.xid.desc(), event.c.seq.desc()).limit(1)) or ""


def with_event(id_: str) -> Select[Any]:
    """Finds a row where facts were loaded that were dumped after an event."""
    return select(event.c.id).where(event.c.id == id_)


async def count_rows(installation: Installation) -> int:
    """The rows that would be loaded."""
    async with installation.db.reading() as tx:
        return sum([int(await tx.value(select(func.count()).select_from(one))) for one in all_of(installation)])


async def forget_parts(db: Database) -> None:
    """Of what is on its way, the parts are in the storage before: clients are told to begin anew."""
    async with db.writing() as tx:
        for table in (upload_part, upload, archive):
            await tx.run(delete(table))
