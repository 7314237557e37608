"""Filling: a database is made of the facts of a snapshot, all of it or nothing. For a restore, and for a move."""

import sqlite3
from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from entrepot.backups import loading
from entrepot.backups.progress import Progress
from entrepot.backups.snapshot import Snapshot
from entrepot.blobs import disk
from entrepot.blobs.store import BlobStore
from entrepot.db.sqlite_files import file_of, files_beside, put_in_place
from entrepot.migrations import all_tables, created, upgrade
from entrepot.values.errors import DatabaseUnreachable, EntrepotError, StorageFull, worded

_DRAFT = ".restoring"
_POSTGRES_DISK_FULL = "53100"


async def fill_database(
    url: str,
    store: BlobStore,
    snapshot: Snapshot,
    without: loading.Without,
    progress: Progress,
    then: Callable[[Connection], None] = lambda _connection: None,
) -> None:
    """Make a database of the facts that `store` has pieces of; all of it or nothing: in one transaction on PostgreSQL,
    by a file's new name with SQLite. `then` is done last, as part of it. Raises SchemaPresent where there is one
    already, SnapshotDamaged, StorageFull, DatabaseUnreachable, and what the store raises.
    """
    numbered = {
        table.name: table.autoincrement_column.name
        for table in all_tables().sorted_tables
        if table.autoincrement_column is not None
    }
    file = file_of(url)
    draft = None if file is None else file.with_name(file.name + _DRAFT)
    if file is not None and draft is not None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in (draft, *files_beside(draft)):
            disk.remove(one)
    into = url if draft is None else f"sqlite:///{draft}"
    try:
        with created(into, snapshot.migration) as connection:
            await loading.load(connection, snapshot, store, numbered, without, progress.add)
            then(connection)
        upgrade(into)
    except DBAPIError as error:
        raise trouble_of(error) from error
    if file is not None and draft is not None:
        with disk.trouble():
            put_in_place(draft, file)


def trouble_of(error: DBAPIError) -> EntrepotError:
    """What the driver of the new database says, as an error of ours."""
    is_full = getattr(error.orig, "sqlstate", None) == _POSTGRES_DISK_FULL
    if is_full or getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        return StorageFull("The disk of the new database is full.")
    return DatabaseUnreachable(worded("The new database is in trouble: {error}", error=str(error.orig)))
