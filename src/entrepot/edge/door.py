"""The registry protocol at an edge: pulls are answered here, everything else is the center's.

A client comes by the edge's own address, with a token of the center, or was sent here by the center for one blob and
shows its permit (`?permit=`).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from entrepot.doors.http import front
from entrepot.doors.http.address import base_url
from entrepot.doors.http.proxies import peer
from entrepot.doors.oci import routes
from entrepot.doors.oci.call import API_VERSION, Call, OciRooms, Plain, Response
from entrepot.doors.oci.refusing import WayIn, renderer
from entrepot.doors.oci.routes import Route
from entrepot.edge.center import Center
from entrepot.edge.keeping import Keeping
from entrepot.edge.passing import PassedOn
from entrepot.edge.permits import Heard, Permits
from entrepot.edge.pulls import Streams
from entrepot.edge.sources import reader_of
from entrepot.edge.straight import Blob
from entrepot.edge.token import TOKEN_PATH, give_token
from entrepot.remote.session import Remote
from entrepot.values.errors import RepositoryUnknown, Unauthenticated
from entrepot.values.names import RepositoryName

PERMIT: Final = "permit"
_PULLS: Final = ("manifest", "blob", "tags", "referrers")


@dataclass(frozen=True, slots=True)
class EdgeRooms:
    """What the door works with."""

    oci: OciRooms
    center: Center
    permits: Permits
    keeping: Keeping
    streams: Streams
    heard: Heard
    remote: Remote
    is_connected: Callable[[], bool]


class EdgeDoor:
    """An ASGI application for `/v2/…` and the token endpoint."""

    def __init__(self, rooms: EdgeRooms) -> None:
        self._rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route, handle, wanted = self._find(scope, receive)
        realm = base_url(scope, self._rooms.oci.settings.external_url) + TOKEN_PATH
        render = renderer(scope, WayIn(realm, self._rooms.heard.identity.service, wanted), "", "")
        await front.answer(scope, receive, send, route, handle, render)

    def _find(self, scope: Scope, receive: Receive) -> tuple[str, Callable[[], Awaitable[Response]], str]:
        """The name of what is asked, who answers it, and which scope would open it."""
        request, path, method = Request(scope, receive), scope["path"], scope["method"]
        if path == TOKEN_PATH:
            return "token", lambda: self._token(request), ""
        found = routes.find(path)
        if found is None:
            return "unknown", _nothing, ""
        route, name, reference = found
        wanted = routes.scope_of(route, method, name, None)
        # Who looks for a blob is about to push it, and that is for the center to say.
        is_for_push = (method, route.name) == ("HEAD", "blob") and PERMIT not in request.query_params
        if method in ("GET", "HEAD") and route.name in _PULLS and not (is_for_push and self._rooms.is_connected()):
            return route.name, lambda: self._pull(request, route, name, reference), wanted
        if route is routes.PING and method in ("GET", "HEAD"):
            return route.name, lambda: self._ping(request), wanted
        return f"passed.{route.name}", lambda: self._passed_on(request), wanted

    async def _token(self, request: Request) -> Response:
        idle = self._rooms.oci.settings.body_idle_seconds
        return await give_token(self._rooms.center, self._rooms.permits, request, peer(request.scope), idle)

    async def _ping(self, request: Request) -> Response:
        """Say that this is a registry, to who shows a token or a password: also while the center is away."""
        header = request.headers.get("authorization")
        if header is None:
            raise Unauthenticated
        await self._rooms.permits.check_shown(header.encode("latin-1"))
        return Plain(200, {"Content-Type": "application/json", **API_VERSION}, b"{}")

    async def _passed_on(self, request: Request) -> Response:
        settings = self._rooms.oci.settings
        realm = base_url(request.scope, settings.external_url) + TOKEN_PATH
        return PassedOn(self._rooms.center, realm, peer(request.scope), settings.body_idle_seconds)

    async def _pull(self, request: Request, route: Route, name: str, reference: str) -> Response:
        path = RepositoryName.parse(name)
        permits, permit = self._rooms.permits, request.query_params.get(PERMIT)
        if permit is not None and route.name == "blob":
            await permits.check_sent_on(permit, path, reference)
        else:
            header = request.headers.get("authorization")
            shown = None if header is None else header.encode("latin-1")
            await permits.check(shown, path, peer(request.scope))
        call = Call(self._rooms.oci, request, reader_of(path), path, reference)
        response = await route.handlers[request.method](call)
        if route.name != "blob" or request.method != "GET":
            return response
        self._rooms.keeping.used(reference)
        return Blob(response, self._rooms.remote, path, reference, self._rooms.streams)


async def _nothing() -> Response:
    raise RepositoryUnknown("The registry protocol has no such path.")
