"""The view: what a server process knows of nodes and regions, so that a pull is sent on without asking the database.

It is read anew once a second; where the database is away, what was known last holds on, and nodes that are silent are
lost by the clock.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from entrepot.db.database import Database
from entrepot.plumbing import metrics
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.logging import get_logger
from entrepot.plumbing.networks import neighbourhood, parse_address, whereabouts
from entrepot.regions import view_queries
from entrepot.regions.geoip import NOWHERE_KNOWN, Locator
from entrepot.regions.known import Known
from entrepot.regions.measures import KEPT, NETWORKS_MAX, REPORTED_MAX, Measure, Measures, Wanted
from entrepot.regions.plan import CENTER, Plan
from entrepot.regions.scheduling import Asked, Choice, Rule, choose
from entrepot.regions.settings import RegionSettings
from entrepot.regions.suspicion import Suspicion
from entrepot.values.errors import Broken, Elsewhere
from entrepot.values.location import Location

_REFRESH_SECONDS: Final = 1.0
_END_SECONDS_MAX: Final = 5.0
_CLIENTS_MAX: Final = 10_000
_MEASURED_AT_ONCE: Final = 5
_UNPLACED: Final = (Rule.MEASURED, Rule.CENTER)

_log = get_logger()

Measuring = Callable[[str], Awaitable[float | None]]


@dataclass(frozen=True, slots=True)
class _Client:
    """What is found out once about an address."""

    address: IPv4Address | IPv6Address | None
    network: str
    location: Location | None


class View:
    """`has_nodes`: nobody needs to ask for a choice where there are none.

    `locator`: tells where addresses are. `measure`: times the way from here to a client; None: nobody does.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        settings: RegionSettings,
        locator: Locator = NOWHERE_KNOWN,
        measure: Measuring | None = None,
    ) -> None:
        self.has_nodes = False
        self._db = db
        self._clock = clock
        self._locator = locator
        self._measure = measure
        self._known = Known(settings.center, settings.report_seconds, settings.edges_max)
        self._plan = self._known.plan
        self._suspicion = Suspicion()
        self._measures = Measures()
        self._measured_at: datetime | None = None
        self._unsaved: list[Measure] = []
        self._wanted = Wanted()
        self._tried: set[str] = set()
        self._clients: dict[str, _Client] = {}
        self._chosen: Counter[tuple[str, str]] = Counter()
        self._is_behind = False
        self._reading = asyncio.Lock()
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    # --- asked with every pull: nothing here awaits ---

    def choose(self, address: str, hexadecimal: str, shown: str = "", path: str = "") -> Choice:
        """Who serves a client the blob with these hexadecimal digits; that it was sent there is remembered.

        `shown`: what tells clients of one address apart, as a digest of their token.
        """
        choice = self.explain(address, hexadecimal, path)
        node, now = choice.node, self._clock.now()
        if node is not None:
            self._suspicion.sent(address, hexadecimal, node.id, now.timestamp(), shown)
        if choice.rule in _UNPLACED and choice.asked.address is not None:
            self._wanted.note(self._clients[address].network, address, now)
        self._chosen[choice.rule, CENTER if node is None else node.region] += 1
        return choice

    def came_back(self, address: str, hexadecimal: str, shown: str = "") -> bool:
        """Whether the client was sent to a node for this blob just before: the center has to serve it this time."""
        now = self._clock.now().timestamp()
        before = self._suspicion.distrusted(now)
        is_back = self._suspicion.came_back(address, whereabouts(address), hexadecimal, now, shown)
        for edge in self._suspicion.distrusted(now) - before:
            _log.warning("an edge fails clients of several networks: nobody is sent to it for a while", edge=edge)
        return is_back

    def explain(self, address: str, hexadecimal: str = "", path: str = "") -> Choice:
        """What `choose` would say, and nothing is remembered. Without digits: for a blob that no node has; without the
        path of a repository: for one that every node may hold.
        """
        client = self._clients.get(address) or self._look_at(address)
        now = self._clock.now().timestamp()
        question = Asked(
            client.address,
            hexadecimal,
            client.location,
            self._measures.of(client.network),
            self._suspicion.distrusted(now),
            path,
        )
        return choose(self._plan, question)

    @property
    def plan(self) -> Plan:
        """Regions, nodes and the center, as they are known now."""
        return self._plan

    @property
    def distrusted(self) -> frozenset[str]:
        """Ids of nodes that nobody is sent to for now, because they failed clients."""
        return self._suspicion.distrusted(self._clock.now().timestamp())

    def _look_at(self, address: str) -> _Client:
        parsed = parse_address(address)
        if parsed is None:
            return _Client(None, "", None)
        client = _Client(parsed, neighbourhood(parsed), self._locator.locate(parsed))
        if len(self._clients) >= _CLIENTS_MAX:
            del self._clients[next(iter(self._clients))]
        self._clients[address] = client
        return client

    # --- measures ---

    def measured(self, region: str, measures: Iterable[tuple[str, float]]) -> None:
        """An edge of the region says how many milliseconds it is from clients, or their networks; others are left out.

        Written down with the next look at the database.
        """
        now = self._clock.now()
        for _, (address, ms) in zip(range(REPORTED_MAX), measures, strict=False):
            if (found := self._measures.note(region, address, ms, now)) is not None:
                self._unsaved.append(found)
        del self._unsaved[:-NETWORKS_MAX]

    def wanted(self) -> Sequence[str]:
        """Addresses of clients that every edge is to measure: seen lately, and nothing else is known of them."""
        return self._wanted.now(self._clock.now())

    # --- in the background ---

    def check(self) -> None:
        """Pass when `start` will. Raises Unsupported or ParameterInvalid."""
        self._locator.open()
        self._locator.close()

    def start(self) -> None:
        """Go on reading, until `end`. Raises Unsupported or ParameterInvalid for a locator that knows nothing."""
        self._locator.open()
        self._running = asyncio.create_task(self._run())

    async def end(self) -> None:
        """A database that is away may not hold this up."""
        self._stop.set()
        if self._running is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._running, _END_SECONDS_MAX)
        self._locator.close()

    async def refresh(self) -> None:
        """Look at the database once. A plan that is there stays when that fails; lost is who is silent all the same."""
        try:
            async with self._reading:
                await self._read_and_save()
        except (Elsewhere, Broken) as error:
            if not self._is_behind:
                _log.warning("the view of edges stands still: the database is away", message=error.message)
            self._is_behind = True
        else:
            self._is_behind = False
        now = self._clock.now()
        if self._known.renew(now):
            self._plan = self._known.plan
            self.has_nodes = bool(self._plan.nodes)
        self._suspicion.forget(now.timestamp())
        self._measures.forget(now - KEPT, self._known.names)
        self._count()

    async def _read_and_save(self) -> None:
        await self._save_measures()
        async with self._db.reading() as tx:
            measured_at = (await self._known.read(tx))["measured_at"]
            if measured_at is not None and measured_at != self._measured_at:
                since = self._measured_at or self._clock.now() - KEPT
                self._measures.keep(await view_queries.measures_since(tx, since, NETWORKS_MAX))
                self._measured_at = measured_at

    async def _run(self) -> None:
        await asyncio.gather(self._again_and_again(self._read), self._again_and_again(self.measure))

    async def _again_and_again(self, once: Callable[[], Awaitable[None]]) -> None:
        while not self._stop.is_set():
            await once()
            with suppress(TimeoutError):
                async with asyncio.timeout(_REFRESH_SECONDS):
                    await self._stop.wait()

    async def _read(self) -> None:
        await self.refresh()
        if await asyncio.to_thread(self._locator.refresh):
            self._clients.clear()

    async def measure(self) -> None:
        """The center is a place, too: measure how far it is from clients that edges are to measure, each once."""
        if self._measure is None or not self.has_nodes:
            return
        wanted = self.wanted()
        self._tried.intersection_update(wanted)
        new = [one for one in wanted if one not in self._tried][:_MEASURED_AT_ONCE]
        self._tried.update(new)
        taken = await asyncio.gather(*(self._measure(one) for one in new))
        self.measured(CENTER, [(one, ms) for one, ms in zip(new, taken, strict=True) if ms is not None])

    async def _save_measures(self) -> None:
        if self._unsaved:
            saving = {(one.network, one.region): one for one in self._unsaved}
            async with self._db.writing() as tx:
                await view_queries.save_measures(tx, saving.values())
            self._unsaved = [one for one in self._unsaved if saving[one.network, one.region] is not one]

    def _count(self) -> None:
        """Hand over what was counted: the library takes longer for one number than a choice takes."""
        for (rule, region), count in self._chosen.items():
            metrics.edge_choices.labels(rule, region or "-").inc(count)
        self._chosen.clear()
        metrics.edges_distrusted.set(len(self.distrusted))
