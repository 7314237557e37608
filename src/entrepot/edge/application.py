"""What an edge's process runs: its door, and beside it what reports, and what keeps within the capacity."""

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from starlette.types import Receive, Scope, Send

from entrepot.app import House, check_house, open_house
from entrepot.doors.http import front
from entrepot.doors.http.draining import drained
from entrepot.doors.http.problems import oci_body, problem_of
from entrepot.doors.http.proxies import Proxies
from entrepot.doors.oci.call import Plain, Response
from entrepot.edge.center import Center
from entrepot.edge.door import EdgeDoor, EdgeRooms
from entrepot.edge.identity import Identity, load_identity
from entrepot.edge.keeping import Keeping
from entrepot.edge.permits import Heard, Permits
from entrepot.edge.pulls import Streams
from entrepot.edge.reporting import Reporter, tell_presence
from entrepot.edge.settings import EdgeSettings
from entrepot.edge.sources import remote_of, sources_at
from entrepot.edge.token import TOKEN_PATH
from entrepot.edge.warming import Warming
from entrepot.operations.system import disk_of
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import configure, get_logger
from entrepot.plumbing.networks import parse_networks
from entrepot.registry import stale
from entrepot.settings import Settings
from entrepot.upkeep.settings import UpkeepSettings
from entrepot.values.errors import EntrepotError, RepositoryUnknown

_SWEEP_SECONDS = 600.0
_NO_LIMIT = 1 << 60
_END_SECONDS_MAX = 5.0

_log = get_logger()


class EdgeApplication:
    """An ASGI application; opens everything when the server starts it."""

    def __init__(self, settings: Settings, edge: EdgeSettings) -> None:
        self._settings = settings
        self._edge = edge
        networks = parse_networks(settings.trusted_proxies)
        self._proxies = Proxies(networks, settings.proxy_header) if networks else None
        self._node: _Node | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            assert self._node is not None
            if self._proxies is not None:
                self._proxies.correct(scope)
            receive, send = drained(scope, receive, send)
            path: str = scope["path"]
            if path.startswith("/v2/") or path in ("/v2", TOKEN_PATH):
                await self._node.door(scope, receive, send)
            else:
                handler = {"/healthz": _healthz, "/readyz": self._readyz, "/metrics": _metrics}.get(path, _unknown)
                await front.answer(scope, receive, send, path[1:], handler, _render)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self._open()
                except (EntrepotError, OSError, ValueError) as error:
                    _log.error("the edge cannot start", error=str(error))
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _open(self) -> None:
        configure(self._settings.log_format, self._settings.log_level)
        identity = load_identity(self._settings.data)
        assert identity is not None, "it joined before its server started"
        self._node = _Node(self._settings, self._edge, identity)
        await self._node.keeping.begin()
        self._node.keeping.free_bytes = await self._node.free_bytes()
        with suppress(EntrepotError):  # the center is away: what is here is served
            await self._node.reporter.report()
        for work in self._node.work():
            self._tasks.append(asyncio.create_task(work))

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._node is not None:
            await self._node.close()

    async def _readyz(self) -> Response:
        assert self._node is not None
        await check_house(self._node.house)
        return _json({"status": "ready", "center": "connected" if self._node.reporter.is_connected else "away"})


class _Node:
    """Everything that an edge's process has open."""

    def __init__(self, settings: Settings, edge: EdgeSettings, identity: Identity) -> None:
        authority = settings.edge_authority.read_text() if settings.edge_authority else ""
        self._edge = edge
        self.center = Center(identity.center, authority)
        self.heard = Heard(identity, settings.edge_offline_seconds)
        house = open_house(settings)
        self._remote = remote_of(identity.center, lambda: self.reporter.token, authority)
        source = sources_at(self._remote, house.db, house.registry.clock, edge, lambda: self.center.is_silent)
        trouble = replace(house.mirror.settings, trouble_seconds=edge.trouble_seconds)
        self.house: House = replace(house, mirror=replace(house.mirror, center=source, settings=trouble))
        upkeep = replace(house.upkeep, settings=UpkeepSettings(gc_grace_seconds=0))
        self.keeping = Keeping(house.db, house.registry.clock, upkeep, edge)
        self.streams = Streams()
        self.warming = Warming(self.house.mirror, self.keeping, edge.capacity_bytes)
        self.reporter = Reporter(
            self.center,
            self.heard,
            self.keeping,
            house.registry.counts,
            self.streams,
            edge,
            settings.data,
            self.warming,
        )
        permits = Permits(self.center, self.heard, house.mirror.running)
        rooms = EdgeRooms(
            replace(self.house.oci, regions=None),
            self.center,
            permits,
            self.keeping,
            self.streams,
            self.heard,
            self._remote,
            lambda: self.reporter.is_connected,
        )
        self.door = EdgeDoor(rooms)

    def work(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """What goes on beside answering."""
        return (
            self.reporter.run(),
            tell_presence(self.center, self.heard, self.keeping, self._edge.presence_seconds),
            self.warming.run(),
            self._keep(),
            self._sweep(),
        )

    async def close(self) -> None:
        with suppress(EntrepotError, TimeoutError):  # the last pulls; the center may be away
            async with asyncio.timeout(_END_SECONDS_MAX):
                await self.reporter.report()
        await self.house.close()
        await self._remote.close()
        await self.center.close()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._edge.keep_seconds)
            try:
                await self.keeping.look()
                await self.keeping.keep_within(await self.free_bytes())
            except EntrepotError as error:
                _log.warning("the edge could not look after what it keeps", error=error.message)

    async def free_bytes(self) -> int:
        """On the disk that blobs are on; where that has no such limit, more than anybody needs."""
        _, free = await asyncio.to_thread(disk_of, self.house.operations)
        return _NO_LIMIT if free is None else free

    async def _sweep(self) -> None:
        """What fetches left that nobody went on with."""
        while True:
            try:
                await stale.forget_stale_uploads(self.house.registry)
                await stale.sweep_parts(self.house.registry)
            except EntrepotError as error:
                _log.warning("the edge could not tidy up", error=error.message)
            await asyncio.sleep(_SWEEP_SECONDS)


async def _healthz() -> Response:
    return _json({"status": "ok"})


async def _metrics() -> Response:
    return Plain(200, {"Content-Type": metrics.CONTENT_TYPE}, await asyncio.to_thread(metrics.exposition))


async def _unknown() -> Response:
    raise RepositoryUnknown("There is no such path at an edge.")


def _json(document: dict[str, str]) -> Response:
    return Plain(200, {"Content-Type": "application/json"}, json.dumps(document).encode())


def _render(error: EntrepotError) -> Response:
    return Plain(problem_of(error).status, {"Content-Type": "application/json"}, json.dumps(oci_body(error)).encode())
