"""A shell beside the shared server."""

from pathlib import Path

import pytest

from tests.cli.run import Run, runner
from tests.live.process import Server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of settings, empty; no variable of ours is set."""
    for name in ("ENTREPOT_URL", "ENTREPOT_USER", "ENTREPOT_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], home: Path) -> Run:
    """A shell that has never logged in."""
    return runner(capsys)


@pytest.fixture
def as_admin(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A shell of the administrator, by its environment."""
    monkeypatch.setenv("ENTREPOT_URL", server.url)
    monkeypatch.setenv("ENTREPOT_USER", server.user)
    monkeypatch.setenv("ENTREPOT_PASSWORD", server.password)
    return run
