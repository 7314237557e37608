"""`entrepot migrate` says what it would do, does it, and refuses what would harm."""

import json
from pathlib import Path

import pytest

from entrepot.migrations import upgrade
from entrepot.plumbing.sealing import new_key, write_keys
from tests.cli.run import Run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of an installation with SQLite and a folder."""
    data = tmp_path / "data"
    data.mkdir()
    upgrade(f"sqlite:///{data / 'entrepot.db'}")
    write_keys(data / "secret-key", [new_key()])
    return data


def test_it_says_the_new_settings_and_refuses_databases_with_an_installation(
    run: Run, data: Path, tmp_path: Path
) -> None:
    new, storage = f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "blobs"
    words = ("migrate", "--data", str(data), "--to-database", new, "--to-storage", str(storage))
    files = {file.name for file in data.iterdir()}

    planned = run(*words, "--plan", "--json")
    assert (planned.code, json.loads(planned.out)["blobs"]) == (0, 0)
    assert not (tmp_path / "new.db").exists()
    assert not any(file.is_file() for file in storage.rglob("*"))

    moved = run(*words)
    assert moved.code == 0, moved.err
    assert f'database_url = "{new}"' in moved.out
    assert f'storage_url = "{storage}"' in moved.out
    assert f"the secret key stays in {data}" in moved.out
    assert {file.name for file in data.iterdir()} - files <= {
        f"entrepot.db{end}" for end in ("-wal", "-shm", ".migration.lock", ".backup.lock", ".claiming.lock")
    }
    other = tmp_path / "other" / "data"
    other.mkdir(parents=True)
    upgrade(f"sqlite:///{other / 'entrepot.db'}")
    write_keys(other / "secret-key", [new_key()])

    refused = run("migrate", "--data", str(other), "--to-database", new)
    assert (refused.code, "There is an installation in the new database already." in refused.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "say where to"),
        (["--to-database", "mysql://x"], 2, "database_url"),
        (["--to-database", "sqlite:///{data}/entrepot.db"], 1, "is the one that the installation has"),
        (["--to-storage", "{data}/storage"], 1, "where the installation itself keeps its bytes"),
        (["--to-storage", "{data}/new", "--data", "{data}/nothing"], 1, "There is no installation in"),
        (["--to-database", "postgresql://nobody@127.0.0.1:1/x"], 3, "The database cannot be reached"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_closed(
    run: Run, data: Path, words: list[str], code: int, said: str
) -> None:
    ran = run("migrate", "--data", str(data), *(word.format(data=data) for word in words))

    assert (ran.code, said in ran.err) == (code, True), ran
