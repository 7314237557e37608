"""`entrepot backup` and `restore` without a server: keys, places that are taken, what is left of an earlier try."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from entrepot.backups.restore import MARK
from entrepot.blobs.layout import blob_key
from entrepot.migrations import upgrade
from entrepot.plumbing.sealing import new_key, write_keys
from entrepot.safekeeping import is_own
from entrepot.settings import load
from entrepot.values.digest import Digest
from tests.cli.run import Ran, Run

CONTENT = b"a layer"
KEY = blob_key(Digest.of(CONTENT))


def keep_blob(storage: Path, content: bytes) -> None:
    file = storage / blob_key(Digest.of(content))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An installation with one blob."""
    data = tmp_path / "data"
    data.mkdir()
    upgrade(f"sqlite:///{data / 'entrepot.db'}")
    connection = sqlite3.connect(data / "entrepot.db")
    row = (str(Digest.of(CONTENT)), len(CONTENT), "2026-01-01 00:00:00.000000")
    connection.execute("INSERT INTO blob (digest, size, stored_at) VALUES (?, ?, ?)", row)
    connection.commit()
    connection.close()
    keep_blob(data / "storage", CONTENT)
    write_keys(data / "secret-key", [new_key()])
    return data


@pytest.fixture
def place(run: Run, data: Path, tmp_path: Path) -> Path:
    """A backup of it, without the key."""
    made = run("backup", str(tmp_path / "place"), "--data", str(data))
    assert made.code == 0, made.err
    return tmp_path / "place"


Restore = Callable[..., Ran]


@pytest.fixture
def restore(run: Run, place: Path, tmp_path: Path) -> Restore:
    """Into a data folder of this name."""
    return lambda name, *words: run("restore", str(place), "--data", str(tmp_path / name), *map(str, words))


def is_there(data: Path) -> bool:
    """Whether the installation is, wholly."""
    with sqlite3.connect(data / "entrepot.db") as connection:
        rows = connection.execute("SELECT size FROM blob").fetchall()
    connection.close()
    return (data / "storage" / KEY).read_bytes() == CONTENT and rows == [(len(CONTENT),)]


def test_nothing_is_restored_without_the_right_key_and_nothing_backed_up_into_itself(
    run: Run, restore: Restore, data: Path, place: Path, tmp_path: Path
) -> None:
    said = {
        "The secret key is not part of this backup.": restore("new"),
        "where the installation itself keeps its bytes": run("backup", str(data / "storage"), "--data", str(data)),
        "There is no installation in": run("backup", str(place), "--data", str(tmp_path / "nothing")),
        "There is no snapshot '20000101T000000Z' here": restore("new", "--snapshot", "20000101T000000Z"),
    }
    write_keys(tmp_path / "new" / "secret-key", [new_key()])
    said["is not the one of this backup"] = restore("new")

    for words, ran in said.items():
        assert (ran.code, words in ran.err) == (1, True), (words, ran)
    (tmp_path / "new" / "secret-key").write_bytes((data / "secret-key").read_bytes())
    assert restore("new").code == 0
    assert is_there(tmp_path / "new")
    assert restore("lost", "--lost-secret-key").code == 0
    assert is_there(tmp_path / "lost")
    again = restore("new")
    assert (again.code, "There is an installation already" in again.err) == (1, True)


def test_nothing_that_is_kept_is_readable_by_others(run: Run, data: Path, tmp_path: Path) -> None:
    """Also in folders that somebody made with `mkdir` or `install -D`."""
    for name in ("guarded", "new"):
        (tmp_path / name).mkdir(mode=0o755)
    assert run("backup", str(tmp_path / "guarded"), "--data", str(data), "--with-secret-key").code == 0
    assert run("restore", str(tmp_path / "guarded"), "--data", str(tmp_path / "new")).code == 0

    files = [one for name in ("guarded", "new") for one in (tmp_path / name).rglob("*") if one.is_file()]
    assert {"secret-key", "backup.json", "entrepot.db"} <= {one.name for one in files}
    assert [one for one in files if one.stat().st_mode & 0o077] == []


def test_a_storage_with_blobs_of_somebody_else_is_refused(restore: Restore, place: Path, tmp_path: Path) -> None:
    """What the facts of the backup do not name would be left over there, and be collected."""
    storage = tmp_path / "theirs"
    keep_blob(storage, b"of a server")
    words = ("--lost-secret-key", "--storage-url", storage)

    refused = restore("new", *words)
    assert (refused.code, f"There are blobs in the storage {storage} already" in refused.err) == (1, True)
    assert [one.name for one in storage.iterdir()] == ["blobs"]
    kept = restore("new", *words, "--keep-storage")
    assert kept.code == 0, kept.err
    assert (storage / KEY).read_bytes() == CONTENT


def test_a_storage_in_which_a_restore_began_is_gone_on_with(restore: Restore, place: Path, tmp_path: Path) -> None:
    blob = place / KEY
    held = blob.read_bytes()
    blob.unlink()
    assert restore("new", "--lost-secret-key").code == 1
    assert (tmp_path / "new" / "storage" / MARK).exists()

    blob.write_bytes(held)
    keep_blob(tmp_path / "new" / "storage", b"of the first try")
    assert restore("new", "--lost-secret-key").code == 0
    assert is_there(tmp_path / "new")
    assert not (tmp_path / "new" / "storage" / MARK).exists()


def test_the_log_of_a_database_that_is_gone_is_not_written_over_the_new_one(
    run: Run, restore: Restore, data: Path, tmp_path: Path
) -> None:
    """SQLite would take it for that of the database which has the name now."""
    new = tmp_path / "new"
    new.mkdir()
    log = new / "entrepot.db-wal"
    log.write_bytes(b"frames")

    refused = restore("new", "--lost-secret-key")
    assert (refused.code, f"its log is left: {log}" in refused.err) == (1, True), refused
    moved = run("migrate", "--data", str(data), "--to-database", f"sqlite:///{new / 'entrepot.db'}")
    assert (moved.code, f"its log is left: {log}" in moved.err) == (1, True), moved
    log.unlink()
    assert restore("new", "--lost-secret-key").code == 0
    assert is_there(new)


@pytest.mark.parametrize(
    ("place", "is_its_own"),
    [
        ("s3://images/prod", True),
        ("s3://images/prod/?region=eu-1", True),
        ("s3://key:secret@images/prod", True),
        ("s3://images/prod-backup", False),
        ("s3://others/prod", False),
        ("{data}", True),
        ("{data}/backups", False),
    ],
)
def test_the_storage_is_known_however_it_is_spelled(tmp_path: Path, place: str, is_its_own: bool) -> None:
    settings = load({"data": tmp_path, "storage_url": "s3://images/prod?endpoint=https://s3.example"}).settings

    assert is_own(settings, place.format(data=tmp_path)) is is_its_own
