"""The files of a database in SQLite, and how one that was made beside gets its name: whole, or not at all."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy import make_url

from entrepot.values.errors import StorageFailed, StorageFull, worded


def file_of(url: str) -> Path | None:
    """The file of a database; None when it is no file."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def files_beside(file: Path) -> list[Path]:
    """What SQLite may have left beside a database: its log above all."""
    return [file.with_name(file.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def left_log(file: Path) -> Path | None:
    """The log of a database that is gone itself. SQLite would take it for that of whatever gets the name."""
    if file.exists() and file.stat().st_size:
        return None
    return next((one for one in files_beside(file) if one.exists() and one.stat().st_size), None)


def put_in_place(draft: Path, file: Path) -> None:
    """Let a database that nobody has open get its name. Blocks.

    What is still in its log comes into the file first: on closing, SQLite tells nobody when there was no room for that,
    and the file without its log would look whole. Raises StorageFull, StorageFailed or OSError.
    """
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        raise StorageFull(
            worded("There is no room for the database {file} ({error}).", file=file, error=error)
        ) from error
    finally:
        connection.close()
    if is_busy:
        raise StorageFailed(worded("Another process has the database {file} open.", file=draft))
    handle = os.open(draft, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    draft.rename(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
