"""Retention policies: made, shown, changed, deleted, and what they deleted (contract §9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.registry import reach
from entrepot.upkeep.causes import Cause
from entrepot.upkeep.events import RetentionChanged, RetentionCreated, RetentionDeleted
from entrepot.upkeep.queries import policies as queries
from entrepot.upkeep.queries import retained, wishes
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.rules import Rule, check_same_templates
from entrepot.values.errors import RuleExists, RuleUnknown, worded
from entrepot.values.names import RepositoryName


@dataclass(frozen=True, slots=True)
class Policy:
    id: int
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class Deletion:
    """A tag that a policy deleted, and the rule by which, as it was written. `policy_id`: 0 for the organization's."""

    id: int
    policy_id: int
    rule: Mapping[str, Any]
    tag: str
    deleted_at: datetime


async def create_policy(upkeep: Upkeep, actor: Actor, path: RepositoryName, rules: Sequence[Rule]) -> int:
    """The new policy's number. Raises Unauthenticated, AccessDenied, RepositoryUnknown or RuleExists."""
    documents = _documents(rules)
    async with upkeep.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_RETAIN, path)
        await tx.lock(lock_of(repository.id))
        now = upkeep.clock.now()
        made = await queries.save_policy(tx, repository.id, documents, actor.id, now)
        if made is None:
            raise RuleExists(
                worded("{path} has a retention policy already; change that one, or delete it first.", path=path),
                kind="retention-exists",
            )
        await _carry_out(tx, repository, actor, now)
        event = RetentionCreated(path, made, documents)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)
    return made


def lock_of(repository_id: int) -> str:
    """Whoever carries rules out shares this lock; who changes them is alone."""
    return f"retention:{repository_id}"


async def _carry_out(tx: Writer, repository: Row[Any], actor: Actor, at: datetime) -> None:
    """A policy is carried out as soon as it is made or changed, also where an undone run was what held it up."""
    await wishes.end_hold(tx, repository.id)
    await wishes.save_wish(tx, repository.organization_id, repository.id, Cause.CHANGED, actor.subject, at)


async def list_policies(upkeep: Upkeep, actor: Actor, path: RepositoryName) -> Sequence[Policy]:
    """The policy of a repository, if it has one. Raises Unauthenticated or RepositoryUnknown."""
    async with upkeep.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        row = await queries.policy_of(tx, repository.id)
    return [] if row is None else [_policy(row)]


async def show_policy(upkeep: Upkeep, actor: Actor, path: RepositoryName, policy_id: int) -> Policy:
    """Raises Unauthenticated, RepositoryUnknown or RuleUnknown."""
    async with upkeep.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        return _policy(await _existing(tx, repository.id, path, policy_id))


async def change_policy(
    upkeep: Upkeep, actor: Actor, path: RepositoryName, policy_id: int, rules: Sequence[Rule]
) -> None:
    """Give a policy other rules of the same templates.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, RuleUnknown or ParameterInvalid.
    """
    documents = _documents(rules)
    async with upkeep.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_RETAIN, path)
        await tx.lock(lock_of(repository.id))
        row = await _existing(tx, repository.id, path, policy_id)
        check_same_templates(_policy(row).rules, rules)
        if documents == row.rules:
            return
        now = upkeep.clock.now()
        await queries.set_rules(tx, policy_id, documents, now)
        await _carry_out(tx, repository, actor, now)
        event = RetentionChanged(path, policy_id, documents, {"rules": row.rules})
        await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def delete_policy(upkeep: Upkeep, actor: Actor, path: RepositoryName, policy_id: int) -> None:
    """Delete a policy; what it deleted stays in the history.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown or RuleUnknown.
    """
    async with upkeep.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_RETAIN, path)
        await tx.lock(lock_of(repository.id))
        row = await _existing(tx, repository.id, path, policy_id)
        await queries.delete_policy(tx, policy_id)
        event = RetentionDeleted(path, policy_id, {"rules": row.rules})
        await publish(tx, event, actor=actor.subject, at=upkeep.clock.now(), domain_id=repository.domain_id)


async def list_deletions(
    upkeep: Upkeep, actor: Actor, path: RepositoryName, offset: int, limit: int
) -> tuple[Sequence[Deletion], int]:
    """A page of what policies deleted, the newest first, and how much there is on all pages.

    Raises Unauthenticated or RepositoryUnknown.
    """
    async with upkeep.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        total = await retained.deletions_count(tx, repository.id)
        rows = await retained.deletions_page(tx, repository.id, offset, limit)
    return [Deletion(row.id, row.policy_id, row.rule, row.tag, row.deleted_at) for row in rows], total


async def _existing(tx: Reader, repository_id: int, path: RepositoryName, policy_id: int) -> Row[Any]:
    row = await queries.policy_by_id(tx, repository_id, policy_id)
    if row is None:
        raise RuleUnknown(
            worded("{path} has no retention policy {policy_id}.", path=path, policy_id=policy_id),
            kind="retention-unknown",
        )
    return row


def _documents(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    return [rule.document for rule in rules]


def _policy(row: Row[Any]) -> Policy:
    return Policy(row.id, [Rule.of(document) for document in row.rules])
