"""Retention policies: made, shown, changed, deleted, and what they deleted (contract §9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.registry import reach
from entrepot.upkeep import queries
from entrepot.upkeep.events import RetentionChanged, RetentionCreated, RetentionDeleted
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.rules import Rule, check_same_templates
from entrepot.values.errors import RuleExists, RuleUnknown
from entrepot.values.names import RepositoryName


@dataclass(frozen=True, slots=True)
class Policy:
    id: int
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class Deletion:
    """A tag that a policy deleted, and the rule by which."""

    id: int
    policy_id: int
    rule: Rule
    tag: str
    deleted_at: datetime


async def create_policy(upkeep: Upkeep, actor: Actor, path: RepositoryName, rules: Sequence[Rule]) -> int:
    """The new policy's number. Raises Unauthenticated, AccessDenied, RepositoryUnknown or RuleExists."""
    documents = _documents(rules)
    async with upkeep.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_RETAIN, path)
        now = upkeep.clock.now()
        made = await queries.save_policy(tx, repository.id, documents, actor.id, now)
        if made is None:
            raise RuleExists(
                f"{path} has a retention policy already; change that one, or delete it first.", kind="retention-exists"
            )
        event = RetentionCreated(path, made, documents)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)
    return made


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
        await tx.lock(f"retention:{repository.id}")
        row = await _existing(tx, repository.id, path, policy_id)
        check_same_templates(_policy(row).rules, rules)
        if documents == row.rules:
            return
        now = upkeep.clock.now()
        await queries.set_rules(tx, policy_id, documents, now)
        event = RetentionChanged(path, policy_id, documents, {"rules": row.rules})
        await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def delete_policy(upkeep: Upkeep, actor: Actor, path: RepositoryName, policy_id: int) -> None:
    """Delete a policy; what it deleted stays in the history.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown or RuleUnknown.
    """
    async with upkeep.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_RETAIN, path)
        await tx.lock(f"retention:{repository.id}")
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
        total = await queries.deletions_count(tx, repository.id)
        rows = await queries.deletions_page(tx, repository.id, offset, limit)
    return [Deletion(row.id, row.policy_id, Rule.of(row.rule), row.tag, row.deleted_at) for row in rows], total


async def _existing(tx: Reader, repository_id: int, path: RepositoryName, policy_id: int) -> Row[Any]:
    row = await queries.policy_by_id(tx, repository_id, policy_id)
    if row is None:
        raise RuleUnknown(f"{path} has no retention policy {policy_id}.", kind="retention-unknown")
    return row


def _documents(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    return [rule.document for rule in rules]


def _policy(row: Row[Any]) -> Policy:
    return Policy(row.id, [Rule.of(document) for document in row.rules])
