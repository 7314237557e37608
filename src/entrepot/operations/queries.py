"""SQL about the database itself, and about backups."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text

from entrepot.accounts.tables import signing_key
from entrepot.db.transaction import Reader, Writer
from entrepot.operations.tables import backup


async def version_of(tx: Reader, dialect: str) -> str:
    """The version of the database, without the name of its makers."""
    if dialect == "sqlite":
        return str(await tx.value(select(func.sqlite_version())))
    return str(await tx.value(text("SHOW server_version"))).partition(" ")[0]


async def size_of(tx: Reader, dialect: str) -> int:
    """Bytes the database takes, with what was deleted and is not used again yet."""
    if dialect == "sqlite":
        return int(await tx.value(text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")))
    return int(await tx.value(text("SELECT pg_database_size(current_database())")))


async def newest_key(tx: Reader) -> datetime | None:
    """When the newest signing key was made; None before the first token."""
    return await tx.value(select(func.max(signing_key.c.created_at)))  # type: ignore[no-any-return]  # a time


async def save_backup(
    tx: Writer, place: str, snapshot: str, made_at: datetime, ended_at: datetime, sizes: tuple[int, int]
) -> None:
    """The newest snapshot of a place. `sizes`: its blobs and their bytes."""
    values = {"snapshot": snapshot, "made_at": made_at, "ended_at": ended_at, "blobs": sizes[0], "bytes": sizes[1]}
    saved = tx.insert(backup).values(place=place, **values)
    await tx.run(saved.on_conflict_do_update(index_elements=["place"], set_=values))


async def last_backup(tx: Reader) -> Row[Any] | None:
    return await tx.row(select(backup).order_by(backup.c.made_at.desc()).limit(1))
