"""Scheduling: which node serves a client's blob, or none, when the center does. Values in, value out; no await.

Rules in order, and the first that can say something decides on the order of regions:

1. network: the longest network that the client's address is in names the region; after it come the regions nearest to
   that one;
2. location: what is located is asked by its distance from the client;
3. measured: what was measured is asked by its round trip to the client's network;
4. center: nothing is known of the client.

The center stands in that order, too: what comes before it is asked; when no node there can take the client, it serves.
In a region nodes count that are ready and trusted, and that have not more than twice the streams of the least busy one,
and eight; of these such as hold the blob, if there are any; of these always the same for one blob.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from entrepot.regions.nodes import Node, NodeState
from entrepot.regions.plan import CENTER, Desk, Plan
from entrepot.regions.presence import probes_of
from entrepot.values.location import Location

_BUSY_TIMES: Final = 2
_BUSY_BEYOND: Final = 8
_MASK: Final = (1 << 64) - 1
_NOBODY: Final[frozenset[str]] = frozenset()


class Rule(StrEnum):
    NETWORK = "network"
    LOCATION = "location"
    MEASURED = "measured"
    CENTER = "center"


class Verdict(StrEnum):
    """What is said of a node. `ELSEWHERE`: another one holds the blob; `OTHER`: another one's turn it is."""

    CHOSEN = "chosen"
    LOST = "lost"
    DRAINING = "draining"
    DISTRUSTED = "distrusted"
    BUSY = "busy"
    ELSEWHERE = "elsewhere"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what. `hexadecimal`: the digits of the blob's digest; empty: of one that is nowhere. `address`: None
    where it is none.

    `location`: of the client, as far as it is known; `measured`: round trips to its network in milliseconds, by region.
    `distrusted`: ids of nodes that failed clients of late.
    """

    address: IPv4Address | IPv6Address | None
    hexadecimal: str
    location: Location | None = None
    measured: Mapping[str, float] = field(default_factory=dict)
    distrusted: Collection[str] = _NOBODY
    path: str = ""
    """The repository, where that is known: some nodes may not hold all."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A region, or the center, where a rule put it."""

    region: str
    km: float | None = None
    ms: float | None = None


@dataclass(frozen=True, slots=True)
class RuleStep:
    """A rule was looked at. `decides`: it said something; `ranked`: in the order in which they are asked.

    `network`: which one the client's address is in; `location`: of the client.
    """

    rule: Rule
    decides: bool
    ranked: Sequence[Ranked] = ()
    network: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    node: Node
    holds: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RegionStep:
    """A region was asked for a node; the center is asked for itself. `weighed`: all of its nodes."""

    region: str
    weighed: Sequence[Weighed] = ()

    @property
    def chosen(self) -> Node | None:
        return next((one.node for one in self.weighed if one.verdict is Verdict.CHOSEN), None)


Step = RuleStep | RegionStep


@dataclass(frozen=True, slots=True)
class Choice:
    """`node`: None: the center serves. `rule`: which one decided."""

    node: Node | None
    rule: Rule
    plan: Plan = field(repr=False)
    asked: Asked = field(repr=False)

    @property
    def steps(self) -> Sequence[Step]:
        """How it came to that: found out when somebody wants to know, by the same functions."""
        steps: list[Step] = []
        _choose(self.plan, self.asked, steps)
        return steps


def choose(plan: Plan, asked: Asked) -> Choice:
    """The node that serves, by the plan alone: the same question gets the same answer."""
    node, rule = _choose(plan, asked, None)
    return Choice(node, rule, plan, asked)


def _choose(plan: Plan, asked: Asked, steps: list[Step] | None) -> tuple[Node | None, Rule]:
    for rule, order_of in _RULES:
        order = order_of(plan, asked, steps)
        if order is not None:
            return _first(plan, asked, order, steps), rule
    if steps is not None:
        steps += RuleStep(Rule.CENTER, True), RegionStep(CENTER)
    return None, Rule.CENTER


def _by_network(plan: Plan, asked: Asked, steps: list[Step] | None) -> Sequence[str] | None:
    found = None if asked.address is None else plan.networks.find(asked.address)
    order = None if found is None else [found[1], *(plan.after[found[1]] if found[1] != CENTER else ())]
    if steps is not None:
        network = "" if found is None else str(found[0])
        own = None if found is None else plan.places[found[1]].location
        steps.append(RuleStep(Rule.NETWORK, order is not None, _with_km(plan, order, own), network))
    return order


