"""Copies of a repository's tags, as people see them: listed with what became of them, called off, tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.accounts.users import domain_names_of, names_of
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.mirror import rules
from entrepot.mirror.events import SyncCancelled, SyncRetried
from entrepot.mirror.kept import kept
from entrepot.mirror.queries import copies as queries
from entrepot.mirror.queries import sync
from entrepot.mirror.room import Mirror
from entrepot.mirror.rules import Status
from entrepot.mirror.sync import Destination, Owner, hold
from entrepot.registry import reach
from entrepot.registry.rules import page
from entrepot.values.errors import RuleUnknown, worded
from entrepot.values.names import OrganizationName, RegionName, RepositoryName


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of one tag. `is_automatic`: of a rule. `digest`: what the tag named when it was copied; empty: not yet.

    `attempts`: how often it was begun. `bytes_sent`: of all attempts. `next_at`: when it is to be begun; None while it
    runs and when it has ended. `error`: why it did not succeed, or what broke off before, as a sentence of ours.
    """

    id: int
    to: Destination
    tag: str
    status: Status
    operator_id: str
    operator_name: str
    created_at: datetime
    updated_at: datetime
    is_automatic: bool
    digest: str
    error: str
    attempts: int
    bytes_sent: int
    started_at: datetime | None
    ended_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class CopyPage:
    """`after`: where to go on; None at the end."""

    items: Sequence[Copy]
    after: int | None


async def list_copies(
    mirror: Mirror, actor: Actor, path: RepositoryName, newest_first: bool, offset: int, limit: int
) -> tuple[Sequence[Copy], int, Owner]:
    """A page of a repository's copies, and how many there are on all pages.

    Raises Unauthenticated or RepositoryUnknown.
    """
    async with mirror.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        total = await queries.copies_count(tx, repository.id)
        rows = await queries.copies_page(tx, repository.id, newest_first, offset, limit)
        domains = await domain_names_of(tx, [repository.domain_id])
        found = await _shown(tx, rows)
    return found, total, Owner(repository.domain_id, domains.get(repository.domain_id, ""))


async def follow_copies(mirror: Mirror, actor: Actor, path: RepositoryName, before: int | None, limit: int) -> CopyPage:
    """A repository's copies, the newest first, from below the number `before`.

    Raises Unauthenticated or RepositoryUnknown.
    """
    async with mirror.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        rows, has_more = page(await queries.copies_before(tx, repository.id, before, limit + 1), limit)
        items = await _shown(tx, rows)
    return CopyPage(items, rows[-1].id if has_more else None)


async def cancel_copy(mirror: Mirror, actor: Actor, path: RepositoryName, copy_id: int) -> None:
    """Call a copy off that waits or runs. What has arrived at the region stays there.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, RuleUnknown, or ParameterInvalid when it has ended.
    """
    async with mirror.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_AUTOMATE, path)
        now = mirror.clock.now()
        is_cancelled = await queries.cancel_copy(tx, repository.id, copy_id, now)
        row = await _copy(tx, repository, copy_id)
        if not is_cancelled:
            rules.check_cancel(Status(row.status))
        event = SyncCancelled(path, copy_id, row.tag, row.region, row.remote_organization)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def retry_copy(mirror: Mirror, actor: Actor, path: RepositoryName, copy_id: int) -> None:
    """Try a copy again that ended without success: what the tag names then is copied, without what has arrived.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, RuleUnknown (also when its region is gone), TooMany, or
    ParameterInvalid when it waits, runs, or has succeeded.
    """
    async with mirror.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_AUTOMATE, path)
        await hold(tx, repository.id, RegionName((await _copy(tx, repository, copy_id)).region))
        row = await _copy(tx, repository, copy_id)  # as it is now that nobody else changes it
        rules.check_again(Status(row.status))
        waiting = await queries.waiting_copies(tx, repository.id, rules.WAITING_MAX)
        rules.check_waiting(len(waiting) + 1)
        now = mirror.clock.now()
        is_of_rule = row.rule_id is not None and await sync.rule_exists(tx, row.rule_id)
        await queries.retry_copy(tx, copy_id, is_of_rule, now)
        event = SyncRetried(path, copy_id, row.tag, row.region, row.remote_organization, row.status)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def _copy(tx: Reader, repository: Row[Any], copy_id: int) -> Row[Any]:
    found = await queries.copy_of(tx, repository.id, copy_id)
    if found is None:
        raise RuleUnknown(
            worded(
                "{path} has no copy number {number}; see: entrepot sync jobs {path}",
                path=repository.path,
                number=copy_id,
            ),
            kind="copy-unknown",
        )
    return found


async def _shown(tx: Reader, rows: Sequence[Row[Any]]) -> Sequence[Copy]:
    operators = await names_of(tx, list({row.operator_id for row in rows}))
    return [
        Copy(
            row.id,
            Destination(RegionName(row.region), OrganizationName(row.remote_organization), row.overrides),
            row.tag,
            Status(row.status),
            row.operator_id,
            operators.get(row.operator_id, ""),
            row.created_at,
            row.updated_at,
            row.rule_id is not None,
            row.digest,
            kept(row.error),
            row.attempts,
            row.bytes_sent,
            row.started_at,
            row.ended_at,
            row.next_at,
        )
        for row in rows
    ]
