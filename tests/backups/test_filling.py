"""A database is made of facts wholly or not at all, also where the disk is full at the very end."""

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from entrepot.backups.loading import Without
from entrepot.backups.pieces import PieceWriter
from entrepot.backups.progress import Silent
from entrepot.backups.snapshot import Dumped, Snapshot
from entrepot.blobs.memory import MemoryStore
from entrepot.db.sqlite_files import left_log
from entrepot.filling import fill_database
from entrepot.migrations import newest_revision
from entrepot.values.errors import StorageFull
from tests.live.durability.disks import full_disk

KIB = 1 << 10
ROWS = 6_000


async def facts(store: MemoryStore) -> Snapshot:
    """A megabyte of them."""
    writer = PieceWriter(store)
    for number in range(ROWS):
        await writer.add(b'["d%06d","%s","2026-01-01T00:00:00+00:00"]\n' % (number, os.urandom(60).hex().encode()))
    await writer.flush()
    columns = [("id", "text"), ("name", "text"), ("created_at", "time")]
    table = Dumped("domain", columns, ROWS, None, writer.pieces)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Snapshot("s", at, "0.0.1", newest_revision(), "sqlite", 0, 0, False, "", [], [table])


async def test_a_disk_that_is_full_at_any_moment_leaves_no_database_and_with_room_it_is_whole(tmp_path: Path) -> None:
    """SQLite does not tell when there is no room for the file itself, after all was written to its log."""
    store = MemoryStore()
    snapshot = await facts(store)
    with full_disk(tmp_path / "disk", 16 << 20) as disk:
        file = disk.folder / "entrepot.db"
        for free, said in ((1_500, "The disk of the new database"), (4_500, "There is no room for the database")):
            disk.fill(leave_bytes=free * KIB)
            with pytest.raises(StorageFull, match=said):
                await fill_database(f"sqlite:///{file}", store, snapshot, Without(), Silent())
            assert not file.exists(), free
            disk.free()
            for one in disk.folder.iterdir():
                one.unlink()
        await fill_database(f"sqlite:///{file}", store, snapshot, Without(), Silent())
        assert [one.name for one in disk.folder.iterdir()] == [file.name]
        connection = sqlite3.connect(file)
        assert connection.execute("SELECT count(*) FROM domain").fetchone() == (ROWS,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


def test_the_log_of_a_database_that_is_gone_is_seen(tmp_path: Path) -> None:
    file, log = tmp_path / "entrepot.db", tmp_path / "entrepot.db-wal"
    log.write_bytes(b"frames")

    assert left_log(file) == log
    file.touch()
    assert left_log(file) == log
    file.write_bytes(b"a database")
    assert left_log(file) is None
