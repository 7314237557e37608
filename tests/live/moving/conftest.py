"""A shell beside the shared server, and a fake registry to import from."""

from collections.abc import Iterator

import pytest

from tests.live.cli.conftest import as_admin, home, run
from tests.live.moving.fake_peer import FakePeer, running_fake_peer

__all__ = ["as_admin", "home", "run"]  # fixtures


@pytest.fixture
def peer() -> Iterator[FakePeer]:
    with running_fake_peer() as peer:
        yield peer
