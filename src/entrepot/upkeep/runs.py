"""Runs of retention: looked back at, tag by tag; and one that somebody asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.registry import organizations, reach
from entrepot.upkeep.causes import Cause, RunState
from entrepot.upkeep.events import RetentionAsked
from entrepot.upkeep.planning import clauses_of, untagged_days_of
from entrepot.upkeep.queries import retained, wishes
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.safety import Stop, said
from entrepot.upkeep.undoing import unknown
from entrepot.values.errors import RuleUnknown, Worded, worded
from entrepot.values.names import OrganizationName, RepositoryName

_USER: Final = "user:"


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """`by`: who changed or asked, `system` when it was due, empty when that account is gone.

    `said`: why it stopped. `untagged`: images without a tag that were handed to garbage collection. `restored` and
    `refused`: tags, when it was undone, by `undone_by`.
    """

    id: int
    path: str
    cause: Cause
    by: str
    rules: Sequence[Mapping[str, Any]]
    started_at: datetime
    ended_at: datetime | None
    state: RunState
    stopped_by: str
    said: Worded | None
    looked_at: int
    deleted: int
    kept: int
    immutable: int
    running: int
    untagged: int
    undone_at: datetime | None
    undone_by: str
    restored: int
    refused: int

    @property
    def can_be_undone(self) -> bool:
        return self.ended_at is not None and self.deleted > self.restored + self.refused


@dataclass(frozen=True, slots=True)
class DeletedTag:
    """`outcome`: of undoing it (`retag.Outcome`, or `quota`); empty while nobody has."""

    id: int
    tag: str
    digest: str
    pushed_at: datetime | None
    deleted_at: datetime
    policy_id: int
    rule: Mapping[str, Any]
    outcome: str


async def list_runs(
    upkeep: Upkeep, actor: Actor, place: RepositoryName | OrganizationName, before: int | None, limit: int
) -> tuple[Sequence[RetentionRun], bool]:
    """Runs in a repository, or in all of an organization, the newest first, those before a run; whether there are more.

    Of days on which nothing happened only the last is there. Raises Unauthenticated, RepositoryUnknown or
    OrganizationUnknown.
    """
    async with upkeep.db.reading() as tx:
        if isinstance(place, RepositoryName):
            repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, place)
            rows = await retained.runs_before(tx, repository.organization_id, repository.id, before, limit + 1)
        else:
            row = await organizations.reachable(tx, actor, Action.ORGANIZATION_READ, place)
            rows = await retained.runs_before(tx, row.id, None, before, limit + 1)
        return await _runs(tx, rows[:limit]), len(rows) > limit


async def show_run(upkeep: Upkeep, actor: Actor, path: RepositoryName, run_id: int) -> RetentionRun:
    """Raises Unauthenticated, RepositoryUnknown or RunUnknown."""
    async with upkeep.db.reading() as tx:
        return (await _runs(tx, [await _existing(tx, actor, path, run_id)]))[0]


async def list_deleted(
    upkeep: Upkeep, actor: Actor, path: RepositoryName, run_id: int, after: int, limit: int
) -> tuple[Sequence[DeletedTag], bool]:
    """The tags that a run deleted, in that order, those after `after`; whether there are more.

    Raises Unauthenticated, RepositoryUnknown or RunUnknown.
    """
    async with upkeep.db.reading() as tx:
        await _existing(tx, actor, path, run_id)
        rows = await retained.deletions_of_run(tx, run_id, after, limit + 1)
    found = [
        DeletedTag(
            row.id, row.tag, row.digest, row.pushed_at, row.deleted_at, row.policy_id, row.rule, row.outcome or ""
        )
        for row in rows[:limit]
    ]
    return found, len(rows) > limit


async def request_run(
    upkeep: Upkeep, actor: Actor, place: RepositoryName | OrganizationName, is_forced: bool = False
) -> None:
    """Have the rules carried out now, in a repository or in all of an organization; a worker does it.

    `is_forced`: though the clock jumped, or a run was undone there. Raises Unauthenticated, AccessDenied,
    RepositoryUnknown, OrganizationUnknown, or RuleUnknown when no rule reaches the repository.
    """
    async with upkeep.db.writing() as tx:
        now = upkeep.clock.now()
        if isinstance(place, RepositoryName):
            row = await reach.changing(tx, actor, Action.REPOSITORY_RETAIN, place)
            if not await clauses_of(tx, row) and await untagged_days_of(tx, row) is None:
                raise RuleUnknown(worded("No retention policy reaches {path}.", path=place), kind="retention-unknown")
            await _ask(tx, actor, row.organization_id, row.id, is_forced, now)
        else:
            row = await organizations.changing(tx, actor, Action.ORGANIZATION_MANAGE, place)
            await _ask(tx, actor, row.id, None, is_forced, now)
        asked = RetentionAsked(place, is_forced)
        await publish(tx, asked, actor=actor.subject, at=now, domain_id=row.domain_id)


async def _ask(
    tx: Writer, actor: Actor, organization_id: int, repository_id: int | None, is_forced: bool, at: datetime
) -> None:
    if is_forced and repository_id is not None:
        await wishes.end_hold(tx, repository_id)
    elif is_forced:
        for held in await wishes.holds_in(tx, organization_id):
            await wishes.end_hold(tx, held.id)
    await wishes.save_wish(tx, organization_id, repository_id, Cause.ASKED, actor.subject, at, is_forced)


async def _existing(tx: Reader, actor: Actor, path: RepositoryName, run_id: int) -> Row[Any]:
    repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
    row = await retained.run_by_id(tx, repository.id, run_id)
    if row is None:
        raise unknown(path, run_id)
    return row


async def _runs(tx: Reader, rows: Sequence[Row[Any]]) -> Sequence[RetentionRun]:
    subjects = {subject for row in rows for subject in (row.asked_by, row.undone_by)}
    known = await names_of(tx, sorted(one.removeprefix(_USER) for one in subjects))

    def named(subject: str) -> str:
        return SYSTEM if subject == SYSTEM else known.get(subject.removeprefix(_USER), "")

    return [
        RetentionRun(
            row.id,
            row.path,
            Cause(row.cause),
            named(row.asked_by),
            row.rules,
            row.started_at,
            row.ended_at,
            RunState(row.state),
            row.stopped_by,
            said(Stop(row.stopped_by), row.detail) if row.stopped_by else None,
            row.looked_at,
            row.deleted,
            row.kept,
            row.immutable,
            row.running,
            row.untagged,
            row.undone_at,
            named(row.undone_by),
            row.restored,
            row.refused,
        )
        for row in rows
    ]
