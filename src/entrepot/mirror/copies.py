"""Copies of a repository's tags, as people see them: listed with what became of them, called off, tried again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor, house_of
from entrepot.access.levels import Action, Level
from entrepot.accounts.operators import require_operator
from entrepot.accounts.users import domain_names_of, names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.mirror import rules
from entrepot.mirror.events import SyncCancelled, SyncRetried
from entrepot.mirror.kept import kept
from entrepot.mirror.queries import copies as queries
from entrepot.mirror.queries import sync, wide
from entrepot.mirror.room import Mirror
from entrepot.mirror.rules import Status, Work
from entrepot.mirror.sync import Destination, Owner, hold
from entrepot.mirror.wide_rules import Direction
from entrepot.mirror.wide_sync import existing_rule
from entrepot.registry import reach
from entrepot.registry.rules import page
from entrepot.values.errors import RuleUnknown, worded
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, SyncRuleName


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of one tag, or (`action`) the deletion of what was copied. `is_automatic`: of a rule. `digest`: what the
    tag named when it was copied; empty: not yet.

    `attempts`: how often it was begun. `bytes_sent`: of all attempts, in either direction; of `bytes_total` that were
    missing when the last one began, `bytes_done` are there. `next_at`: when it is to be begun; None while it runs and
    when it has ended. `error`: why it did not succeed, or what broke off before, as a sentence of ours. `rule`: the
    name of the rule of our own that it comes from; empty: none. `there`: what its repository is called at the region.
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
    direction: Direction
    action: Work
    rule: str
    path: RepositoryName
    there: str
    bytes_done: int
    bytes_total: int

    @property
    def percent(self) -> int | None:
        """How much of what was missing is there; None when that is not known."""
        return None if not self.bytes_total else 100 * self.bytes_done // self.bytes_total


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
        found = await _shown(tx, rows, path)
    return found, total, Owner(repository.domain_id, domains.get(repository.domain_id, ""))


async def follow_copies(mirror: Mirror, actor: Actor, path: RepositoryName, before: int | None, limit: int) -> CopyPage:
    """A repository's copies, the newest first, from below the number `before`.

    Raises Unauthenticated or RepositoryUnknown.
    """
    async with mirror.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        rows, has_more = page(await queries.copies_before(tx, repository.id, before, limit + 1), limit)
        items = await _shown(tx, rows, path)
    return CopyPage(items, rows[-1].id if has_more else None)


async def list_all_copies(
    mirror: Mirror,
    actor: Actor,
    rule: SyncRuleName | None,
    statuses: Collection[Status],
    before: int | None,
    limit: int,
) -> CopyPage:
    """Copies of all repositories, the newest first, from below the number `before`; of one rule of our own, and in one
    of the statuses, where these are said. Only operators may. Raises Unauthenticated, AccessDenied or RuleUnknown.
    """
    async with mirror.db.reading() as tx:
        await require_operator(tx, actor)
        rule_id = None if rule is None else (await existing_rule(tx, rule)).id
        rows, has_more = page(await queries.all_copies(tx, rule_id, statuses, before, limit + 1), limit)
        items = await _shown(tx, rows)
    return CopyPage(items, rows[-1].id if has_more else None)


async def cancel_copy(mirror: Mirror, actor: Actor, path: RepositoryName, copy_id: int) -> None:
    """Call a copy off that waits or runs. What has arrived at the region stays there.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, RuleUnknown, or ParameterInvalid when it has ended.
    """
    async with mirror.db.writing() as tx:
        await _cancel(mirror, tx, actor, await reach.changing(tx, actor, Action.REPOSITORY_AUTOMATE, path), copy_id)


async def cancel_any_copy(mirror: Mirror, actor: Actor, copy_id: int) -> None:
    """As `cancel_copy`, of any repository. Only operators may."""
    async with mirror.db.writing() as tx:
        await _cancel(mirror, tx, actor, await _repository(tx, actor, copy_id), copy_id)


async def retry_copy(mirror: Mirror, actor: Actor, path: RepositoryName, copy_id: int) -> None:
    """Try a copy again that ended without success: what the tag names then is copied, without what has arrived.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, RuleUnknown (also when its region is gone), TooMany, or
    ParameterInvalid when it waits, runs, or has succeeded.
    """
    async with mirror.db.writing() as tx:
        await _retry(mirror, tx, actor, await reach.changing(tx, actor, Action.REPOSITORY_AUTOMATE, path), copy_id)


async def retry_any_copy(mirror: Mirror, actor: Actor, copy_id: int) -> None:
    """As `retry_copy`, of any repository. Only operators may."""
    async with mirror.db.writing() as tx:
        await _retry(mirror, tx, actor, await _repository(tx, actor, copy_id), copy_id)


async def _cancel(mirror: Mirror, tx: Writer, actor: Actor, repository: Row[Any], copy_id: int) -> None:
    now = mirror.clock.now()
    is_cancelled = await queries.cancel_copy(tx, repository.id, copy_id, now)
    row = await _copy(tx, repository, copy_id)
    if not is_cancelled:
        rules.check_cancel(Status(row.status))
    event = SyncCancelled(repository.path, copy_id, row.tag, row.region, row.remote_organization)
    await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def _retry(mirror: Mirror, tx: Writer, actor: Actor, repository: Row[Any], copy_id: int) -> None:
    await hold(tx, repository.id, RegionName((await _copy(tx, repository, copy_id)).region))
    row = await _copy(tx, repository, copy_id)  # as it is now that nobody else changes it
    rules.check_again(Status(row.status))
    waiting = await queries.waiting_copies(tx, repository.id, rules.WAITING_MAX)
    rules.check_waiting(len(waiting) + 1)
    now = mirror.clock.now()
    is_of_rule = row.rule_id is not None and await sync.rule_exists(tx, row.rule_id)
    if row.wide_rule_id is not None:
        is_of_rule = await wide.rule_by_id(tx, row.wide_rule_id) is not None
    await queries.retry_copy(tx, copy_id, is_of_rule, now)
    event = SyncRetried(repository.path, copy_id, row.tag, row.region, row.remote_organization, row.status)
    await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def _repository(tx: Writer, actor: Actor, copy_id: int) -> Row[Any]:
    """The repository that a copy is of, for an operator, who may have no rights in it."""
    await require_operator(tx, actor)
    path = await queries.path_of_copy(tx, copy_id)
    if path is None:
        raise RuleUnknown(worded("There is no copy number {number}.", number=copy_id), kind="copy-unknown")
    of = RepositoryName(path)
    house = house_of("sync", 0, of.organization, Level.EDIT)
    return await reach.changing(tx, house, Action.REPOSITORY_AUTOMATE, of)


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


async def _shown(tx: Reader, rows: Sequence[Row[Any]], path: str = "") -> Sequence[Copy]:
    """`path`: of the repository that all of them are of; else each row has its own."""
    operators = await names_of(tx, list({row.operator_id for row in rows}))
    rules_named = await wide.names_of(tx, {row.wide_rule_id for row in rows if row.wide_rule_id is not None})
    found = []
    for row in rows:
        of = RepositoryName(path or row.path)
        found.append(
            Copy(
                row.id,
                Destination(RegionName(row.region), OrganizationName(row.remote_organization), row.overrides),
                row.tag,
                Status(row.status),
                row.operator_id,
                operators.get(row.operator_id, ""),
                row.created_at,
                row.updated_at,
                row.rule_id is not None or row.wide_rule_id is not None,
                row.digest,
                kept(row.error),
                row.attempts,
                row.bytes_sent,
                row.started_at,
                row.ended_at,
                row.next_at,
                Direction(row.direction),
                Work(row.action),
                rules_named.get(row.wide_rule_id, ""),
                of,
                row.place or f"{row.remote_organization}/{of.name}",
                row.bytes_done,
                row.bytes_total,
            )
        )
    return found
