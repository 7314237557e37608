"""The registry protocol's entrance: try the fast path, else the table; turn errors into answers."""

from collections.abc import Awaitable, Callable, Collection

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from entrepot.doors.http import front
from entrepot.doors.http.address import base_url
from entrepot.doors.http.refusals import refusals_noted
from entrepot.doors.oci import routes, token
from entrepot.doors.oci.call import Call, OciRooms, Plain, Response
from entrepot.doors.oci.fast import FastPulls
from entrepot.doors.oci.refusing import WayIn, renderer
from entrepot.mirror.transparent import Transparent
from entrepot.mirror.upstream_rules import DOCKER_HUB
from entrepot.values.errors import (
    EntrepotError,
    RepositoryUnknown,
    Unauthenticated,
    Unsupported,
)
from entrepot.values.names import RepositoryName

TOKEN_PATH = "/auth/token"  # noqa: S105  # a path

Beyond = Callable[[Scope], Awaitable[ASGIApp | None]]


class OciDoor:
    """Answers `/v2/…` and the token endpoint. An ASGI application.

    `beyond` is asked who answers a path that the protocol does not have; nobody, when it says None.
    """

    def __init__(self, rooms: OciRooms, beyond: Beyond | None = None) -> None:
        self._rooms = rooms
        self._beyond = beyond
        self._fast = FastPulls(rooms)
        self._transparent = Transparent(rooms.mirror)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == TOKEN_PATH:
            await self._token(scope, receive, send)
            return
        left = await self._pulled(scope, receive, send) if scope["method"] in ("GET", "HEAD") else scope
        if left is not None:
            await self._look_up(left, receive, send)

    async def _look_up(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever is not simple."""
        found = routes.find(scope["path"])
        if found is None:
            other = await self._beyond(scope) if self._beyond is not None else None
            if other is not None:
                await other(scope, receive, send)
                return
            await front.answer(scope, receive, send, "unknown", _no_such_path, self._renderer(scope, "", "", ""))
            return
        route, name, reference = found
        handler = route.handlers.get(scope["method"])

        async def handle() -> Response:
            if handler is None:
                raise Unsupported(f"This path answers {', '.join(sorted(route.handlers))}, not {scope['method']}.")
            request = Request(scope, receive)
            header = request.headers.get("authorization")
            actor = await self._rooms.credentials.actor(None if header is None else header.encode("latin-1"))
            front.signed_in(actor)
            if route is routes.PING and actor.is_anonymous and actor.limits is None:
                raise Unauthenticated
            parsed = RepositoryName.parse(name) if name else RepositoryName("")
            call = Call(self._rooms, request, actor, parsed, reference)
            try:
                with refusals_noted(self._rooms.accounts.notes, actor, route.name):
                    return await handler(call)
            except Unauthenticated as error:
                if actor.limits is not None:
                    error.detail["insufficient_scope"] = True  # the token is good, and not for this
                raise

        query = Request(scope).query_params if route.name == "uploads" else {}
        mount_from = query.get("from", "") if "mount" in query else None
        wanted = routes.scope_of(route, scope["method"], name, mount_from)
        render = self._renderer(scope, wanted, name, reference, route.handlers)
        await front.answer(scope, receive, send, route.name, handle, render)

    async def _pulled(self, scope: Scope, receive: Receive, send: Send) -> Scope | None:
        """None when the request is answered, else what of it is left to the table."""
        is_for_docker = self._is_for_docker(scope)
        if not is_for_docker and b"ns=" not in scope["query_string"]:
            return None if await self._tried_fast(scope, receive, send) else scope
        host = DOCKER_HUB if is_for_docker else Request(scope).query_params.get("ns", "").strip()
        try:
            led = await self._led(scope, host)
        except EntrepotError as error:  # the database is away
            await front.answer(scope, receive, send, "unknown", _raising(error), self._renderer(scope, "", "", ""))
            return None
        if led is None and is_for_docker and (found := routes.find(scope["path"])) is not None and found[1]:
            # What is asked for there is Docker Hub's, and never ours.
            render = self._renderer(scope, "", "", "")
            nothing = RepositoryUnknown("No organization here mirrors Docker Hub.")
            await front.answer(scope, receive, send, found[0].name, _raising(nothing), render)
            return None
        if led is not None and not is_for_docker:
            send = _naming(send, host)
        left = led or scope
        if not await self._tried_fast(left, receive, send):
            await self._look_up(left, receive, send)
        return None

    async def _led(self, scope: Scope, host: str) -> Scope | None:
        """The request as it is for the mirror of the registry that its client means; None when there is none."""
        found = routes.find(scope["path"])
        if found is None or not found[1]:
            return None
        name = found[1]
        here = await self._transparent.name(name, host)
        if here is None:
            return None
        path = f"/v2/{here}{scope['path'][len('/v2/') + len(name) :]}"
        return {**scope, "path": path, "raw_path": path.encode()}

    def _is_for_docker(self, scope: Scope) -> bool:
        """Whether a Docker Engine asks its mirror of Docker Hub."""
        own = self._rooms.settings.docker_host
        return bool(own) and any(key == b"host" and value.decode("latin-1") == own for key, value in scope["headers"])

    async def _tried_fast(self, scope: Scope, receive: Receive, send: Send) -> bool:
        try:
            return await self._fast.answer(scope, receive, send)
        except EntrepotError:
            # Nothing was sent yet: the table's way meets the same trouble and renders it.
            return False

    async def _token(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def handle() -> Response:
            request = Request(scope, receive)
            match scope["method"]:
                case "GET":
                    return await token.get_token(self._rooms, self._transparent, request)
                case "POST":
                    return await token.post_token(self._rooms, self._transparent, request)
            raise Unsupported(f"The token endpoint answers GET and POST, not {scope['method']}.")

        await front.answer(
            scope, receive, send, "token", handle, self._renderer(scope, "", "", "", methods=("GET", "POST"))
        )

    def _renderer(
        self, scope: Scope, wanted: str, name: str, reference: str, methods: Collection[str] = ()
    ) -> front.Renderer:
        realm = base_url(scope, self._rooms.settings.external_url) + TOKEN_PATH
        if self._is_for_docker(scope):
            realm += f"?ns={DOCKER_HUB}"  # what the token is asked for is named as there
        way_in = WayIn(realm, self._rooms.accounts.settings.service, wanted)
        return renderer(scope, way_in, name, reference, methods)


def _naming(send: Send, host: str) -> Send:
    """Answers say which registry they were looked for at (distribution specification, "Registry Proxying")."""

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message["headers"], (b"oci-namespace", host.encode("latin-1", "replace"))]
            message = {**message, "headers": headers}
        await send(message)

    return named


def _raising(error: EntrepotError) -> Callable[[], Awaitable[Response]]:
    async def handle() -> Response:
        raise error

    return handle


async def _no_such_path() -> Response:
    return Plain(
        404,
        {"Content-Type": "application/json"},
        b'{"errors":[{"code":"UNSUPPORTED","message":"The registry protocol has no such path.","detail":null}]}',
    )
