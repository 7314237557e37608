"""Measures: round trips between regions and networks of clients, smoothed; bounded, and forgotten after a week.

Edges time connections to clients that the center names, since it knows nothing else of where these are, and report how
long that took.
"""

import math
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from entrepot.plumbing.networks import neighbourhood, parse_address

KEPT: Final = timedelta(days=7)
NETWORKS_MAX: Final = 20_000
REPORTED_MAX: Final = 100
"""In one report."""
WANTED_MAX: Final = 50
_MS_MAX: Final = 10_000.0
_SHARE: Final = 0.25
"""What a new measure counts against those before it."""
_ANEW: Final = timedelta(hours=1)
"""After that it counts alone."""
_WANTED_FOR: Final = timedelta(seconds=30)
_LEFT_ALONE: Final = timedelta(minutes=10)
_ASKED_MAX: Final = 5_000
_NOTHING: Final[Mapping[str, float]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Measure:
    """`network`: a /24 or /64. `region`: empty: the center."""

    network: str
    region: str
    ms: float
    at: datetime


class Measures:
    def __init__(self, networks_max: int = NETWORKS_MAX) -> None:
        self._networks_max = networks_max
        self._ms: OrderedDict[str, dict[str, float]] = OrderedDict()
        self._at: dict[tuple[str, str], datetime] = {}

    def of(self, network: str) -> Mapping[str, float]:
        """Round trips to a network in milliseconds, by region."""
        return self._ms.get(network, _NOTHING)

    def note(self, region: str, address: str, ms: float, at: datetime) -> Measure | None:
        """Somebody measured `ms` to a client, or its network; the smoothed measure. None: that is no measure."""
        parsed = parse_address(address.partition("/")[0])
        if parsed is None or not math.isfinite(ms) or not 0 <= ms <= _MS_MAX:
            return None
        network = neighbourhood(parsed)
        before = self._ms.get(network, _NOTHING).get(region)
        if before is not None and at - self._at[network, region] < _ANEW:
            ms = before + _SHARE * (ms - before)
        measure = Measure(network, region, round(ms, 2), at)
        self.keep([measure])
        return measure

    def keep(self, measures: Iterable[Measure]) -> None:
        """Remember measures as they are; the networks that were measured longest ago go first."""
        for one in measures:
            self._ms.setdefault(one.network, {})[one.region] = one.ms
            self._ms.move_to_end(one.network)
            self._at[one.network, one.region] = one.at
        while len(self._ms) > self._networks_max:
            network, regions = self._ms.popitem(last=False)
            for region in regions:
                del self._at[network, region]

    def forget(self, before: datetime, regions: Collection[str]) -> None:
        """Let go of what is older, and of regions other than these."""
        for (network, region), at in list(self._at.items()):
            if at < before or region not in regions:
                del self._at[network, region]
                del self._ms[network][region]
                if not self._ms[network]:
                    del self._ms[network]


class Wanted:
    """Clients that regions are to measure: each for a short time, then it is left alone for a while."""

    def __init__(self) -> None:
        self._since: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def note(self, network: str, address: str, at: datetime) -> None:
        """A client of whom nothing else is known asked for something."""
        known = self._since.get(network)
        if known is None or at - known[1] > _LEFT_ALONE:
            self._since[network] = address, at
            self._since.move_to_end(network)
            if len(self._since) > _ASKED_MAX:
                self._since.popitem(last=False)

    def now(self, at: datetime) -> Sequence[str]:
        """Addresses to be measured now, the latest first."""
        found: list[str] = []
        for address, since in reversed(self._since.values()):
            if at - since > _WANTED_FOR or len(found) == WANTED_MAX:
                break
            found.append(address)
        return found