def _by_location(plan: Plan, asked: Asked, steps: list[Step] | None) -> Sequence[str] | None:
    order, knows_region = None, any(not one.is_center for one in plan.located)
    if asked.location is not None and knows_region:
        x, y, z = asked.location.vector
        near = sorted((-(x * one.x + y * one.y + z * one.z), one.is_center, one.name) for one in plan.located)
        order = [name for _, _, name in near]
        if CENTER not in order:
            order.append(CENTER)
    if steps is not None:
        ranked = _with_km(plan, order, asked.location)
        steps.append(RuleStep(Rule.LOCATION, order is not None, ranked, location=asked.location))
    return order


def _by_measure(plan: Plan, asked: Asked, steps: list[Step] | None) -> Sequence[str] | None:
    known = sorted((ms, one == CENTER, one) for one, ms in asked.measured.items() if one in plan.places)
    order = [one for _, _, one in known]
    decides = any(one != CENTER for one in order)
    if decides and CENTER not in order:
        order.append(CENTER)
    if steps is not None:
        steps.append(RuleStep(Rule.MEASURED, decides, [Ranked(one, ms=asked.measured.get(one)) for one in order]))
    return order if decides else None


_RULES: Final = ((Rule.NETWORK, _by_network), (Rule.LOCATION, _by_location), (Rule.MEASURED, _by_measure))


def _with_km(plan: Plan, order: Sequence[str] | None, origin: Location | None) -> Sequence[Ranked]:
    places = [(one, plan.places[one].location) for one in order or ()]
    return [Ranked(one, None if at is None or origin is None else origin.distance_km(at)) for one, at in places]


def _first(plan: Plan, asked: Asked, order: Sequence[str], steps: list[Step] | None) -> Node | None:
    """The node of the first region that has one for the client; None where the center comes before."""
    for region in order:
        desk = None if region == CENTER else _desk_of(plan.desks.get(region, ()), asked)
        if steps is not None:
            steps.append(RegionStep(region, _weighed(plan.nodes.get(region, ()), asked, desk)))
        if region == CENTER or desk is not None:
            return None if desk is None else desk.node
    return None


def _desk_of(desks: Sequence[Desk], asked: Asked) -> Desk | None:
    trusted = desks
    if asked.distrusted:
        trusted = [one for one in desks if one.node.id not in asked.distrusted]
    if asked.path:
        trusted = [one for one in trusted if one.node.may_hold(asked.path)]
    if not trusted:
        return None
    most = _most_streams(one.node for one in trusted)
    free = [one for one in trusted if one.node.streams <= most]
    if not asked.hexadecimal:
        return free[0]
    probes = probes_of(asked.hexadecimal)
    among = [one for one in free if one.node.presence.holds(probes)] or free
    # Rendezvous: each node draws a number for the blob, and the highest wins. A node that comes or goes moves no blob
    # between others. Digests are uniform, so one odd factor for each node is draw enough.
    blob = int(asked.hexadecimal[-16:], 16)
    return max(among, key=lambda one: (one.factor * blob) & _MASK)


def _most_streams(nodes: Iterable[Node]) -> int:
    """More than that, and a node of these is busy."""
    return _BUSY_TIMES * min(one.streams for one in nodes) + _BUSY_BEYOND


def _weighed(nodes: Sequence[Node], asked: Asked, desk: Desk | None) -> Sequence[Weighed]:
    """What is said of each, now that one of them, or none, is chosen."""
    probes = probes_of(asked.hexadecimal) if asked.hexadecimal else None
    holds = {one.id: probes is not None and one.presence.holds(probes) for one in nodes}
    fit = [one for one in nodes if one.state is NodeState.READY and one.id not in asked.distrusted]
    most = _most_streams(fit) if fit else 0
    is_held = any(holds[one.id] and one.streams <= most for one in fit)

    def verdict(node: Node) -> Verdict:
        if desk is not None and node is desk.node:
            return Verdict.CHOSEN
        if node.state is not NodeState.READY:
            return Verdict(node.state.value)
        if node.id in asked.distrusted:
            return Verdict.DISTRUSTED
        if node.streams > most:
            return Verdict.BUSY
        return Verdict.ELSEWHERE if is_held and not holds[node.id] else Verdict.OTHER

    return [Weighed(one, holds[one.id], verdict(one)) for one in nodes]
