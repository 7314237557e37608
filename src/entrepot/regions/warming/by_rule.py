"""Rules of warming up: what is pushed comes to nodes of regions by itself. Operators make them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.accounts.operators import require_operator
from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.mirror.queries.sync import region_by_name
from entrepot.mirror.regions import unknown as unknown_region
from entrepot.regions.room import Regions
from entrepot.regions.warming import queries
from entrepot.regions.warming.events import WarmRuleCreated, WarmRuleDeleted
from entrepot.regions.warming.rules import WarmRule, Wish, check_rules
from entrepot.values.errors import RuleExists, RuleUnknown, worded
from entrepot.values.names import RegionName, WarmRuleName

_LOCK: Final = "rules of warming up"


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule as it is kept."""

    name: str
    rule: WarmRule
    creator_id: str
    creator_name: str
    created_at: datetime


async def create_warm_rule(regions: Regions, actor: Actor, name: WarmRuleName, rule: WarmRule) -> ShownRule:
    """Warm up what is pushed from now on. Only operators may.

    Raises Unauthenticated, AccessDenied, RuleExists, RuleUnknown for a region, or TooMany.
    """
    async with regions.db.writing() as tx:
        await require_operator(tx, actor)
        await tx.lock(_LOCK)
        check_rules(await queries.rules_count(tx))
        for region in rule.wish.regions:
            if await region_by_name(tx, RegionName(region)) is None:
                raise unknown_region(RegionName(region))
        now = regions.clock.now()
        is_new = await queries.save_rule(
            tx,
            name=name,
            repositories=list(rule.repositories),
            tags=list(rule.tags),
            regions=list(rule.wish.regions),
            platforms=list(rule.wish.platforms),
            copies=rule.wish.copies,
            creator_id=actor.id,
            created_at=now,
        )
        if not is_new:
            raise RuleExists(
                worded("A rule of warming up named {name} exists already.", name=name), kind="warm-rule-exists"
            )
        await publish(tx, WarmRuleCreated(name, rule.document), actor=actor.subject, at=now)
        return (await _shown(tx, [await _existing(tx, name)]))[0]


async def list_warm_rules(regions: Regions, actor: Actor) -> Sequence[ShownRule]:
    """All of them by name. Only operators may. Raises Unauthenticated or AccessDenied."""
    async with regions.db.reading() as tx:
        await require_operator(tx, actor)
        return await _shown(tx, await queries.rules(tx))


async def delete_warm_rule(regions: Regions, actor: Actor, name: WarmRuleName) -> None:
    """Forget a rule; warm-ups that it began go on. Only operators may.

    Raises Unauthenticated, AccessDenied or RuleUnknown.
    """
    async with regions.db.writing() as tx:
        await require_operator(tx, actor)
        row = await _existing(tx, name)
        await queries.delete_rule(tx, name)
        deleted = WarmRuleDeleted(name, rule_of(row).document)
        await publish(tx, deleted, actor=actor.subject, at=regions.clock.now())


def rule_of(row: Row[Any]) -> WarmRule:
    """The rule of a row."""
    wish = Wish(tuple(row.regions), tuple(row.platforms), row.copies)
    return WarmRule(tuple(row.repositories), tuple(row.tags), wish)


async def _existing(tx: Reader, name: WarmRuleName) -> Row[Any]:
    row = await queries.rule_by_name(tx, name)
    if row is None:
        raise RuleUnknown(
            worded("There is no rule of warming up {name}; see: entrepot region warm-rule list", name=name),
            kind="warm-rule-unknown",
        )
    return row


async def _shown(tx: Reader, rows: Sequence[Row[Any]]) -> Sequence[ShownRule]:
    people = await names_of(tx, [row.creator_id for row in rows])
    return [
        ShownRule(row.name, rule_of(row), row.creator_id, people.get(row.creator_id, ""), row.created_at)
        for row in rows
    ]
