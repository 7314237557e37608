"""Usage: what a domain holds and what was pulled from it, in numbers for its people (contract §11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from entrepot.access.actor import Actor
from entrepot.access.check import require_account
from entrepot.access.levels import Action
from entrepot.accounts.users import domain_names_of
from entrepot.db.transaction import Reader
from entrepot.registry import reach
from entrepot.registry.queries import accounting, quotas
from entrepot.registry.quota_rules import Resource
from entrepot.registry.room import Registry
from entrepot.values.errors import Unauthenticated
from entrepot.values.names import RepositoryName

REPORT_DAYS: Final = 30
_LINKS_MAX: Final = 20_000
_FORGET_BATCH: Final = 1_000


class Report(StrEnum):
    """What a report is about: bytes pulled on each day, or bytes stored at its end."""

    DOWNFLOW = "downflow"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a domain holds now, and the bytes of blobs ever pulled from it."""

    organizations: int
    repositories: int
    tags: int
    stored_bytes: int
    pulled_bytes: int


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


async def show_overview(registry: Registry, actor: Actor) -> Overview:
    """What the actor's domain holds. Raises Unauthenticated or AccessDenied."""
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with registry.db.reading() as tx:
        known = await domain_names_of(tx, [actor.domain_id])
        return Overview(actor.domain_id, known[actor.domain_id], await domain_usage(tx, actor.domain_id))


async def domain_usage(tx: Reader, domain_id: str) -> Usage:
    """The numbers of an overview."""
    limited = {one.resource: one.used for one in await quotas.standings(tx, [domain_id])}
    organizations, repositories, tags = [
        limited[one] if one in limited else await quotas.USED[one](tx, domain_id)
        for one in (Resource.ORGANIZATIONS, Resource.REPOSITORIES, Resource.TAGS)
    ]
    stored, pulled = await stored_bytes(tx, domain_id), await accounting.pulled_bytes(tx, domain_id)
    return Usage(organizations, repositories, tags, stored, pulled)


async def stored_bytes(tx: Reader, domain_id: str) -> int:
    """Bytes of a domain's blobs, each once.

    Exact where a limit counts them and where there are few; of many, as they were last measured: adding
    them up takes seconds.
    """
    for one in await quotas.standings(tx, [domain_id]):
        if one.resource is Resource.BYTES:
            return one.used
    exact = await few_bytes(tx, domain_id)
    measured = await accounting.last_measured(tx, domain_id, tx.now.date()) if exact is None else exact
    return await quotas.used_bytes(tx, domain_id) if measured is None else measured


async def few_bytes(tx: Reader, scope: str) -> int | None:
    """Bytes of the blobs of a domain or organization, each once; None when there are too many to add up at once."""
    return await quotas.used_bytes(tx, scope) if await accounting.links_at_most(tx, scope, _LINKS_MAX) else None


async def show_report(registry: Registry, actor: Actor, report: Report) -> Sequence[tuple[date, int]]:
    """A value for each of the last days of the actor's domain, today the last. Raises Unauthenticated, AccessDenied."""
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with registry.db.reading() as tx:
        today = tx.now.date()
        first = today - timedelta(days=REPORT_DAYS - 1)
        known = {row.day: row for row in await accounting.days_of(tx, actor.domain_id, first)}
        days = [first + timedelta(days=number) for number in range(REPORT_DAYS)]
        if report is Report.DOWNFLOW:
            return [(day, known[day].bytes if day in known else 0) for day in days]
        stored = await accounting.last_measured(tx, actor.domain_id, first) or 0
        values = []
        for day in days[:-1]:
            if day in known and known[day].stored_bytes is not None:
                stored = known[day].stored_bytes
            values.append((day, stored))
        return [*values, (today, await stored_bytes(tx, actor.domain_id))]


async def show_pulls(registry: Registry, actor: Actor, path: RepositoryName) -> Sequence[Pulls]:
    """Pulls of a repository by tag and day, over the last days. Raises Unauthenticated or RepositoryUnknown."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        since = tx.now.date() - timedelta(days=REPORT_DAYS - 1)
        return [
            Pulls(row.tag, row.day, row.pulls, row.bytes)
            for row in await accounting.pulls_by_tag(tx, repository.id, since)
        ]


async def measure_stores(registry: Registry) -> int:
    """Write down what every domain stores today; how many domains. Safe to run again: the last measure counts."""
    async with registry.db.reading() as tx:
        ids = await quotas.domain_ids(tx)
    for domain_id in ids:
        async with registry.db.reading() as tx:
            limited = {one.resource: one.used for one in await quotas.standings(tx, [domain_id])}
            stored = limited.get(Resource.BYTES)
            if stored is None:
                stored = await quotas.used_bytes(tx, domain_id)
        async with registry.db.writing() as tx:
            await accounting.save_measure(tx, domain_id, tx.now.date(), stored)
    return len(ids)


async def forget_pulls(registry: Registry) -> int:
    """Forget the days of pulls that are older than they are kept; how many rows. Totals stay."""
    forgotten = 0
    while True:
        async with registry.db.writing() as tx:
            before = tx.now.date() - timedelta(days=registry.settings.accounting_days)
            gone = await accounting.forget_pulls(tx, before, _FORGET_BATCH)
        forgotten += gone
        if gone < _FORGET_BATCH:
            return forgotten
