"""Who serves: the healthy node with the shortest way to the client, whether its network is known or only measured."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.networks.clients import Pulled, pull_all
from tests.live.networks.conftest import header_for, nearest, new_path, show_logs
from tests.live.networks.images import push
from tests.live.networks.worlds import World, running_world, settle

PULLS = 50
"""Of each region's clients."""
SHARE_MIN = 0.99


@pytest.fixture(scope="module")
def measured_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Nobody told the center where clients are."""
    with running_world(tmp_path_factory.mktemp("measured"), knows_networks=False) as world:
        # Who asks for something is measured.
        path = new_path(world)
        image, header = push(world.center, path, 1), header_for(world, path)
        for region in nearest(world):
            pull_all(world.clients(region), header, image.layers, clients=1)
        settle(world, nearest(world))
        yield world


def pull_everywhere(world: World, regions: Iterable[str]) -> dict[str, list[Pulled]]:
    """What the clients of each of these regions got, all at the same time: the layers of a new image."""
    path, regions = new_path(world), list(regions)
    image, header = push(world.center, path, PULLS), header_for(world, path)
    with ThreadPoolExecutor(len(regions)) as pool:
        pulled = pool.map(lambda region: pull_all(world.clients(region), header, image.layers), regions)
    return dict(zip(regions, pulled, strict=True))


def assert_served_by(world: World, expected: Mapping[str, str]) -> None:
    """The clients of each region are served by the node with this address, as they and the nodes themselves count."""
    running = {edge.address: edge for edge in world.edges.values() if edge.is_running}
    before = {address: edge.blobs_served for address, edge in running.items()}

    pulled = pull_everywhere(world, expected)

    by = {region: Counter(one.by for one in some) for region, some in pulled.items()}
    right = sum(count[expected[region]] for region, count in by.items())
    assert right >= SHARE_MIN * PULLS * len(expected), by
    for address, edge in running.items():
        due = PULLS * sum(one == address for one in expected.values())
        assert edge.blobs_served - before[address] >= SHARE_MIN * due, (address, by)


def test_clients_of_known_networks_are_served_by_the_node_nearest_to_them(world: World) -> None:
    assert_served_by(world, nearest(world))


def test_clients_of_whom_nothing_is_known_are_measured_and_served_by_the_nearest_node(
    measured_world: World, request: pytest.FixtureRequest
) -> None:
    show_logs(request, measured_world)
    assert_served_by(measured_world, nearest(measured_world))


def test_clients_whose_node_is_gone_are_served_by_the_next_nearest(
    measured_world: World, request: pytest.FixtureRequest
) -> None:
    show_logs(request, measured_world)
    expected = {"west": measured_world.edges["south"].address}

    measured_world.edges["west"].kill()
    settle(measured_world, expected)

    assert_served_by(measured_world, expected)
