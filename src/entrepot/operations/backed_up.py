"""Backed up: that it was done, and when it was done last. The work itself is in the room `backups`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from entrepot.db.database import Database
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.operations import queries
from entrepot.operations.events import BackupMade

_PLACE_CHARS_MAX: Final = 1_024


@dataclass(frozen=True, slots=True)
class Backup:
    """A snapshot: of the moment `made_at`, whole since `ended_at`. `blobs` and `bytes` of all its images."""

    place: str
    snapshot: str
    made_at: datetime
    ended_at: datetime
    blobs: int
    bytes: int


async def note_backup(db: Database, made: Backup) -> None:
    """Write down that a snapshot was made, also while the installation is closed. Raises what the database raises."""
    place = made.place[:_PLACE_CHARS_MAX]
    async with db.writing() as tx:
        await queries.save_backup(tx, place, made.snapshot, made.made_at, made.ended_at, (made.blobs, made.bytes))
        told = BackupMade("installation", place, made.snapshot, made.blobs, made.bytes)
        await publish(tx, told, actor=SYSTEM, at=made.ended_at, though_closed=True)


async def last_backup(tx: Reader) -> Backup | None:
    """The newest of all places; None before the first."""
    row = await queries.last_backup(tx)
    return None if row is None else Backup(**row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it
