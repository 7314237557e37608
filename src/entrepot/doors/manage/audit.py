"""What happened: for people newest first, for archives as lines, for programs as a feed. The contract has no call."""

import json
from collections.abc import AsyncGenerator
from time import monotonic
from typing import Annotated, Any, Final, Literal, cast

from fastapi import Depends, Header, Query
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from entrepot.audit.look import EventPage, Told, list_events, read_all, read_on
from entrepot.audit.wanted import Result, Wanted, cursor_of, parse_cursor, result_of
from entrepot.doors.manage.call import Call, TheCall
from entrepot.doors.manage.fields import Moment, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.jobs.events import CLOUDEVENTS_TYPE_PREFIX
from entrepot.jobs.feed import Position
from entrepot.jobs.tail import Heard
from entrepot.plumbing.clock import rfc3339
from entrepot.values.names import OrganizationName

_LINES_AT_ONCE: Final = 100
_STREAM_SECONDS: Final = 600.0
"""So long a stream lasts before its client signs in anew."""
_QUIET_SECONDS: Final = 15.0
"""After so long without news a comment is sent, so that no proxy takes the connection for dead."""
_HELLO: Final = b"retry: 5000\n\n"
_STILL_THERE: Final = b": still there\n\n"
TimeParameter = Annotated[Moment | None, Query()]


class AuditEvent(BaseModel):
    """`data` has what changed and, in `before`, how it was. `marker` is the event's own place in the list.

    `actor_name` and `domain_name` are empty when they are gone or there is none.
    """

    marker: str
    id: str
    time: str
    type: str
    result: Literal["done", "refused"]
    subject: str
    actor: str
    actor_name: str
    address: str
    credential: str
    organization: str
    domain_id: str
    domain_name: str
    data: dict[str, Any]


