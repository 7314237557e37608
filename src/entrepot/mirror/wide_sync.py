"""Rules of synchronisation of our own, which operators make: shown, changed, deleted, carried out now.

What they may say is in `wide_rules.py`. Copies that follow from them stand with their repositories, like all copies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.accounts.operators import require_operator
from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.mirror.events import WideSyncAsked, WideSyncChanged, WideSyncCreated, WideSyncDeleted
from entrepot.mirror.kept import keep, kept
from entrepot.mirror.queries import copies
from entrepot.mirror.queries import wide as queries
from entrepot.mirror.regions import lock_of
from entrepot.mirror.room import Mirror
from entrepot.mirror.sync import check_region
from entrepot.mirror.wide_rules import DEFAULTS, WideRule, check_count
from entrepot.values.errors import ParameterInvalid, RuleExists, RuleUnknown, worded
from entrepot.values.names import RegionName, SyncRuleName

_LOCK: Final = "rules of synchronisation"
_GONE: Final = worded("The rule was deleted.")
_OTHER: Final = worded("The rule says something else now.")


@dataclass(frozen=True, slots=True)
class LastRun:
    """When it was last looked for what differs: so many tags `looked_at`, so many copies and deletions `wanted`.

    `left_alone`: other images had these names, and the rule does not replace them. `error`: what could not be looked
    at, as a sentence of ours; empty as a rule.
    """

    at: datetime
    looked_at: int
    wanted: int
    left_alone: int
    error: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A rule as it is kept. `known`: those of its regions that are not forgotten. `due_at`: when it is next looked for
    what differs; None: when something changes. `under_way`: copies and deletions that wait or run.
    """

    id: int
    name: str
    rule: WideRule
    known: Sequence[str]
    creator_name: str
    created_at: datetime
    changed_at: datetime
    due_at: datetime | None
    last: LastRun | None
    under_way: int


@dataclass(frozen=True, slots=True)
class RulePage:
    """`after`: where to go on; None at the end."""

    items: Sequence[Shown]
    after: str | None


async def create_wide_rule(mirror: Mirror, actor: Actor, name: SyncRuleName, given: Mapping[str, Any]) -> Shown:
    """A new rule, which begins with what is there already; what `given` leaves out is as `wide_rules.DEFAULTS` says.

    Only operators may. Raises Unauthenticated, AccessDenied, ParameterInvalid, NameInvalid, RuleExists, RuleUnknown for
    a region, or TooMany.
    """
    rule = WideRule.of({**DEFAULTS, **given})
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        await _hold(tx, rule)
        check_count(await queries.rules_count(tx))
        now = mirror.clock.now()
        made = await queries.save_rule(
            tx,
            name=name,
            creator_id=actor.id,
            created_at=now,
            **_values(rule, now),
            due_at=rule.when.first_due(now) if rule.is_enabled else None,
        )
        if made is None:
            raise RuleExists(
                worded("A rule of synchronisation named {name} exists already.", name=name), kind="wide-rule-exists"
            )
        await queries.save_regions(tx, made, rule.regions)
        await publish(tx, WideSyncCreated(name, rule.document), actor=actor.subject, at=now)
        return await _shown(tx, await existing_rule(tx, name))


async def list_wide_rules(mirror: Mirror, actor: Actor, after: str, limit: int) -> RulePage:
    """By name, those after `after`. Only operators may. Raises Unauthenticated or AccessDenied."""
    async with mirror.db.reading() as tx:
        await require_operator(tx, actor)
        rows = await queries.rules(tx, after, limit + 1)
        items = [await _shown(tx, row) for row in rows[:limit]]
    return RulePage(items, items[-1].name if len(rows) > limit else None)


async def show_wide_rule(mirror: Mirror, actor: Actor, name: SyncRuleName) -> Shown:
    """Only operators may. Raises Unauthenticated, AccessDenied or RuleUnknown."""
    async with mirror.db.reading() as tx:
        await require_operator(tx, actor)
        return await _shown(tx, await existing_rule(tx, name))


