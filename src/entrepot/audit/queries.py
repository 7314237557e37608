"""SQL about events for those who look at them. Every question walks one index, from a key on, and stops.

Five indexes begin with what most is asked by (domain, organization, subject, actor, or nothing) and go on in
the order of the feed. One of them is walked; what else is asked for is looked at on the way. So that a question
that fits few events does not walk through all, it looks at so many and then says where to go on. How many is said by
LIMIT: PostgreSQL walks on beyond a place where many events have one `xid`, as those have that were moved together.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, delete, func, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from entrepot.access.patterns import ESCAPE, like_of
from entrepot.audit.settings import AuditSettings
from entrepot.audit.wanted import Result
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs import places
from entrepot.jobs.events import LATE_SECONDS_MAX
from entrepot.jobs.feed import Position
from entrepot.jobs.tables import cluster_id, event, feed_position, oldest_running_xid

_LATE = timedelta(seconds=LATE_SECONDS_MAX)
_OLDEST_FIRST = (event.c.xid, event.c.seq)
# What an index begins with; the first that is given is walked, as it fits fewest.
_WALKED = ("subject", "actor", "organization", "domain_id")


@dataclass(frozen=True, slots=True)
class Found:
    """`after`: where to go on; None at the end."""

    rows: Sequence[Row[Any]]
    after: Position | None


_Columns = ReadOnlyColumnCollection[str, Any]
_Fits = Callable[[_Columns], ColumnElement[bool]]


@dataclass(slots=True)
class Search:
    """Conditions on events: `walked` by an index, `looked_at` on the way, within `span`, which an index knows too."""

    walked: list[ColumnElement[bool]] = field(default_factory=list)
    looked_at: list[_Fits] = field(default_factory=list)
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
            search.looked_at.append(_is(name, equal[name]))
    if type_ is not None:
        search.looked_at.append(_is_of(type_) if type_.endswith(".*") else _is("type", type_))
    if types:
        search.looked_at.append(lambda of: of.type.in_(types))
    if without:
        search.looked_at.append(lambda of: of.type.not_in(without))
    if result is not None:
        refused = _is_of("*.refused")
        search.looked_at.append(refused if result is Result.REFUSED else lambda of: ~refused(of))
    return search


def _is(name: str, value: str) -> _Fits:
    return lambda of: of[name] == value


def _is_of(pattern: str) -> _Fits:
    return lambda of: of.type.like(like_of(pattern), escape=ESCAPE)


async def limit_times(tx: Reader, search: Search, since: datetime | None, until: datetime | None) -> None:
    """Bound a search in time. Times and places go together but for events that were written late."""
    if since is not None:
        search.looked_at.append(lambda of: of.time >= since)
        before = select(*_OLDEST_FIRST).where(event.c.time < since - _LATE).order_by(event.c.time.desc()).limit(1)
        if row := await tx.row(before):
            search.span.append(places.after(row.xid, row.seq))
    if until is not None:
        search.looked_at.append(lambda of: of.time < until)
        later = select(*_OLDEST_FIRST).where(event.c.time > until + _LATE).order_by(event.c.time).limit(1)
        if row := await tx.row(later):
            search.span.append(places.before(row.xid, row.seq))


async def newest_first(tx: Reader, search: Search, before: Position | None, limit: int, bounds: AuditSettings) -> Found:
    """Events before a place, the newest first."""
    span = list(search.span)
    if before is not None:
        span.append(places.before(before.xid, before.seq))
    return await _found(tx, search, span, limit, bounds, newest_first=True)


async def oldest_first(tx: Reader, search: Search, after: Position, limit: int, bounds: AuditSettings) -> Found:
    """Events after a place, the oldest first, and only what is settled (`jobs/feed.py`)."""
    settled = event.c.xid < oldest_running_xid()
    span = [*search.span, places.after(after.xid, after.seq), settled]
    return await _found(tx, search, span, limit, bounds, newest_first=False)


async def numbered(
    tx: Reader, search: Search, offset: int, limit: int, bounds: AuditSettings
) -> tuple[Sequence[Row[Any]], int]:
    """Those among the newest events, as many as one question may look at: a page, and how many there are."""
    rows: list[Row[Any]] = []
    total = 0
    async with aclosing(_pieces(tx, search, search.span, bounds, newest_first=True)) as pieces:
        async for piece in pieces:
            number = int(await tx.value(select(func.count()).select_from(piece.fitting(search).subquery())))
            if total + number > offset and len(rows) < limit:
                page = piece.fitting(search).offset(max(offset - total, 0))
                rows += await tx.rows(page.limit(limit - len(rows)))
            total += number
    return rows, total


async def _found(
    tx: Reader,
    search: Search,
    span: Sequence[ColumnElement[bool]],
    limit: int,
    bounds: AuditSettings,
    newest_first: bool,
) -> Found:
    rows: list[Row[Any]] = []
    end: Position | None = None
    async with aclosing(_pieces(tx, search, span, bounds, newest_first, limit + 1)) as pieces:
        async for piece in pieces:
            rows += await tx.rows(piece.fitting(search).limit(limit + 1 - len(rows)))
            if len(rows) > limit:
                return Found(rows[:limit], Position(rows[limit - 1].xid, rows[limit - 1].seq))
            end = piece.end
    return Found(rows, end)


@dataclass(frozen=True, slots=True)
class _Piece:
    """`events` one after the other; `end`: the last of them, None when no other comes after it."""

    events: FromClause
    newest_first: bool
    end: Position | None

    def fitting(self, search: Search) -> Select[Any]:
        """SELECT of those that fit."""
        fits = [fits(self.events.c) for fits in search.looked_at]
        return select(self.events).where(*fits).order_by(*_ordered(self.events.c, self.newest_first))


async def _pieces(
    tx: Reader,
    search: Search,
    span: Sequence[ColumnElement[bool]],
    bounds: AuditSettings,
    newest_first: bool,
    enough: int | None = None,
) -> AsyncGenerator[_Piece]:
    """A span of the feed in pieces, as far as one question may look; one is enough where each event fits.

    SQLite reads in the event loop: between two pieces others have their turn.
    """
    rest, left = list(span), bounds.looked_at_max
    while left:
        number = min(bounds.looked_at_once, left)
        walk = select(event).where(*search.walked, *rest).order_by(*_ordered(event.c, newest_first))
        if enough is not None and not search.looked_at:
            yield _Piece(walk.limit(enough).subquery(), newest_first, None)
            return
        last = walk.with_only_columns(event.c.xid, event.c.seq).offset(number - 1).limit(1)
        row = await tx.row(last)
        yield _Piece(walk.limit(number).subquery(), newest_first, None if row is None else Position(row.xid, row.seq))
        if row is None:
            return
        rest = [*span, (places.before if newest_first else places.after)(row.xid, row.seq)]
        left -= number
        await asyncio.sleep(0)


def _ordered(of: _Columns, newest_first: bool) -> Sequence[ColumnElement[Any]]:
    """The order of the feed, or the other way round."""
    return (of.xid.desc(), of.seq.desc()) if newest_first else (of.xid, of.seq)


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
