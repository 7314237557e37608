"""Live pages: an open list hears that something in it changed, and loads itself again.

What is told is only that there was a change, never which: the page that is loaded then shows what its visitor may
see at that moment. Server-sent events (HTML standard §9.2), over one connection a visible tab.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from entrepot.accounts.sessions import read_session
from entrepot.doors.console.visit import Visit
from entrepot.doors.http.streaming import send_chunks
from entrepot.jobs.tail import Listener
from entrepot.registry.browse import readable
from entrepot.values.errors import OrganizationUnknown, RepositoryUnknown, Unauthenticated
from entrepot.values.names import OrganizationName, RepositoryName

_QUIET_SECONDS: Final = 15.0
"""After so long without news a comment is sent, so that no proxy takes the connection for dead."""
_LOOKED_AT_MAX: Final = 20
"""Of so many repositories at once is asked whether the visitor may see them; with more, their page just looks."""
_HELLO: Final = b"retry: 5000\n\n"
_CHANGED: Final = b"event: changed\ndata: 1\n\n"
_STILL_THERE: Final = b": still there\n\n"
_ENDED: Final = b"event: ended\ndata: 1\n\n"
_FAMILIES: Final = (
    "repository.",
    "manifest.pushed",
    "manifest.deleted",
    "tag.",
    "organization.",
    "sync.",
    "sync-rule.",
)


class EventStream(Response):
    """An answer that goes on while its reader stays."""

    media_type = "text/event-stream"

    def __init__(self, chunks: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._chunks = chunks

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send_chunks(self._chunks, receive, send)


async def follow_changes(visit: Visit) -> EventStream:
    """Changes of the organization or repository `of`; without one, of all the visitor may read."""
    visit.need_account()
    of = visit.query("of")
    await _check(visit, of)
    visit.rooms.tail.check_room()
    return EventStream(_changes(visit, of))


async def _check(visit: Visit, of: str) -> None:
    if of:
        name = RepositoryName.parse(of) if "/" in of else OrganizationName.parse(of)
        if not await readable(visit.rooms.registry, visit.actor, [name]):
            unknown = RepositoryUnknown if "/" in of else OrganizationUnknown
            raise unknown(f"There is no {of}, or you may not see it.")


async def _changes(visit: Visit, of: str) -> AsyncGenerator[bytes, None]:
    async with visit.rooms.tail.listening() as listener:
        yield _HELLO
        while True:
            is_changed = await _is_changed(visit, of, listener)
            try:
                await read_session(visit.rooms.accounts, visit.secret, is_use=False)
            except Unauthenticated:
                yield _ENDED
                return
            yield _CHANGED if is_changed else _STILL_THERE


async def _is_changed(visit: Visit, of: str, listener: Listener) -> bool:
    heard = await listener.heard(_QUIET_SECONDS)
    if heard.has_gap:
        return True
    subjects = {one.subject for one in heard.events if one.type.startswith(_FAMILIES)}
    if of:
        return any(subject == of or subject.startswith(f"{of}/") for subject in subjects)
    return await _sees_any(visit, sorted(subjects))


async def _sees_any(visit: Visit, subjects: Sequence[str]) -> bool:
    if len(subjects) > _LOOKED_AT_MAX:
        return True
    return bool(await readable(visit.rooms.registry, visit.actor, subjects))
