"""SQL about events for those who look at them. Every question walks one index, from a key on, and stops.

Five indexes begin with what most is asked by (domain, organization, subject, actor, or nothing) and go on in
the order of the feed. One of them is walked; what else is asked for is looked at on the way. So that a question
that fits few events does not walk through all, it looks at so many and then says where to go on.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select

from entrepot.access.patterns import ESCAPE, like_of
from entrepot.audit.settings import AuditSettings
from entrepot.audit.wanted import Result
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs import places
from entrepot.jobs.events import LATE_SECONDS_MAX
from entrepot.jobs.feed import Position
from entrepot.jobs.tables import cluster_id, event, feed_position, oldest_running_xid

_LATE = timedelta(seconds=LATE_SECONDS_MAX)
_NEWEST_FIRST = (event.c.xid.desc(), event.c.seq.desc())
_OLDEST_FIRST = (event.c.xid, event.c.seq)
# What an index begins with; the first that is given is walked, as it fits fewest.
_WALKED = ("subject", "actor", "organization", "domain_id")


@dataclass(frozen=True, slots=True)
class Found:
    """`after`: where to go on; None at the end."""

    rows: Sequence[Row[Any]]
    after: Position | None


@dataclass(slots=True)
class Search:
    """Conditions on events: `walked` by an index, `looked_at` on the way, within `span`, which an index knows too."""

    walked: list[ColumnElement[bool]] = field(default_factory=list)
    looked_at: list[ColumnElement[bool]] = field(default_factory=list)
    span: list[ColumnElement[bool]] = field(default_factory=list)


def search_for(
    equal: dict[str, str],
    type_: str | None,
    types: Sequence[str] = (),
    result: Result | None = None,
    without: Sequence[str] = (),
) -> Search:
    """A search for events with these values in these columns."""
    search = Search()
    for name in (*_WALKED, *sorted(set(equal) - set(_WALKED))):
        if name not in equal:
            continue
        if name in _WALKED and not search.walked:
            search.walked.append(event.c[name] == equal[name])
        else:
            # Not as the bare column: without statistics SQLite would as soon walk the index of this one.
            search.looked_at.append(func.coalesce(event.c[name], "") == equal[name])
    if type_ is not None:
        is_family = type_.endswith(".*")
        search.looked_at.append(
            event.c.type.like(like_of(type_), escape=ESCAPE) if is_family else event.c.type == type_
        )
    if types:
        search.looked_at.append(event.c.type.in_(types))
    if without:
        search.looked_at.append(event.c.type.not_in(without))
    if result is not None:
        refused = event.c.type.like("%.refused")
        search.looked_at.append(refused if result is Result.REFUSED else ~refused)
    return search


async def limit_times(tx: Reader, search: Search, since: datetime | None, until: datetime | None) -> None:
    """Bound a search in time. Times and places go together but for events that were written late."""
    if since is not None:
        search.looked_at.append(event.c.time >= since)
        before = select(*_OLDEST_FIRST).where(event.c.time < since - _LATE).order_by(event.c.time.desc()).limit(1)
        if row := await tx.row(before):
            search.span.append(places.after(row.xid, row.seq))
    if until is not None:
        search.looked_at.append(event.c.time < until)
        later = select(*_OLDEST_FIRST).where(event.c.time > until + _LATE).order_by(event.c.time).limit(1)
        if row := await tx.row(later):
            search.span.append(places.before(row.xid, row.seq))


async def newest_first(tx: Reader, search: Search, before: Position | None, limit: int, bounds: AuditSettings) -> Found:
    """Events before a place, the newest first."""
    span = list(search.span)
    if before is not None:
        span.append(places.before(before.xid, before.seq))
    return await _found(tx, search, _pieces(tx, search, span, _NEWEST_FIRST, bounds), _NEWEST_FIRST, limit)


async def oldest_first(tx: Reader, search: Search, after: Position, limit: int, bounds: AuditSettings) -> Found:
    """Events after a place, the oldest first, and only what is settled (`jobs/feed.py`)."""
    settled = event.c.xid < oldest_running_xid()
    span = [*search.span, places.after(after.xid, after.seq), settled]
    return await _found(tx, search, _pieces(tx, search, span, _OLDEST_FIRST, bounds), _OLDEST_FIRST, limit)


async def numbered(
    tx: Reader, search: Search, offset: int, limit: int, bounds: AuditSettings
) -> tuple[Sequence[Row[Any]], int]:
    """Those among the newest events, as many as one question may look at: a page, and how many there are."""
    rows: list[Row[Any]] = []
    total = 0
    async for piece in _pieces(tx, search, search.span, _NEWEST_FIRST, bounds, is_counted=True):
        fitting = (*search.walked, *search.looked_at, *piece.span)
        number = int(await tx.value(select(func.count()).select_from(event).where(*fitting)))
        if total + number > offset and len(rows) < limit:
            page = select(event).where(*fitting).order_by(*_NEWEST_FIRST).offset(max(offset - total, 0))
            rows += await tx.rows(page.limit(limit - len(rows)))
        total += number
    return rows, total


@dataclass(frozen=True, slots=True)
class _Piece:
    """Events one after the other; `end`: the last of them, None when no other comes after it."""

    span: Sequence[ColumnElement[bool]]
    end: Position | None


async def _pieces(
    tx: Reader,
    search: Search,
    span: Sequence[ColumnElement[bool]],
    order: Sequence[Any],
    bounds: AuditSettings,
    is_counted: bool = False,
) -> AsyncGenerator[_Piece]:
    """A span of the feed in pieces, as far as one question may look; all of it at once when each event fits.

    SQLite reads in the event loop: between two pieces others have their turn.
    """
    if not search.looked_at and not is_counted:
        yield _Piece(span, None)
        return
    newest_first = order is _NEWEST_FIRST
    rest, left = list(span), bounds.looked_at_max
    while left:
        number = min(bounds.looked_at_once, left)
        walk = select(event.c.xid, event.c.seq).where(*search.walked, *rest).order_by(*order)
        row = await tx.row(walk.offset(number - 1).limit(1))
        if row is None:
            yield _Piece(rest, None)
            return
        upto, beyond = (places.from_, places.before) if newest_first else (places.up_to, places.after)
        yield _Piece([*rest, upto(row.xid, row.seq)], Position(row.xid, row.seq))
        rest = [*span, beyond(row.xid, row.seq)]
        left -= number
        await asyncio.sleep(0)


async def _found(tx: Reader, search: Search, pieces: AsyncGenerator[_Piece], order: Sequence[Any], limit: int) -> Found:
    rows: list[Row[Any]] = []
    end: Position | None = None
    async with aclosing(pieces):
        async for piece in pieces:
            fitting = select(event).where(*search.walked, *search.looked_at, *piece.span).order_by(*order)
            rows += await tx.rows(fitting.limit(limit + 1 - len(rows)))
            if len(rows) > limit:
                return Found(rows[:limit], Position(rows[limit - 1].xid, rows[limit - 1].seq))
            end = piece.end
    return Found(rows, end)


# --- forgetting ---


async def read_by_all(tx: Reader) -> Position | None:
    """The place up to which every consumer has read; None when that cannot be said."""
    strangers = select(func.count()).select_from(feed_position).where(feed_position.c.cluster != cluster_id())
    if await tx.value(strangers):
        return None  # their numbers mean nothing here until the consumer has come back
    columns = (feed_position.c.xid, feed_position.c.seq)
    row = await tx.row(select(*columns).order_by(*columns).limit(1))
    return None if row is None else Position(row.xid, row.seq)


async def oldest(tx: Reader, upto: Position, limit: int) -> Sequence[Row[Any]]:
    """Number and time of the first events of the feed, none after `upto`."""
    return await tx.rows(
        select(event.c.seq, event.c.time).where(places.up_to(upto.xid, upto.seq)).order_by(*_OLDEST_FIRST).limit(limit)
    )


async def forget(tx: Writer, numbers: Sequence[int]) -> int:
    return await tx.run(delete(event).where(event.c.seq.in_(numbers)))
