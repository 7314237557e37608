"""Around every request: its id, who it comes from, its log line, its numbers, and an answer whatever happens."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from entrepot.access.actor import Actor
from entrepot.doors.http.proxies import peer
from entrepot.plumbing import metrics
from entrepot.plumbing.caller import Caller, caller
from entrepot.plumbing.ids import RequestIds
from entrepot.plumbing.logging import get_logger, request_id
from entrepot.values.errors import Broken, EntrepotError

_log = get_logger()
_ids = RequestIds()

Handler = Callable[[], Awaitable[ASGIApp]]
Renderer = Callable[[EntrepotError], ASGIApp]
_NOTHING_SENT = 499
QUIET_STATUSES = frozenset({200, 206, 304, 307, 401})


class HalfAnswered(Exception):
    """Something failed after the answer had begun: the server breaks the connection off, and the client knows."""


async def answer(scope: Scope, receive: Receive, send: Send, route: str, handle: Handler, render: Renderer) -> None:
    """Run `handle` and send what it returns; an error is rendered by `render`, an unforeseen one as Broken.

    Raises what happens after the answer has begun.
    """
    current = _ids.next()
    token, unknown = request_id.set(current), caller.set(Caller(peer(scope)))
    started = perf_counter()
    watch = Watch(send, current)
    try:
        try:
            response = await handle()
            await response(scope, receive, watch.send)
        except EntrepotError as error:
            _log_error(error)
            # Half an answer cannot be taken back: the server breaks the connection off, and the client knows.
            if watch.has_begun:
                raise
            await render(error)(scope, receive, watch.send)
        except Exception:
            if watch.has_begun:
                raise
            _log.exception("request failed", route=route, method=scope["method"], path=scope["path"])
            broken = Broken("The registry failed; its log has the request id.", request_id=current)
            await render(broken)(scope, receive, watch.send)
    finally:
        seconds = perf_counter() - started
        metrics.tally.add(route, scope["method"], watch.status, seconds)
        if watch.status not in QUIET_STATUSES:
            _log.info(
                "request",
                route=route,
                method=scope["method"],
                path=scope["path"],
                status=watch.status,
                seconds=round(seconds, 4),
                client=peer(scope),
            )
        caller.reset(unknown)
        request_id.reset(token)


def signed_in(actor: Actor) -> None:
    """For the rest of the request, every event says who this was and by which credential."""
    caller.set(replace(caller.get(), credential=actor.credential, domain_id=actor.domain_id))


class Watch:
    """Adds the request id to the answer and remembers its status; 499 when none was sent."""

    def __init__(self, send: Send, current: str) -> None:
        self._send = send
        self._id = current.encode()
        self.status = _NOTHING_SENT

    @property
    def has_begun(self) -> bool:
        return self.status != _NOTHING_SENT

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._id)]
        await self._send(message)


def _log_error(error: EntrepotError) -> None:
    if isinstance(error, Broken):
        _log.error("broken", message=error.message, **{f"detail_{key}": value for key, value in error.detail.items()})
        cause = error.__cause__
        if cause is not None:
            _log.error("cause", error=repr(cause))
