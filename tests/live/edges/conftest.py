"""A center with quick decisions, and edges of its regions."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live.api import Api
from tests.live.conftest import SERVERS
from tests.live.edges.edge import Edge, make_edge, make_region, running_center
from tests.live.process import Option, Server, end

StartEdge = Callable[..., Edge]


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Shared by the tests of one file: take regions and organizations of your own."""
    with running_center(tmp_path_factory.mktemp("center")) as server:
        yield server


@pytest.fixture
def admin(center: Server) -> Iterator[Api]:
    with Api(center) as api:
        yield api


@pytest.fixture
def start_edge(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[StartEdge]:
    """Starts edges: `start_edge(center, region, edge_capacity_bytes="10MiB")`. Options are settings by name."""
    servers = request.node.stash.setdefault(SERVERS, [])
    numbers = itertools.count(1)

    def start(center: Server, region: str | None = None, *, wait: bool = True, **options: Option) -> Edge:
        edge = make_edge(center, region or make_region(center), tmp_path / f"edge-{next(numbers)}", options)
        servers.append(edge)
        edge.start(wait=wait)
        return edge

    yield start
    for server in reversed(servers):
        end(server)
