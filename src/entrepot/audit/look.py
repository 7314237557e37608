"""Looking at what happened: newest first for people, oldest first for programs that read on."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.operators import is_operator
from entrepot.accounts.queries import people
from entrepot.accounts.users import domain_names_of, names_of
from entrepot.audit import queries
from entrepot.audit.queries import Search
from entrepot.audit.room import Audit
from entrepot.audit.sight import sight_of
from entrepot.audit.wanted import Wanted
from entrepot.db.transaction import Reader
from entrepot.jobs.events import Recorded
from entrepot.jobs.feed import START, Position, position_after

_USER = "user:"
_NOBODY = ""  # no event has this actor


@dataclass(frozen=True, slots=True)
class Told:
    """An event, with the names of its actor and of its domain as they are now; empty when they are gone."""

    event: Recorded
    actor_name: str
    domain_name: str

    @property
    def place(self) -> Position:
        return position_after(self.event)


@dataclass(frozen=True, slots=True)
class EventPage:
    """`after`: where to go on; None at the end. A page may have few events, or none, and yet not be the last."""

    items: Sequence[Told]
    after: Position | None


async def list_events(
    audit: Audit, actor: Actor, wanted: Wanted, before: Position | None = None, limit: int = 100
) -> EventPage:
    """Events that fit and that the actor may see, the newest first, those before a place.

    Raises Unauthenticated, AccessDenied or OrganizationUnknown.
    """
    async with audit.db.reading() as tx:
        search = await _search(tx, actor, wanted)
        found = await queries.newest_first(tx, search, before, _bounded(audit, limit), audit.settings)
        return EventPage(await _told(tx, found.rows), found.after)


async def list_numbered(
    audit: Audit, actor: Actor, wanted: Wanted, offset: int, limit: int
) -> tuple[Sequence[Told], int]:
    """The same among the newest events only, as many as one question may look at: a page, and how many there are.

    Raises as `list_events`, which goes on to older ones.
    """
    async with audit.db.reading() as tx:
        search = await _search(tx, actor, wanted)
        limit = _bounded(audit, limit)
        rows, total = await queries.numbered(tx, search, offset, limit, audit.settings)
        return await _told(tx, rows), total


async def read_on(
    audit: Audit, actor: Actor, wanted: Wanted, after: Position | None = None, limit: int = 100
) -> EventPage:
    """The same, the oldest first, those after a place. Whoever goes on from page to page misses no event.

    What a running transaction may still write something before is not told yet. Raises as `list_events`.
    """
    async with audit.db.reading() as tx:
        search = await _search(tx, actor, wanted)
        limit = _bounded(audit, limit)
        found = await queries.oldest_first(tx, search, after or START, limit, audit.settings)
        return EventPage(await _told(tx, found.rows), found.after)


async def read_all(audit: Audit, actor: Actor, wanted: Wanted, page: EventPage) -> AsyncGenerator[Told, None]:
    """The events of `page`, which `read_on` gave, and all that follow: page by page, each in a transaction of its own.

    Raises what `read_on` raises when the actor may not see them any more.
    """
    while True:
        for told in page.items:
            yield told
        if page.after is None:
            return
        page = await read_on(audit, actor, wanted, page.after, audit.settings.page_max)


def _bounded(audit: Audit, limit: int) -> int:
    return min(limit, audit.settings.page_max)


async def _search(tx: Reader, actor: Actor, wanted: Wanted) -> Search:
    sight = await sight_of(tx, actor, wanted.organization)
    given = {
        "domain_id": sight.domain_id,
        "organization": wanted.organization,
        "subject": wanted.subject,
        "actor": None if wanted.actor is None else await _subject_of(tx, actor, wanted.actor),
        "address": wanted.address,
        "credential": wanted.credential,
    }
    equal = {column: value for column, value in given.items() if value is not None}
    search = queries.search_for(equal, wanted.type, wanted.types, wanted.result, wanted.without)
    begins = [time for time in (sight.since, wanted.since) if time is not None]
    await queries.limit_times(tx, search, max(begins, default=None), wanted.until)
    return search


async def _subject_of(tx: Reader, actor: Actor, name: str) -> str:
    """The subject that events call somebody by; of an unknown name there are no events."""
    if not name or ":" in name or name in ("*", "system"):
        return name
    domain, slash, user = name.partition("/")
    own = (await domain_names_of(tx, [actor.domain_id])).get(actor.domain_id, FIRST_DOMAIN)
    if slash and domain != own and not await is_operator(tx, actor):
        return _NOBODY
    row = await people.user_by_name(tx, domain if slash else own, user if slash else name)
    return _NOBODY if row is None else _USER + row.id


async def _told(tx: Reader, rows: Sequence[Row[Any]]) -> Sequence[Told]:
    events = [Recorded(**row._mapping) for row in rows]  # noqa: SLF001  # SQLAlchemy's public name for it
    actors = {one.actor.removeprefix(_USER) for one in events if one.actor.startswith(_USER)}
    names = await names_of(tx, sorted(actors))
    domains = await domain_names_of(tx, sorted({one.domain_id for one in events} - {""}))
    return [Told(one, names.get(one.actor.removeprefix(_USER), ""), domains.get(one.domain_id, "")) for one in events]
