"""A world of four regions: the center in one, an edge in each of the others, clients in all."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.live.clients.commands import poll
from tests.live.networks.nodes import EdgeNode, Node, running_center, running_edge
from tests.live.networks.places import Place, Ways, running_places
from tests.live.process import Option

HOME = "home"
EDGES = ("east", "south", "west")
WAYS: Ways = {
    ("home", "east"): 40.0,
    ("home", "south"): 100.0,
    ("home", "west"): 200.0,
    ("east", "south"): 100.0,
    ("east", "west"): 200.0,
    ("south", "west"): 100.0,
}
"""Round trips between regions in milliseconds."""
WITHIN_MS = 5.0
"""In a region."""
SETTLED_SECONDS_MAX = 40.0
ADDRESSES = 16
"""Of clients in a region."""


@dataclass(frozen=True)
class World:
    center: Node
    edges: Mapping[str, EdgeNode]
    places: Mapping[str, Place]

    def clients(self, region: str) -> Place:
        return self.places[_clients(region)]

    @property
    def nodes(self) -> list[Node]:
        return [self.center, *self.edges.values()]


@contextmanager
def running_world(
    folder: Path, edges: tuple[str, ...] = EDGES, *, knows_networks: bool = True, **options: Option
) -> Iterator[World]:
    """With edges in these regions. `knows_networks`: the center is told which clients are in which of them.

    `options`: settings of the center.
    """
    with ExitStack() as open_:
        places = open_.enter_context(running_places(_ways((HOME, *edges)), ADDRESSES))
        center = open_.enter_context(running_center(folder / HOME, places[HOME], **options))
        nodes: dict[str, EdgeNode] = {}
        for name in edges:
            networks = (places[_clients(name)].network,) if knows_networks else ()
            nodes[name] = open_.enter_context(running_edge(folder / name, places[name], center, name, *networks))
        for node in nodes.values():
            node.wait_ready()
        yield World(center, nodes, places)


def settle(world: World, expected: Mapping[str, str]) -> None:
    """Until the center sends clients of each of these regions to the address that is expected for it."""
    with world.center.api() as api:
        for region, address in expected.items():
            said = {}
            for _ in poll(SETTLED_SECONDS_MAX, 0.1):
                asked = {"client": world.clients(region).address()}
                said = api.client.get("/v2/manage/regions/-/explain", params=asked).json()
                if urlsplit(said.get("url") or world.center.url).hostname == address:
                    break
            else:
                raise AssertionError(f"clients of {region} are not sent to {address}: {said}")


def _clients(region: str) -> str:
    return f"{region}-clients"


def _ways(regions: tuple[str, ...]) -> dict[tuple[str, str], float]:
    """Between regions, and within each."""
    ways = {(_clients(one), one): WITHIN_MS for one in regions}
    for (one, other), ms in WAYS.items():
        if one in regions and other in regions:
            for here in (one, _clients(one)):
                ways |= {(here, other): ms, (here, _clients(other)): ms}
    return ways