class AuditEvents(BaseModel):
    events: list[AuditEvent]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class CloudEvent(BaseModel):
    """An event as CloudEvents 1.0 writes it, with our own attributes beside."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str = "application/json"
    data: dict[str, Any]
    actor: str
    address: str
    credential: str
    organization: str
    domainid: str
    marker: str


class CloudEvents(BaseModel):
    """`nextMarker` is there always: where to go on, now or when more has happened."""

    events: list[CloudEvent]
    nextMarker: str | None = None  # noqa: N815  # absent only before the first event


class Lines(Response):
    """JSON lines, made while they are sent: the door takes `chunks` from the message and sends them."""

    media_type = "application/x-ndjson"

    def __init__(self, chunks: AsyncGenerator[bytes, None]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._chunks = chunks

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "chunks": self._chunks})


class ServerSentEvents(Lines):
    media_type = "text/event-stream"

    def __init__(self, chunks: AsyncGenerator[bytes, None]) -> None:
        super().__init__(chunks)
        self.headers["Cache-Control"] = "no-store"
        self.headers["X-Accel-Buffering"] = "no"  # a proxy that waits for more would hold back what there is


async def _wanted(
    organization: WordParameter = None,
    subject: WordParameter = None,
    actor: WordParameter = None,
    type: WordParameter = None,  # noqa: A002  # the parameter's name
    address: WordParameter = None,
    credential: WordParameter = None,
    result: Annotated[Result | None, Query()] = None,
    since: TimeParameter = None,
    until: TimeParameter = None,
) -> Wanted:
    return Wanted(
        organization=None if organization is None else OrganizationName.parse(organization),
        subject=subject,
        actor=actor,
        type=type,
        address=address,
        credential=credential,
        result=result,
        since=since,
        until=until,
    )


TheWanted = Annotated[Wanted, Depends(_wanted)]


async def list_audit(
    call: TheCall, wanted: TheWanted, limit: WordParameter = None, marker: WordParameter = None
) -> AuditEvents:
    """What happened, the newest first: changes, logins, refusals. Managers name their organization.

    A page may have few events, or none, and yet a `nextMarker`: then older ones were not looked at yet.
    """
    page = await list_events(call.rooms.audit, call.actor, wanted, parse_cursor(marker), parse_limit(limit))
    return AuditEvents(events=[_row(told) for told in page.items], nextMarker=_next(page))


async def export_audit(call: TheCall, wanted: TheWanted, marker: WordParameter = None) -> Lines:
    """What happened, the oldest first, one JSON object a line, to the end. The `marker` of the last line resumes it."""
    page = await read_on(call.rooms.audit, call.actor, wanted, parse_cursor(marker))
    return Lines(_lines(call, wanted, page))


async def list_events_since(
    call: TheCall,
    wanted: TheWanted,
    limit: WordParameter = None,
    marker: WordParameter = None,
    accept: Annotated[str, Header(description="`text/event-stream` for events as they happen.")] = "",
    last_event_id: Annotated[Word | None, Header(description="Where a stream goes on: the last `id` it had.")] = None,
) -> CloudEvents:
    """The event feed for programs: the oldest first, after `marker`. Who goes on from page to page misses nothing.

    Asked for `text/event-stream` it goes on as events happen, each with its `marker` as `id`, for ten minutes; then
    the client comes again with `Last-Event-ID`, as those of the standard do by themselves.
    """
    if ServerSentEvents.media_type in accept:
        call.rooms.tail.check_room()
        place = parse_cursor(last_event_id or marker)
        first = await read_on(call.rooms.audit, call.actor, wanted, place)
        # FastAPI sends a response as it is.
        return cast("CloudEvents", ServerSentEvents(_followed(call, wanted, place, first)))
    after = parse_cursor(marker)
    page = await read_on(call.rooms.audit, call.actor, wanted, after, parse_limit(limit))
    if page.after is not None:
        following: str | None = cursor_of(page.after)
    else:
        following = cursor_of(page.items[-1].place) if page.items else marker
    return CloudEvents(events=[_cloud_event(told, call) for told in page.items], nextMarker=following)


async def _followed(call: Call, wanted: Wanted, place: Position | None, page: EventPage) -> AsyncGenerator[bytes, None]:
    """The events of `page`, which begins after `place`, and all that follow, as server-sent events (HTML §9.2)."""
    until = monotonic() + _STREAM_SECONDS
    async with call.rooms.tail.listening() as listener:
        yield _HELLO
        while True:
            for told in page.items:
                data = _cloud_event(told, call).model_dump_json()
                yield f"id: {cursor_of(told.place)}\ndata: {data}\n\n".encode()
            place = page.after or (page.items[-1].place if page.items else place)
            while page.after is None and not _has_news(await listener.heard(_QUIET_SECONDS)):
                yield _STILL_THERE
                if monotonic() > until:
                    return
            if monotonic() > until:
                return
            page = await read_on(call.rooms.audit, call.actor, wanted, place)


def _has_news(heard: Heard) -> bool:
    return bool(heard.events) or heard.has_gap


async def _lines(call: Call, wanted: Wanted, page: EventPage) -> AsyncGenerator[bytes, None]:
    lines: list[bytes] = []
    async for told in read_all(call.rooms.audit, call.actor, wanted, page):
        lines.append(json.dumps(_row(told).model_dump()).encode() + b"\n")
        if len(lines) == _LINES_AT_ONCE:
            yield b"".join(lines)
            lines.clear()
    if lines:
        yield b"".join(lines)


def _next(page: EventPage) -> str | None:
    return None if page.after is None else cursor_of(page.after)


def _row(told: Told) -> AuditEvent:
    event = told.event
    return AuditEvent(
        marker=cursor_of(told.place),
        id=event.id,
        time=rfc3339(event.time),
        type=event.type,
        result=result_of(event.type).value,
        subject=event.subject,
        actor=event.actor,
        actor_name=told.actor_name,
        address=event.address,
        credential=event.credential,
        organization=event.organization,
        domain_id=event.domain_id,
        domain_name=told.domain_name,
        data=event.data,
    )


def _cloud_event(told: Told, call: Call) -> CloudEvent:
    event = told.event
    return CloudEvent(
        id=event.id,
        source=call.url,
        type=CLOUDEVENTS_TYPE_PREFIX + event.type,
        subject=event.subject,
        time=rfc3339(event.time),
        data=event.data,
        actor=event.actor,
        address=event.address,
        credential=event.credential,
        organization=event.organization,
        domainid=event.domain_id,
        marker=cursor_of(told.place),
    )
