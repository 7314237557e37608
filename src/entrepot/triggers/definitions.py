"""Triggers as they are defined: created, listed, shown with their history, switched, deleted (contract §8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.registry import reach
from entrepot.triggers import queries, rules
from entrepot.triggers.events import TriggerChanged, TriggerCreated, TriggerDeleted
from entrepot.triggers.room import Triggers
from entrepot.triggers.rules import Condition, Definition, Kind, Mode, Target, WorkloadKind
from entrepot.values.errors import RuleExists, RuleUnknown, worded
from entrepot.values.names import RepositoryName, TriggerName

_FIRINGS_MAX: Final = 100  # the newest, of one trigger


@dataclass(frozen=True, slots=True)
class Trigger:
    definition: Definition
    is_enabled: bool
    creator_name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Firing:
    """What became of a push that a trigger was about."""

    tag: str
    has_succeeded: bool
    detail: str
    fired_at: datetime


async def create_trigger(
    triggers: Triggers, actor: Actor, path: RepositoryName, definition: Definition, is_enabled: bool
) -> None:
    """Raises Unauthenticated, AccessDenied, RepositoryUnknown, RuleExists or TooMany."""
    async with triggers.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_AUTOMATE, path)
        await tx.lock(f"triggers:{repository.id}")
        rules.check_count(await queries.triggers_count(tx, repository.id))
        now, fields = triggers.clock.now(), _fields(definition)
        if not await queries.save_trigger(tx, repository.id, fields, is_enabled, actor.id, now):
            raise RuleExists(
                worded("{path} has a trigger named {name} already.", path=path, name=definition.name),
                kind="trigger-exists",
            )
        event = TriggerCreated(path, definition.name, is_enabled, fields)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def list_triggers(triggers: Triggers, actor: Actor, path: RepositoryName) -> Sequence[Trigger]:
    """All of a repository, the newest first. Raises Unauthenticated or RepositoryUnknown."""
    async with triggers.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        rows = await queries.triggers_of(tx, repository.id, rules.TRIGGERS_MAX)
        creators = await names_of(tx, list({row.creator_id for row in rows}))
    return [_trigger(row, creators) for row in rows]


async def show_trigger(
    triggers: Triggers, actor: Actor, path: RepositoryName, name: TriggerName
) -> tuple[Trigger, Sequence[Firing]]:
    """A trigger and its last firings, the newest first. Raises Unauthenticated, RepositoryUnknown or RuleUnknown."""
    async with triggers.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        row = await _existing(tx, repository.id, path, name)
        firings = await queries.firings_of(tx, row.id, _FIRINGS_MAX)
        creators = await names_of(tx, [row.creator_id])
    history = [Firing(one.tag, one.has_succeeded, one.detail, one.fired_at) for one in firings]
    return _trigger(row, creators), history


async def switch_trigger(
    triggers: Triggers, actor: Actor, path: RepositoryName, name: TriggerName, is_enabled: bool
) -> None:
    """Switch a trigger on or off. Raises Unauthenticated, AccessDenied, RepositoryUnknown or RuleUnknown."""
    async with triggers.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_AUTOMATE, path)
        await tx.lock(f"triggers:{repository.id}")
        row = await _existing(tx, repository.id, path, name)
        if row.is_enabled == is_enabled:
            return
        await queries.set_enabled(tx, row.id, is_enabled)
        event = TriggerChanged(path, name, is_enabled, {"is_enabled": row.is_enabled})
        await publish(tx, event, actor=actor.subject, at=triggers.clock.now(), domain_id=repository.domain_id)


async def delete_trigger(triggers: Triggers, actor: Actor, path: RepositoryName, name: TriggerName) -> None:
    """Delete a trigger with its history. Raises Unauthenticated, AccessDenied, RepositoryUnknown or RuleUnknown."""
    async with triggers.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_AUTOMATE, path)
        await tx.lock(f"triggers:{repository.id}")
        row = await _existing(tx, repository.id, path, name)
        await queries.delete_trigger(tx, row.id)
        before = {"is_enabled": row.is_enabled, "definition": _fields(_definition(row))}
        event = TriggerDeleted(path, name, before)
        await publish(tx, event, actor=actor.subject, at=triggers.clock.now(), domain_id=repository.domain_id)


async def _existing(tx: Reader, repository_id: int, path: RepositoryName, name: TriggerName) -> Row[Any]:
    row = await queries.trigger_by_name(tx, repository_id, name)
    if row is None:
        raise RuleUnknown(worded("{path} has no trigger named {name}.", path=path, name=name), kind="trigger-unknown")
    return row


def _fields(definition: Definition) -> dict[str, str]:
    """A definition as a row holds it, and as an event tells it."""
    target = definition.target
    return {
        "name": definition.name,
        "kind": definition.condition.kind,
        "condition": definition.condition.text,
        "mode": target.mode,
        "cluster_id": target.cluster_id,
        "cluster_name": target.cluster_name,
        "cluster_namespace": target.namespace,
        "workload_kind": target.workload_kind,
        "workload": target.workload,
        "container": target.container,
    }


def _definition(row: Row[Any]) -> Definition:
    target = Target(
        Mode(row.mode),
        row.cluster_id,
        row.cluster_name,
        row.cluster_namespace,
        WorkloadKind(row.workload_kind),
        row.workload,
        row.container,
    )
    return Definition(TriggerName(row.name), Condition(Kind(row.kind), row.condition), target)


def _trigger(row: Row[Any], creators: Mapping[str, str]) -> Trigger:
    return Trigger(_definition(row), row.is_enabled, creators.get(row.creator_id, ""), row.created_at)
