"""A shell whose user has never logged in anywhere."""

from pathlib import Path

import pytest

from tests.cli.run import Run, runner


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of settings, empty; no variable of ours is set."""
    for name in ("ENTREPOT_URL", "ENTREPOT_USER", "ENTREPOT_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], home: Path) -> Run:
    return runner(capsys)