async def change_wide_rule(mirror: Mirror, actor: Actor, name: SyncRuleName, given: Mapping[str, Any]) -> Shown:
    """Let a rule say what is `given`; the rest stays.

    Where that is about more than when and how fast, what waits or runs of it is called off, and it begins anew with
    what is there. Only operators may. Raises Unauthenticated, AccessDenied, ParameterInvalid or RuleUnknown.
    """
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        row = await existing_rule(tx, name)
        was = WideRule.of(row.document)
        known = (await queries.regions_of(tx, [row.id]))[row.id]
        rule = WideRule.of({**was.document, **({"regions": known} if known else {}), **given})
        await _hold(tx, rule)
        if rule == was:
            return await _shown(tx, row)
        now = mirror.clock.now()
        cancelled = 0
        if not rule.copies_the_same(was):
            cancelled = await copies.cancel_of_wide_rule(tx, row.id, keep(_OTHER), now)
        if rule.direction is not was.direction:  # what went there was ours: no deletion there takes it from here
            await queries.forget_all_copied(tx, row.id)
        values = _values(rule, now) | {"due_at": rule.when.first_due(now) if rule.is_enabled else None}
        await queries.set_rule(tx, row.id, **values)
        await queries.save_regions(tx, row.id, rule.regions)
        document, old = rule.document, was.document
        before = {key: value for key, value in old.items() if document[key] != value}
        changed = WideSyncChanged(name, {key: document[key] for key in before}, before, cancelled)
        await publish(tx, changed, actor=actor.subject, at=now)
        return await _shown(tx, await existing_rule(tx, name))


async def delete_wide_rule(mirror: Mirror, actor: Actor, name: SyncRuleName) -> None:
    """Forget a rule; what it copied stays, what waits or runs of it is called off. Only operators may.

    Raises Unauthenticated, AccessDenied or RuleUnknown.
    """
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        await tx.lock(_LOCK)
        row = await existing_rule(tx, name)
        now = mirror.clock.now()
        cancelled = await copies.cancel_of_wide_rule(tx, row.id, keep(_GONE), now)
        await queries.delete_rule(tx, row.id)
        await publish(tx, WideSyncDeleted(name, row.document, cancelled), actor=actor.subject, at=now)


async def run_wide_rule(mirror: Mirror, actor: Actor, name: SyncRuleName) -> Shown:
    """Look for what differs now, also outside of the rule's windows; what is found is copied within them.

    Only operators may. Raises Unauthenticated, AccessDenied, RuleUnknown, or ParameterInvalid while it is disabled.
    """
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        row = await existing_rule(tx, name)
        if not row.is_enabled:
            raise ParameterInvalid(
                worded("{name} is disabled; enable it first: entrepot sync rule update {name} --enable", name=name),
                kind="state",
            )
        now = mirror.clock.now()
        await queries.set_rule(tx, row.id, due_at=now)
        await publish(tx, WideSyncAsked(name), actor=actor.subject, at=now)
        return await _shown(tx, await existing_rule(tx, name))


async def _hold(tx: Writer, rule: WideRule) -> None:
    """The rule's regions stay until the end of the transaction, and nobody else changes rules."""
    await tx.lock(*[lock_of(one) for one in sorted(rule.regions)], shared=True)
    await tx.lock(_LOCK)
    for one in rule.regions:
        await check_region(tx, RegionName(one))


def _values(rule: WideRule, at: datetime) -> dict[str, Any]:
    return {
        "document": rule.document,
        "is_enabled": rule.is_enabled,
        "follows": rule.follows,
        "changed_at": at,
    }


async def existing_rule(tx: Reader, name: SyncRuleName) -> Row[Any]:
    """The rule's row. Raises RuleUnknown."""
    row = await queries.rule_by_name(tx, name)
    if row is None:
        raise RuleUnknown(
            worded("There is no rule of synchronisation {name}; see: entrepot sync rule list", name=name),
            kind="wide-rule-unknown",
        )
    return row


async def _shown(tx: Reader, row: Row[Any]) -> Shown:
    people = await names_of(tx, [row.creator_id])
    known = await queries.regions_of(tx, [row.id])
    last = None
    if row.ran_at is not None:
        last = LastRun(row.ran_at, row.looked_at, row.wanted, row.left_alone, kept(row.error))
    return Shown(
        row.id,
        row.name,
        WideRule.of(row.document),
        known[row.id],
        people.get(row.creator_id, ""),
        row.created_at,
        row.changed_at,
        row.due_at,
        last,
        await queries.under_way_count(tx, row.id),
    )
