"""What a server process runs: the doors behind one port, chosen by path.

/v2/…, /auth/token              the registry protocol
/v2/manage/…, /v3/…, /v2, /     the management API; /docs shows it
/v2/PROJECT/instances/…         its Enterprise calls, which are what the registry protocol has no path for
/auth/oidc/…, /auth/providers   single sign-on
/edges/v1/…                     edges of regions, which report here and ask
/console/…                      pages for people; browsers that ask for / get there
/healthz /readyz /metrics       for whoever watches over the service
"""

import asyncio
import json
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from entrepot.app import House, check_house, heartbeat_of, open_house
from entrepot.doors.edges.door import PATHS as EDGE_PATHS
from entrepot.doors.edges.door import EdgesDoor
from entrepot.doors.http import front
from entrepot.doors.http.draining import drained
from entrepot.doors.http.problems import oci_body, problem_of
from entrepot.doors.http.proxies import Proxies
from entrepot.doors.manage.paths import is_enterprise
from entrepot.doors.oci.call import Plain, Response
from entrepot.doors.oci.door import TOKEN_PATH, OciDoor
from entrepot.doors.sign_on.door import PATHS as SIGN_ON_PATHS
from entrepot.doors.sign_on.door import SignOnDoor
from entrepot.jobs.living import Heartbeat, ProcessKind, count_living
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import configure, get_logger
from entrepot.plumbing.networks import parse_networks
from entrepot.registry.accounting import Accountant
from entrepot.registry.stale import count_uploads
from entrepot.settings import Settings
from entrepot.upkeep.verification import count_findings
from entrepot.values.errors import EntrepotError, RepositoryUnknown

_log = get_logger()


class Application:
    """One worker's ASGI application; opens the house when the server starts it."""

    def __init__(self, settings: Settings, origins: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._origins = origins
        networks = parse_networks(settings.trusted_proxies)
        self._proxies = Proxies(networks, settings.proxy_header) if networks else None
        self._house: House | None = None
        self._oci: OciDoor | None = None
        self._manage: ASGIApp | None = None
        self._console: ASGIApp | None = None
        self._building = asyncio.Lock()
        self._accountant: Accountant | None = None
        self._heartbeat: Heartbeat | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if self._proxies is not None:
                self._proxies.correct(scope)
            path: str = scope["path"]
            receive, send = drained(scope, receive, send)
            if (path.startswith("/v2/") and not path.startswith("/v2/manage/")) or path == TOKEN_PATH:
                assert self._oci is not None
                await self._oci(scope, receive, send)
            else:
                await self._elsewhere(path, scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _elsewhere(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        watching = {"/healthz": self._healthz, "/readyz": self._readyz, "/metrics": self._metrics}.get(path)
        if watching is not None:
            await front.answer(scope, receive, send, path[1:], watching, render)
        elif path.startswith("/console/"):
            console = self._console or await self._build_console()
            await console(scope, receive, send)
        elif path == "/console" or (path == "/" and _is_browser(scope)):
            await front.answer(scope, receive, send, "console.way", _to_console, render)
        elif path.startswith(("/v2/manage/", "/v3/", "/docs/")) or path in ("/v2", "/", "/docs"):
            await (self._manage or await self._build_manage())(scope, receive, send)
        elif path.startswith(EDGE_PATHS):
            assert self._house is not None
            await EdgesDoor(self._house.edges)(scope, receive, send)
        elif path.startswith(SIGN_ON_PATHS):
            assert self._house is not None
            await SignOnDoor(self._house.sign_on)(scope, receive, send)
        else:
            await front.answer(scope, receive, send, "unknown", _unknown, render)

    async def _beyond_registry(self, scope: Scope) -> ASGIApp | None:
        return (self._manage or await self._build_manage()) if is_enterprise(scope) else None

    async def _build_manage(self) -> ASGIApp:
        """The management API, made at its first use: workers that only serve pulls stay small."""
        async with self._building:
            if self._manage is None:
                assert self._house is not None
                self._manage = await asyncio.to_thread(_build_manage, self._house)
        return self._manage

    async def _build_console(self) -> ASGIApp:
        """The console, made at its first use, too."""
        async with self._building:
            if self._console is None:
                assert self._house is not None
                self._console = await asyncio.to_thread(_build_console, self._house)
        return self._console

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    self._open()
                except (EntrepotError, OSError, ValueError) as error:
                    _log.error("the server cannot start", error=str(error))
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self._house is not None:
                    if self._accountant is not None and self._heartbeat is not None:
                        await self._accountant.end()
                        await self._heartbeat.end()
                    await self._house.regions.view.end()
                    await self._house.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _open(self) -> None:
        configure(self._settings.log_format, self._settings.log_level)
        self._house = open_house(self._settings, self._origins)
        self._house.regions.view.start()
        self._oci = OciDoor(self._house.oci, self._beyond_registry)
        self._accountant = Accountant(self._house.registry)
        self._accountant.start()
        self._heartbeat = heartbeat_of(self._house, ProcessKind.SERVER)
        self._heartbeat.start()

    async def _healthz(self) -> Response:
        return _json({"status": "ok"})

    async def _readyz(self) -> Response:
        assert self._house is not None
        await check_house(self._house)
        return _json({"status": "ready"})

    async def _metrics(self) -> Response:
        assert self._house is not None
        metrics.uploads_open.set(await count_uploads(self._house.registry))
        for kind, count in (await count_findings(self._house.db)).items():
            metrics.blobs_wrong.labels(kind).set(count)
        for kind, count in (await count_living(self._house.db)).items():
            metrics.processes_living.labels(kind).set(count)
        return Plain(200, {"Content-Type": metrics.CONTENT_TYPE}, await asyncio.to_thread(metrics.exposition))


def _build_manage(house: House) -> ASGIApp:
    from entrepot.doors.manage.door import build  # here, because FastAPI is large

    return build(house.manage)


def _build_console(house: House) -> ASGIApp:
    from entrepot.doors.console.door import build  # here, because templates and languages are large

    return build(house.console)


def _is_browser(scope: Scope) -> bool:
    """Whether a person looks at the root of the service: clients of the API never ask for HTML."""
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")


async def _to_console() -> Response:
    return Plain(302, {"Location": "/console/"}, b"")


def render(error: EntrepotError) -> Response:
    return Plain(problem_of(error).status, {"Content-Type": "application/json"}, json.dumps(oci_body(error)).encode())


def _json(document: dict[str, str]) -> Response:
    return Plain(200, {"Content-Type": "application/json"}, json.dumps(document).encode())


async def _unknown() -> Response:
    raise RepositoryUnknown("There is no such path here.")
