"""Retention policies of organizations: made, shown, changed, deleted. What they may say is in `wide_rules.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.registry import organizations
from entrepot.upkeep.causes import Cause
from entrepot.upkeep.events import WideRetentionChanged, WideRetentionCreated, WideRetentionDeleted
from entrepot.upkeep.queries import policies, wishes
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.wide_rules import WidePolicy, check_policies_count, check_pulls_known
from entrepot.values.errors import RuleUnknown, worded
from entrepot.values.names import OrganizationName


@dataclass(frozen=True, slots=True)
class Kept:
    """A policy as it is kept. `set_by` said at `updated_at` what it says; empty when that account is gone."""

    id: int
    policy: WidePolicy
    set_by: str
    created_at: datetime
    updated_at: datetime


def wide_lock_of(organization_id: int) -> str:
    """Whoever carries policies out shares this lock; who changes those of the organization is alone."""
    return f"retention of {organization_id}"


async def create_wide_policy(upkeep: Upkeep, actor: Actor, name: OrganizationName, policy: WidePolicy) -> Kept:
    """A new policy, which is carried out at once. For managers of the organization.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, ParameterInvalid or TooMany.
    """
    check_pulls_known(policy, upkeep.settings.accounting_days)
    async with upkeep.db.writing() as tx:
        row = await organizations.changing(tx, actor, Action.ORGANIZATION_MANAGE, name)
        await tx.lock(wide_lock_of(row.id))
        check_policies_count(len(await policies.wide_policies(tx, row.id)))
        now = upkeep.clock.now()
        made = await policies.save_wide_policy(tx, row.id, policy.document, actor.id, now)
        await _carry_out(tx, row.id, [policy], actor, now)
        event = WideRetentionCreated(name, made, policy.document)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=row.domain_id)
    return Kept(made, policy, actor.name, now, now)


async def list_wide_policies(upkeep: Upkeep, actor: Actor, name: OrganizationName) -> Sequence[Kept]:
    """The policies of an organization, the oldest first. Raises Unauthenticated or OrganizationUnknown."""
    async with upkeep.db.reading() as tx:
        row = await organizations.reachable(tx, actor, Action.ORGANIZATION_READ, name)
        return [_kept(one) for one in await policies.wide_policies(tx, row.id)]


async def show_wide_policy(upkeep: Upkeep, actor: Actor, name: OrganizationName, policy_id: int) -> Kept:
    """Raises Unauthenticated, OrganizationUnknown or RuleUnknown."""
    async with upkeep.db.reading() as tx:
        row = await organizations.reachable(tx, actor, Action.ORGANIZATION_READ, name)
        return await _existing(tx, row.id, name, policy_id)


async def change_wide_policy(
    upkeep: Upkeep, actor: Actor, name: OrganizationName, policy_id: int, policy: WidePolicy
) -> Kept:
    """Let a policy say something else, and carry it out at once.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, RuleUnknown or ParameterInvalid.
    """
    check_pulls_known(policy, upkeep.settings.accounting_days)
    async with upkeep.db.writing() as tx:
        row = await organizations.changing(tx, actor, Action.ORGANIZATION_MANAGE, name)
        await tx.lock(wide_lock_of(row.id))
        was = await _existing(tx, row.id, name, policy_id)
        if was.policy == policy:
            return was
        now, document = upkeep.clock.now(), policy.document
        await policies.set_wide_policy(tx, policy_id, document, actor.id, now)
        await _carry_out(tx, row.id, [was.policy, policy], actor, now)
        before = {key: value for key, value in was.policy.document.items() if document[key] != value}
        event = WideRetentionChanged(name, policy_id, document, before)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=row.domain_id)
    return Kept(policy_id, policy, actor.name, was.created_at, now)


async def delete_wide_policy(upkeep: Upkeep, actor: Actor, name: OrganizationName, policy_id: int) -> None:
    """Delete a policy; what it deleted stays in the history.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown or RuleUnknown.
    """
    async with upkeep.db.writing() as tx:
        row = await organizations.changing(tx, actor, Action.ORGANIZATION_MANAGE, name)
        await tx.lock(wide_lock_of(row.id))
        was = await _existing(tx, row.id, name, policy_id)
        await policies.delete_wide_policy(tx, policy_id)
        event = WideRetentionDeleted(name, policy_id, was.policy.document)
        await publish(tx, event, actor=actor.subject, at=upkeep.clock.now(), domain_id=row.domain_id)


async def _carry_out(
    tx: Writer, organization_id: int, changed: Sequence[WidePolicy], actor: Actor, at: datetime
) -> None:
    """Where the policies reach or reached, also where an undone run was what held them up."""
    for held in await wishes.holds_in(tx, organization_id):
        if any(one.reaches(held.name) for one in changed):
            await wishes.end_hold(tx, held.id)
    if changed[-1].is_enabled:
        await wishes.save_wish(tx, organization_id, None, Cause.CHANGED, actor.subject, at)


async def _existing(tx: Reader, organization_id: int, name: OrganizationName, policy_id: int) -> Kept:
    for row in await policies.wide_policies(tx, organization_id):
        if row.id == policy_id:
            return _kept(row)
    raise RuleUnknown(
        worded("{path} has no retention policy {policy_id}.", path=name, policy_id=policy_id), kind="retention-unknown"
    )


def _kept(row: Row[Any]) -> Kept:
    return Kept(row.id, WidePolicy.of(row.document), row.set_by, row.created_at, row.updated_at)
