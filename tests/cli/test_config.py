"""`entrepot config`, in this process."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from entrepot import __version__
from entrepot.cli import build
from entrepot.settings import load


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENTREPOT_PORT", "ENTREPOT_CONFIG", "ENTREPOT_DATA"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(build(), [*arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_setting_is_shown_with_its_value_and_its_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "e.toml"
    file.write_text("workers = 2")
    monkeypatch.setenv("ENTREPOT_PORT", "5001")

    rows = json.loads(run("config", "show", "--json", "--config", str(file)))

    assert rows["port"] == {"value": 5001, "origin": "environment ENTREPOT_PORT"}
    assert rows["workers"] == {"value": 2, "origin": f"file {file}"}
    assert rows["host"] == {"value": "127.0.0.1", "origin": "default"}


def test_the_table_names_settings_and_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTREPOT_PORT", "5001")
    monkeypatch.setenv("COLUMNS", "200")

    lines = run("config", "show").splitlines()

    assert [line.split() for line in lines if line.startswith("port")] == [
        ["port", "5001", "environment", "ENTREPOT_PORT"]
    ]


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTREPOT_ADMIN_PASSWORD", "correct horse")

    assert "correct horse" not in run("config", "show") + run("config", "show", "--json")


def test_the_example_file_with_every_line_in_force_means_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = run("config", "example").splitlines()
    file = tmp_path / "e.toml"
    file.write_text("\n".join(line.removeprefix("# ") for line in lines if " = " in line and line.startswith("# ")))
    assert tomllib.loads(file.read_text())["page_max"] == 1000

    given, defaults = load({"config": file}, {}).settings, load({}, {}).settings

    differing = {name for name in type(given).model_fields if getattr(given, name) != getattr(defaults, name)}
    assert differing <= {"config", "database_url", "storage_url"}  # written relative there, derived from `data` here


def test_a_wrong_setting_ends_the_command_with_a_sentence() -> None:
    command = [sys.executable, "-m", "entrepot", "config", "show"]

    ended = subprocess.run(command, env={"ENTREPOT_PORT": "x"}, capture_output=True, text=True, timeout=30, check=False)

    assert ended.returncode == 2
    assert ended.stderr == "entrepot: The setting port, x (environment ENTREPOT_PORT), should be a whole number.\n"


def test_the_version_is_printed() -> None:
    assert run("--version") == f"entrepot {__version__}\n"


def test_help_does_not_load_the_server() -> None:
    heavy = {"sqlalchemy", "fastapi", "starlette", "granian", "dbos", "cryptography", "pydantic", "obstore"}
    code = "import sys; from entrepot.cli import build; build(); print(*{name.split('.')[0] for name in sys.modules})"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)

    assert heavy.isdisjoint(ended.stdout.split())


def test_a_server_on_sqlite_does_not_load_the_driver_of_postgresql() -> None:
    code = "import sys; import entrepot.serving; print(*{name.split('.')[0] for name in sys.modules})"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)

    assert "sqlalchemy" in ended.stdout.split()
    assert "psycopg" not in ended.stdout.split()
