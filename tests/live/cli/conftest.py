"""A shell beside the shared server."""

import pytest

from tests.cli.conftest import home, run
from tests.cli.run import Run
from tests.live.process import Server

__all__ = ["home", "run"]  # fixtures


@pytest.fixture
def as_admin(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A shell of the administrator, by its environment."""
    monkeypatch.setenv("ENTREPOT_URL", server.url)
    monkeypatch.setenv("ENTREPOT_USER", server.user)
    monkeypatch.setenv("ENTREPOT_PASSWORD", server.password)
    return run
