"""The door for edges.

    POST /edges/v1/join       become a node of a region, with a token
    POST /edges/v1/report     how the edge is; answered with what holds for it
    POST /edges/v1/presence   which blobs it has: a filter, as it is
    POST /edges/v1/decide     whether a client may pull a repository

An edge shows its secret as a bearer. A report may be held for a while before it is answered: so the center sees at once
when the edge, or the way to it, is gone.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from entrepot.accounts.credentials import BEARER, Credentials
from entrepot.doors.edges.messages import Decide, Join, Report, parse
from entrepot.doors.http import body as bodies
from entrepot.doors.http import front
from entrepot.doors.http.body import declared_length
from entrepot.doors.http.problems import oci_body, problem_of
from entrepot.doors.http.streaming import until_gone
from entrepot.plumbing.caller import caller
from entrepot.regions import decisions, joining, reports
from entrepot.regions.presence import BYTES_MAX
from entrepot.regions.room import Regions
from entrepot.regions.warming.orders import Warmed
from entrepot.regions.warming.rules import WarmState
from entrepot.registry.pulled import PullCounts
from entrepot.registry.room import Registry
from entrepot.values.errors import Elsewhere, EntrepotError, RepositoryUnknown, TooMany, Unauthenticated, Unsupported
from entrepot.values.names import EdgeName, RepositoryName
from entrepot.values.words import one_of

PATHS: Final = "/edges/v1/"
_JSON_BYTES_MAX: Final = 4 << 20
_RETRY_SECONDS: Final = 2


@dataclass(frozen=True, slots=True)
class EdgeRooms:
    """What this door works with."""

    regions: Regions
    registry: Registry
    credentials: Credentials
    body_idle_seconds: float


class EdgesDoor:
    """An ASGI application."""

    def __init__(self, rooms: EdgeRooms) -> None:
        self._rooms = rooms
        self._calls: Mapping[str, Callable[[Request], Awaitable[ASGIApp]]] = {
            "join": self._join,
            "report": self._report,
            "presence": self._presence,
            "decide": self._decide,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix(PATHS)
        call = self._calls.get(name)

        async def handle() -> ASGIApp:
            if call is None:
                raise RepositoryUnknown("There is no such path here.")
            if scope["method"] != "POST":
                raise Unsupported(f"This path answers POST, not {scope['method']}.")
            return await call(Request(scope, receive))

        await front.answer(scope, receive, send, f"edges.{name}" if call else "unknown", handle, _refusal)

    async def _join(self, request: Request) -> ASGIApp:
        said = parse(Join, await self._body(request))
        application = joining.Application(
            EdgeName.parse(said.name), said.region, said.url, said.capacity_bytes, said.version
        )
        return _answer(asdict(await joining.join(self._rooms.regions, said.token, application)), 201)

    async def _report(self, request: Request) -> ASGIApp:
        said, secret = parse(Report, await self._body(request)), _secret(request)
        report = reports.Report(
            said.url,
            said.version,
            said.capacity_bytes,
            said.held_bytes,
            said.free_bytes,
            said.streams,
            said.round_trip_ms,
        )
        warmed = [Warmed(**{**dict(one), "state": one_of(WarmState, one.state, "state")}) for one in said.warmed]
        orders = await reports.report(self._rooms.regions, secret, report, said.measures, warmed)
        self._rooms.registry.counts.add(
            PullCounts(
                {(one.path, one.reference): one.count for one in said.pulls},
                {(one.path, one.digest): one.reference for one in said.asked},
                {(one.path, one.digest): one.bytes for one in said.sent},
            )
        )
        if said.hold and not await self._is_still_there(request, orders.report_seconds):
            await reports.lose(self._rooms.regions, secret)
        return _answer({**asdict(orders), "now": self._rooms.regions.clock.now().timestamp()})

    async def _is_still_there(self, request: Request, seconds: float) -> bool:
        """Whether the edge waits for so long for its answer."""
        try:
            await asyncio.wait_for(until_gone(request.receive), seconds)
        except TimeoutError:
            return True
        return False

    async def _presence(self, request: Request) -> ASGIApp:
        secret = _secret(request)
        await reports.keep_presence(self._rooms.regions, secret, await self._body(request, BYTES_MAX))
        return Response(status_code=204)

    async def _decide(self, request: Request) -> ASGIApp:
        said, secret = parse(Decide, await self._body(request)), _secret(request)
        # First: nobody but an edge says from which address somebody signs in.
        await reports.check_edge(self._rooms.regions, secret)
        path = RepositoryName.parse(said.path)
        caller.set(replace(caller.get(), address=said.client or caller.get().address))
        shown = None if said.authorization is None else said.authorization.encode("latin-1", "replace")
        actor = await self._rooms.credentials.actor(shown)
        front.signed_in(actor)
        return _answer({"decision": await decisions.decide(self._rooms.regions, secret, actor, path)})

    async def _body(self, request: Request, bytes_max: int = _JSON_BYTES_MAX) -> bytes:
        length = declared_length(request.headers.get("content-length"))
        return await bodies.whole(request.receive, length, self._rooms.body_idle_seconds, bytes_max)


def _secret(request: Request) -> str:
    """What the edge shows. Raises Unauthenticated."""
    header = request.headers.get("authorization", "")
    if not header.startswith(BEARER.decode()):
        raise Unauthenticated("An edge shows its secret as a bearer.")
    return header.removeprefix(BEARER.decode())


def _answer(document: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status, headers={"Cache-Control": "no-store"}, media_type="application/json")


def _refusal(error: EntrepotError) -> Response:
    answer = Response(json.dumps(oci_body(error)), problem_of(error).status, media_type="application/json")
    if isinstance(error, Elsewhere | TooMany):
        answer.headers["Retry-After"] = str(int(error.retry_after or _RETRY_SECONDS))
    return answer
