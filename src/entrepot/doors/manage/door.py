"""The management API's entrance: find the call, sign in, read the body, then let FastAPI parse and answer.

FastAPI's answers are small and kept until they are complete, so that an error anywhere in it reaches
`front.answer` like on every other door, before anything was sent.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from entrepot.access.actor import ANONYMOUS
from entrepot.doors.http import body as bodies
from entrepot.doors.http import front
from entrepot.doors.http.address import base_url
from entrepot.doors.http.refusals import refusals_noted
from entrepot.doors.http.streaming import send_chunks
from entrepot.doors.manage import routes
from entrepot.doors.manage.call import CALL, Call
from entrepot.doors.manage.enterprise.left_out import why_left_out
from entrepot.doors.manage.framework import framework_of
from entrepot.doors.manage.paths import routed_path
from entrepot.doors.manage.problems import UNKNOWN_PATH, error_body, problem_of
from entrepot.doors.manage.rooms import ManageRooms
from entrepot.doors.manage.route import Route
from entrepot.doors.manage.sign_in import Asked, sign_in
from entrepot.values.errors import Elsewhere, EntrepotError, TooMany, Unauthenticated, Unsupported

_RETRY_SECONDS: Final = 5
_CHALLENGE: Final = 'Basic realm="entrepot", charset="UTF-8"'
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def build(rooms: ManageRooms) -> ASGIApp:
    """The management API over `rooms`: `/v2/manage/…`, `/v3/manage/…`, `/v2` and `/`."""
    return ManageDoor(rooms)


class ManageDoor:
    """An ASGI application."""

    def __init__(self, rooms: ManageRooms) -> None:
        self._rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = routed_path(scope)
        calls = routes.find(path)
        route = calls.get(scope["method"])

        async def handle() -> ASGIApp:
            if route is None:
                why = why_left_out(scope["method"], path)
                if not calls:
                    said = why or "There is no such path in this API."
                    return _answer(UNKNOWN_PATH.status, error_body(UNKNOWN_PATH.code, said))
                said = why or f"This path answers {', '.join(sorted(calls))}, not {scope['method']}."
                raise Unsupported(said, allow=sorted(calls))
            asked = Asked(Request(scope, receive), self._read)
            call = await self._call(route, asked)
            body = await asked.body() if route.method in _WITH_BODY and not route.reads_bytes else b""
            answer = Answer()
            with refusals_noted(call.accounts.notes, call.actor, route.name):
                inner = {**scope, "path": path, "root_path": "", CALL: call}
                await framework_of(route.name)(inner, _replay(body), answer.take)
            return answer

        def render(error: EntrepotError) -> ASGIApp:
            problem = problem_of(error, route.problems if route else None)
            return _answer(problem.status, error_body(problem.code, error.sentence), _headers(error))

        await front.answer(scope, receive, send, f"manage.{route.name}" if route else "unknown", handle, render)

    async def _call(self, route: Route, asked: Asked) -> Call:
        actor = ANONYMOUS if route.is_open else await sign_in(self._rooms, asked)
        front.signed_in(actor)
        url = base_url(asked.scope)
        length = bodies.declared_length(asked.header("content-length"))
        host = self._rooms.registry_host or url.partition("://")[2]
        return Call(self._rooms, actor, url, host, lambda: self._chunks(asked, length), length)

    async def _chunks(self, asked: Asked, length: int | None) -> AsyncIterator[bytes]:
        """The body of a call that is no JSON; a signed one was read to know who signed it."""
        if asked.held is not None:
            yield asked.held
            return
        async for chunk in bodies.stream(asked.receive, length, self._rooms.body_idle_seconds):
            yield chunk

    async def _read(self, request: Request) -> bytes:
        length = bodies.declared_length(request.headers.get("content-length"))
        return await bodies.whole(request.receive, length, self._rooms.body_idle_seconds, self._rooms.json_bytes_max)


class Answer:
    """What FastAPI answered, kept to be sent when it is complete; only `chunks` are made while they are sent."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    async def take(self, message: Message) -> None:
        self._messages.append(message)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        for message in self._messages:
            if "chunks" in message:
                await send_chunks(message["chunks"], receive, send)
            else:
                await send(message)


def _replay(body: bytes) -> Receive:
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive


def _headers(error: EntrepotError) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"WWW-Authenticate": _CHALLENGE}
        case Unsupported() if isinstance(allow := error.detail.get("allow"), list):
            return {"Allow": ", ".join(str(method) for method in allow)}
        case TooMany() if error.retry_after is not None:
            return {"Retry-After": str(int(error.retry_after))}
        case Elsewhere():
            return {"Retry-After": str(int(error.retry_after or _RETRY_SECONDS))}
    return {}


def _answer(status: int, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> ASGIApp:
    return Response(json.dumps(document), status, headers, "application/json")
