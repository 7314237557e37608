"""Usage: what a domain holds and what was pulled from it, in numbers for its people (contract §11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from entrepot.access.actor import Actor
from entrepot.access.check import is_administrator, require_account
from entrepot.access.levels import Action
from entrepot.accounts.users import domain_names_of
from entrepot.db.transaction import Reader
from entrepot.registry import reach
from entrepot.registry.counting import Storage, counted, exclusive_bytes
from entrepot.registry.queries import accounting, measured
from entrepot.registry.quota_rules import COUNTED, Resource
from entrepot.registry.room import Registry
from entrepot.values.errors import Unauthenticated
from entrepot.values.names import RepositoryName

REPORT_DAYS: Final = 30
_FORGET_BATCH: Final = 1_000


class Report(StrEnum):
    """What a report is about: bytes pulled or pushed on each day, or bytes stored at its end."""

    DOWNFLOW = "downflow"
    UPFLOW = "upflow"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a domain holds now, and the bytes of blobs ever pulled from it.

    `measured_at`: what is much of it was so then; None when all is counted now.
    """

    organizations: int
    repositories: int
    tags: int
    stored_bytes: int
    pulled_bytes: int
    measured_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """What came and went on a day: pulls of manifests, manifests pushed by a tag, bytes of blobs.

    Blobs that were mounted did not come. `stored_bytes`: of a domain at its end; None of a repository.
    """

    day: date
    pulls: int
    pulled_bytes: int
    pushes: int
    pushed_bytes: int
    stored_bytes: int | None = None

    def value(self, report: Report) -> int:
        return {
            Report.DOWNFLOW: self.pulled_bytes,
            Report.UPFLOW: self.pushed_bytes,
            Report.STORE: self.stored_bytes or 0,
        }[report]


@dataclass(frozen=True, slots=True)
class Pulls:
    """Pulls of one tag on one day; `tag` is empty for what was pulled by no tag."""

    tag: str
    day: date
    pulls: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Overview:
    domain_id: str
    domain_name: str
    usage: Usage
    storage: Storage
    days: Sequence[Day]


async def show_overview(registry: Registry, actor: Actor) -> Overview:
    """What the actor's domain holds, and what came of it day by day. Raises Unauthenticated or AccessDenied."""
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with registry.db.reading() as tx:
        known = await domain_names_of(tx, [actor.domain_id])
        usage = await domain_usage(tx, actor.domain_id)
        days = await _days(tx, actor.domain_id, usage.stored_bytes)
        own = await _exclusive_bytes(tx, actor.domain_id, usage) if is_administrator(actor) else None
        storage = Storage(usage.stored_bytes, own, usage.measured_at)
        return Overview(actor.domain_id, known[actor.domain_id], usage, storage, days)


async def _exclusive_bytes(tx: Reader, domain_id: str, usage: Usage) -> int | None:
    if not await measured.has_outside(tx, domain_id):
        return usage.stored_bytes
    found = await exclusive_bytes(tx, domain_id)
    return found.number if found else None


async def domain_usage(tx: Reader, domain_id: str) -> Usage:
    """The numbers of an overview."""
    held = await counted(tx, domain_id, COUNTED)
    return Usage(
        held[Resource.ORGANIZATIONS].number,
        held[Resource.REPOSITORIES].number,
        held[Resource.TAGS].number,
        held[Resource.BYTES].number,
        await accounting.pulled_bytes(tx, domain_id),
        next((one.measured_at for one in held.values() if one.measured_at), None),
    )


async def show_report(registry: Registry, actor: Actor, report: Report) -> Sequence[tuple[date, int]]:
    """A value for each of the last days of the actor's domain, today the last. Raises Unauthenticated, AccessDenied."""
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with registry.db.reading() as tx:
        stored = 0
        if report is Report.STORE:
            stored = (await counted(tx, actor.domain_id, [Resource.BYTES]))[Resource.BYTES].number
        days = await _days(tx, actor.domain_id, stored)
        return [(one.day, one.value(report)) for one in days]


async def _days(tx: Reader, domain_id: str, stored_now: int) -> Sequence[Day]:
    """The last days, today the last. On a day on which it was not measured as much is stored as on the day before."""
    days = _last_days(tx.now.date())
    first, today = days[0], days[-1]
    known = {row.day: row for row in await accounting.days_of(tx, domain_id, first)}
    stored = await accounting.last_measured(tx, domain_id, first) or 0
    found = []
    for day in days:
        row = known.get(day)
        if row is not None and row.stored_bytes is not None:
            stored = row.stored_bytes
        moved = (row.pulls, row.bytes, row.pushes, row.pushed_bytes) if row else (0, 0, 0, 0)
        found.append(Day(day, moved[0], moved[1], moved[2], moved[3], stored_now if day == today else stored))
    return found


async def show_traffic(registry: Registry, actor: Actor, path: RepositoryName) -> Sequence[Day]:
    """What came to a repository and went from it on each of the last days, today the last.

    Raises Unauthenticated or RepositoryUnknown.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        days = _last_days(tx.now.date())
        known = await accounting.traffic_of(tx, repository.id, days[0])
        return [Day(day, *known.get(day, (0, 0, 0, 0))) for day in days]


def _last_days(today: date) -> Sequence[date]:
    return [today - timedelta(days=back) for back in range(REPORT_DAYS - 1, -1, -1)]


async def show_pulls(registry: Registry, actor: Actor, path: RepositoryName) -> Sequence[Pulls]:
    """Pulls of a repository by tag and day, over the last days. Raises Unauthenticated or RepositoryUnknown."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        since = tx.now.date() - timedelta(days=REPORT_DAYS - 1)
        return [
            Pulls(row.tag, row.day, row.pulls, row.bytes)
            for row in await accounting.pulls_by_tag(tx, repository.id, since)
        ]


async def forget_pulls(registry: Registry) -> int:
    """Forget the days of pulls and pushes that are older than they are kept; how many rows. Totals stay."""
    forgotten = 0
    while True:
        async with registry.db.writing() as tx:
            before = tx.now.date() - timedelta(days=registry.settings.accounting_days)
            gone = await accounting.forget_pulls(tx, before, _FORGET_BATCH)
        forgotten += gone
        if gone < _FORGET_BATCH:
            return forgotten
