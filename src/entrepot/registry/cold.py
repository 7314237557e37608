"""Cold images: what nobody pulled for a long time, and what deleting it would free."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import level_within, require_account
from entrepot.access.levels import Level
from entrepot.db.transaction import Reader
from entrepot.registry import markers
from entrepot.registry.counting import Storage
from entrepot.registry.last_pulls import LastPull, last_pulls_of_managed
from entrepot.registry.queries import cold as queries
from entrepot.registry.queries.readable import Readable
from entrepot.registry.room import Registry
from entrepot.registry.storage import storage_of_managed
from entrepot.registry.wanted import WalkOrder
from entrepot.values.errors import ParameterInvalid, Unauthenticated, quoted, worded
from entrepot.values.names import OrganizationName, RepositoryName

DAYS: Final = 90
"""For so long nobody pulled it, when nothing else is asked for."""
DAYS_MAX: Final = 3_650
_STRETCH: Final = 500
_LOOKED_MAX: Final = 5_000  # repositories, for one page


@dataclass(frozen=True, slots=True)
class ColdImage:
    """`idle_since`: when it was pulled last; of one never pulled, when it last changed, which a push does.

    `last_pull`: None when there was none, or it is forgotten. `pulls`: ever. `pushed_at`: of its tags; None without
    any.
    """

    path: RepositoryName
    idle_since: datetime
    last_pull: LastPull | None
    pulls: int
    pushed_at: datetime | None
    tags: int
    storage: Storage


@dataclass(frozen=True, slots=True)
class ColdPage:
    """`following`: the marker of the next page, None at the end."""

    items: Sequence[ColdImage]
    following: str | None

    @property
    def freed_bytes(self) -> int:
        """Deleting all of these frees at least this: what they alone share is not in it, and nothing is in it twice."""
        return sum(one.storage.exclusive_bytes or 0 for one in self.items)


def parse_days(text: str) -> int:
    """For how many days nobody pulled. Raises ParameterInvalid."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(DAYS_MAX)) and 1 <= int(text) <= DAYS_MAX):
        raise ParameterInvalid(
            worded("Days are a number from 1 to {days_max}, not {given}.", days_max=DAYS_MAX, given=quoted(text)),
            kind="query",
        )
    return int(text)


def idle_since(
    pulled_at: datetime | None, was_pulled: bool, updated_at: datetime, forgotten_before: datetime
) -> datetime:
    """Since when nobody needed an image, at the latest.

    A pull that is forgotten was before `forgotten_before`; how long before, nobody knows. One that was never pulled
    is as old as its last change: at most younger than its last push, and known without a look at all its tags.
    """
    if pulled_at is not None:
        return pulled_at
    return forgotten_before if was_pulled else updated_at


async def list_cold_images(
    registry: Registry,
    actor: Actor,
    days: int,
    organization: OrganizationName | None = None,
    marker: str = "",
    limit: int = 50,
) -> ColdPage:
    """Repositories that the actor manages and nobody pulled for so many days, by path, those after the marker.

    A page looks at a bounded number of repositories, so it may have fewer than `limit` and others may follow. Pulls
    of the last `accounting_seconds` may be unknown yet. Raises Unauthenticated, AccessDenied, or ParameterInvalid for
    a marker of another list.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    after = str(markers.parse_walk(WalkOrder.PATH, marker)[0]) if marker else ""
    async with registry.db.reading() as tx:
        before = tx.now - timedelta(days=days)
        forgotten = tx.now - timedelta(days=registry.settings.accounting_days)
        rows, following = await _walk(tx, actor, organization, after, limit, (before, forgotten))
        return ColdPage(await _images(tx, rows, forgotten), following)


async def _walk(
    tx: Reader,
    actor: Actor,
    organization: OrganizationName | None,
    after: str,
    limit: int,
    times: tuple[datetime, datetime],
) -> tuple[Sequence[Row[Any]], str | None]:
    before, forgotten = times
    readable = await Readable.of(tx, actor, Level.MANAGE)
    found: list[Row[Any]] = []
    for _ in range(_LOOKED_MAX // _STRETCH):
        rows = await queries.stretch(tx, readable, organization, after, _STRETCH)
        for row in rows:
            after = row.path
            if _since(row, forgotten) >= before or level_within(actor.bounds, row.path) < Level.MANAGE:
                continue
            if len(found) == limit:
                return found, str(found[-1].path)
            found.append(row)
        if len(rows) < _STRETCH:
            return found, None
    return found, after


async def _images(tx: Reader, rows: Sequence[Row[Any]], forgotten: datetime) -> Sequence[ColdImage]:
    ids = [row.id for row in rows]
    pulls = await last_pulls_of_managed(tx, rows)
    tags = await queries.tags_of(tx, ids)
    storage = await storage_of_managed(tx, ids)
    return [
        ColdImage(
            RepositoryName.parse(row.path),
            _since(row, forgotten),
            pulls.get(row.id),
            row.pulls,
            tags[row.id].pushed_at if row.id in tags else None,
            tags[row.id].number if row.id in tags else 0,
            storage[row.id],
        )
        for row in rows
    ]


def _since(row: Row[Any], forgotten: datetime) -> datetime:
    return idle_since(row.pulled_at, row.pulls > 0, row.updated_at, forgotten)
