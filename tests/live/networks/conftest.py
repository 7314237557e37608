"""The world that most of these tests share, and what each finds there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.api import fresh_name
from tests.live.conftest import SERVERS
from tests.live.networks.images import bearer
from tests.live.networks.worlds import HOME, World, running_world, settle

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They are slow, and come one after the other: each keeps a whole world busy."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("networks"))


@pytest.fixture(scope="package")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The center knows which clients are in which region; every setting is at its default."""
    with running_world(tmp_path_factory.mktemp("world")) as world:
        settle(world, nearest(world))
        yield world


@pytest.fixture
def world(shared_world: World, request: pytest.FixtureRequest) -> World:
    """The shared one; every edge runs, and clients are sent there."""
    show_logs(request, shared_world)
    return shared_world


def show_logs(request: pytest.FixtureRequest, world: World) -> None:
    """Should the test fail."""
    request.node.stash.setdefault(SERVERS, []).extend(world.nodes)


def nearest(world: World) -> dict[str, str]:
    """The address of the node with the shortest round trip, by the region of clients."""
    return {HOME: world.center.address, **{name: edge.address for name, edge in world.edges.items()}}


def new_path(world: World) -> str:
    """A repository in a new private organization."""
    with world.center.api() as api:
        return f"{api.create_org(fresh_name())}/app"


def header_for(world: World, path: str) -> str:
    """The administrator's token."""
    with world.center.place.inside():
        return bearer(world.center, path)
