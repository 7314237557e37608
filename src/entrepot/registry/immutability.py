"""Immutability: rules by which tags of an organization stay where they are. What they refuse is in `immutable.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.registry import organizations
from entrepot.registry.events import ImmutabilityChanged, ImmutabilityCreated, ImmutabilityDeleted
from entrepot.registry.immutability_rules import Rule, Standing, check_rules_count
from entrepot.registry.immutable import lock_of, standing
from entrepot.registry.queries import immutability
from entrepot.registry.room import Registry
from entrepot.values.errors import RuleUnknown, worded
from entrepot.values.names import OrganizationName


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule as it is kept. `standing.set_by` said at `updated_at` what it says."""

    standing: Standing
    created_at: datetime
    updated_at: datetime


async def create_rule(registry: Registry, actor: Actor, organization: OrganizationName, rule: Rule) -> Kept:
    """A new rule. It holds from now on, also for tags that are there.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown or TooMany.
    """
    async with registry.db.writing() as tx:
        row = await organizations.changing(tx, actor, Action.ORGANIZATION_MANAGE, organization)
        await tx.lock(lock_of(row.id))
        check_rules_count(await immutability.rules_count(tx, row.id))
        now = registry.clock.now()
        made = await immutability.save_rule(tx, row.id, rule.document, actor.id, now)
        created = ImmutabilityCreated(organization, made, rule.document)
        await publish(tx, created, actor=actor.subject, at=now, domain_id=row.domain_id)
    return Kept(Standing(made, organization, rule, actor.name), now, now)


async def list_rules(registry: Registry, actor: Actor, organization: OrganizationName) -> Sequence[Kept]:
    """The rules of an organization, the oldest first. Raises Unauthenticated or OrganizationUnknown."""
    async with registry.db.reading() as tx:
        row = await organizations.reachable(tx, actor, Action.ORGANIZATION_READ, organization)
        return [_kept(one, organization) for one in await immutability.rules_of(tx, row.id)]


async def show_rule(registry: Registry, actor: Actor, organization: OrganizationName, rule_id: int) -> Kept:
    """Raises Unauthenticated, OrganizationUnknown or RuleUnknown."""
    async with registry.db.reading() as tx:
        row = await organizations.reachable(tx, actor, Action.ORGANIZATION_READ, organization)
        return _kept(await _existing(tx, row.id, organization, rule_id), organization)


async def change_rule(
    registry: Registry, actor: Actor, organization: OrganizationName, rule_id: int, changes: Mapping[str, Any]
) -> Kept:
    """Let a rule say something else from now on: what `changes`, in the words of its document, has of it.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, RuleUnknown, ParameterInvalid or BodyTooLarge.
    """
    async with registry.db.writing() as tx:
        row = await organizations.changing(tx, actor, Action.ORGANIZATION_MANAGE, organization)
        await tx.lock(lock_of(row.id))
        was = _kept(await _existing(tx, row.id, organization, rule_id), organization)
        rule = was.standing.rule.changed(changes)
        if was.standing.rule == rule:
            return was
        now, document = registry.clock.now(), rule.document
        await immutability.change_rule(tx, rule_id, document, actor.id, now)
        before = {key: value for key, value in was.standing.rule.document.items() if document[key] != value}
        changed = ImmutabilityChanged(organization, rule_id, document, before)
        await publish(tx, changed, actor=actor.subject, at=now, domain_id=row.domain_id)
    return Kept(Standing(rule_id, organization, rule, actor.name), was.created_at, now)


async def delete_rule(registry: Registry, actor: Actor, organization: OrganizationName, rule_id: int) -> None:
    """Raises Unauthenticated, AccessDenied, OrganizationUnknown or RuleUnknown."""
    async with registry.db.writing() as tx:
        row = await organizations.changing(tx, actor, Action.ORGANIZATION_MANAGE, organization)
        await tx.lock(lock_of(row.id))
        was = _kept(await _existing(tx, row.id, organization, rule_id), organization)
        await immutability.delete_rule(tx, rule_id)
        deleted = ImmutabilityDeleted(organization, rule_id, was.standing.rule.document)
        await publish(tx, deleted, actor=actor.subject, at=registry.clock.now(), domain_id=row.domain_id)


async def _existing(tx: Reader, organization_id: int, organization: OrganizationName, rule_id: int) -> Row[Any]:
    for row in await immutability.rules_of(tx, organization_id):
        if row.id == rule_id:
            return row
    raise RuleUnknown(
        worded("{organization} has no rule of immutability {number}.", organization=organization, number=rule_id),
        kind="immutability-unknown",
    )


def _kept(row: Row[Any], organization: OrganizationName) -> Kept:
    return Kept(standing(row, organization), row.created_at, row.updated_at)
