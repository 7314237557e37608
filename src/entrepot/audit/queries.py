"""SQL about events for those who look at them. Every question walks one index, from a key on, and stops.

Five indexes begin with what most is asked by (domain, organization, subject, actor, or nothing) and go on in
the order of the feed. One of them is walked; what else is asked for is looked at on the way. So that a question
that fits few events does not walk through all, it looks at so many and then says where to go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, tuple_

from entrepot.access.patterns import ESCAPE, like_of
from entrepot.audit.wanted import Result
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import LATE_SECONDS_MAX
from entrepot.jobs.feed import Position
from entrepot.jobs.tables import cluster_id, event, feed_position, oldest_running_xid

_place = tuple_(event.c.xid, event.c.seq)
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
    equal: dict[str, str], type_: str | None, types: Sequence[str] = (), result: Result | None = None
) -> Search:
    """A search for events with these values in these columns."""
    search = Search()
    for name in (*_WALKED, *sorted(set(equal) - set(_WALKED))):
        if name in equal:
            conditions = search.looked_at if search.walked or name not in _WALKED else search.walked
            conditions.append(event.c[name] == equal[name])
    if type_ is not None:
        is_family = type_.endswith(".*")
        search.looked_at.append(
            event.c.type.like(like_of(type_), escape=ESCAPE) if is_family else event.c.type == type_
        )
    if types:
        search.looked_at.append(event.c.type.in_(types))
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
            search.span.append(_place > tuple_(*row))
    if until is not None:
        search.looked_at.append(event.c.time < until)
        later = select(*_OLDEST_FIRST).where(event.c.time > until + _LATE).order_by(event.c.time).limit(1)
        if row := await tx.row(later):
            search.span.append(_place < tuple_(*row))


async def newest_first(tx: Reader, search: Search, before: Position | None, limit: int, looked_at_max: int) -> Found:
    """Events before a place, the newest first."""
    span = list(search.span)
    if before is not None:
        span.append(_place < tuple_(before.xid, before.seq))
    end = await _end(tx, search, span, _NEWEST_FIRST, looked_at_max)
    if end is not None:
        span.append(_place >= tuple_(end.xid, end.seq))
    return await _found(tx, search, span, _NEWEST_FIRST, limit, end)


async def oldest_first(tx: Reader, search: Search, after: Position, limit: int, looked_at_max: int) -> Found:
    """Events after a place, the oldest first, and only what is settled (`jobs/feed.py`)."""
    settled = event.c.xid < oldest_running_xid()
    span = [*search.span, _place > tuple_(after.xid, after.seq), settled]
    end = await _end(tx, search, span, _OLDEST_FIRST, looked_at_max)
    if end is not None:
        span.append(_place <= tuple_(end.xid, end.seq))
    return await _found(tx, search, span, _OLDEST_FIRST, limit, end)


async def numbered(
    tx: Reader, search: Search, offset: int, limit: int, looked_at_max: int
) -> tuple[Sequence[Row[Any]], int]:
    """Those among the newest `looked_at_max` events, the newest first: a page of them, and how many there are."""
    span = list(search.span)
    end = await _end(tx, search, span, _NEWEST_FIRST, looked_at_max)
    if end is not None:
        span.append(_place >= tuple_(end.xid, end.seq))
    conditions = (*search.walked, *search.looked_at, *span)
    total = int(await tx.value(select(func.count()).select_from(event).where(*conditions)))
    return await tx.rows(select(event).where(*conditions).order_by(*_NEWEST_FIRST).offset(offset).limit(limit)), total


async def _end(
    tx: Reader, search: Search, span: Sequence[ColumnElement[bool]], order: Sequence[Any], looked_at_max: int
) -> Position | None:
    """The last event to look at; None when there are not so many, or each one fits."""
    if not search.looked_at:
        return None
    places = select(event.c.xid, event.c.seq).where(*search.walked, *span).order_by(*order)
    row = await tx.row(places.offset(looked_at_max - 1).limit(1))
    return None if row is None else Position(row.xid, row.seq)


async def _found(
    tx: Reader,
    search: Search,
    span: Sequence[ColumnElement[bool]],
    order: Sequence[Any],
    limit: int,
    end: Position | None,
) -> Found:
    fitting = select(event).where(*search.walked, *search.looked_at, *span).order_by(*order)
    rows = await tx.rows(fitting.limit(limit + 1))
    if len(rows) > limit:
        return Found(rows[:limit], Position(rows[limit - 1].xid, rows[limit - 1].seq))
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
        select(event.c.seq, event.c.time)
        .where(_place <= tuple_(upto.xid, upto.seq))
        .order_by(*_OLDEST_FIRST)
        .limit(limit)
    )


async def forget(tx: Writer, numbers: Sequence[int]) -> int:
    return await tx.run(delete(event).where(event.c.seq.in_(numbers)))
