"""Retention: which tags a policy deletes. Facts in, names out; nothing here reads or removes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from entrepot.upkeep.rules import Rule, Template


@dataclass(frozen=True, slots=True)
class TagFact:
    """A tag as it is, and when it was last pushed or moved."""

    name: str
    pushed_at: datetime


def plan_deletions(rules: Sequence[Rule], tags: Sequence[TagFact], now: datetime) -> list[str]:
    """The names of the tags that no rule keeps, those pushed longest ago first.

    Without a rule nothing is deleted.
    """
    if not rules:
        return []
    newest_first = sorted(tags, key=lambda tag: (tag.pushed_at, tag.name), reverse=True)
    kept = set[str]().union(*(_kept(rule, newest_first, now) for rule in rules))
    return [tag.name for tag in reversed(newest_first) if tag.name not in kept]


def _kept(rule: Rule, newest_first: Sequence[TagFact], now: datetime) -> set[str]:
    """What one rule keeps: what it spares, which does not count, and of the others the newest."""
    counted = [tag for tag in newest_first if not rule.spares(tag.name)]
    if rule.template is Template.DATE:
        since = now - timedelta(days=rule.number)
        deleted = [tag for tag in counted if tag.pushed_at < since]
    else:
        deleted = counted[rule.number :]
    return {tag.name for tag in newest_first} - {tag.name for tag in deleted}
