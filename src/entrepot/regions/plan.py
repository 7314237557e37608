"""The plan: regions, nodes and the center, made ready for deciding. Made once, when one of them changes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from entrepot.mirror.places import NOWHERE, Place
from entrepot.regions.nodes import Node, NodeState
from entrepot.regions.prefixes import PrefixTable

CENTER: Final = ""
"""The center's name among those of regions."""


@dataclass(frozen=True, slots=True)
class RegionPlace:
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Desk:
    """A node that may be sent clients. `factor`: odd, of 64 bits; with it blobs are spread over nodes."""

    node: Node
    factor: int


@dataclass(frozen=True, slots=True)
class Located:
    """A region, or the center, with its vector on the globe."""

    x: float
    y: float
    z: float
    is_center: bool
    name: str


class Plan:
    """`nodes`: all of a region by name; `desks`: those of them that are ready. `places`: the center's, too."""

    __slots__ = ("after", "desks", "located", "networks", "nodes", "places")

    def __init__(
        self, regions: Sequence[RegionPlace] = (), nodes: Sequence[Node] = (), center: Place = NOWHERE
    ) -> None:
        # The center's own networks come last: an operator who gives one to a region means that.
        self.places: Mapping[str, Place] = {one.name: one.place for one in regions} | {CENTER: center}
        self.networks = PrefixTable[str](
            (network, name) for name, place in self.places.items() for network in place.networks
        )
        self.nodes: dict[str, list[Node]] = {}
        self.desks: dict[str, list[Desk]] = {}
        for node in sorted(nodes, key=lambda one: one.name):
            self.nodes.setdefault(node.region, []).append(node)
            if node.state is NodeState.READY:
                self.desks.setdefault(node.region, []).append(Desk(node, _factor_of(node.id)))
        self.located: Sequence[Located] = [
            Located(*place.location.vector, name == CENTER, name)
            for name, place in self.places.items()
            if place.location is not None
        ]
        self.after: Mapping[str, Sequence[str]] = {name: self._after(name) for name in self.places}

    def _after(self, name: str) -> Sequence[str]:
        """Who is asked after a region: the nearest to it first, and the center at the latest."""
        own = self.places[name].location
        if name == CENTER or own is None:
            return (CENTER,)
        others = [
            (own.distance_km(place.location), other == CENTER, other)
            for other, place in self.places.items()
            if other != name and place.location is not None
        ]
        found = [other for _, _, other in sorted(others)]
        return found if CENTER in found else [*found, CENTER]


def _factor_of(node_id: str) -> int:
    return int.from_bytes(hashlib.sha256(node_id.encode()).digest()[:8]) | 1
