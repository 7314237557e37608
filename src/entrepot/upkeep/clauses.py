"""Clauses: what rules of retention come to for one repository, whoever made them and in whatever form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from entrepot.plumbing.expressions import Expression
from entrepot.upkeep.rules import Rule, Selector, SelectorKind, Template

Matcher = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule that reaches a repository. A tag that any clause keeps is kept.

    `tags`: those it is about, all when empty. `excepted`: tags that it keeps, and does not count. Of the others it
    keeps the `newest` so many, those pushed within `pushed_days`, and those pulled or pushed within `pulled_days`;
    with `keeps_signed` also what is signed. `document`: the rule as its API writes it. `policy_id` is 0 for a rule of
    the repository's organization.
    """

    policy_id: int
    document: Mapping[str, Any] = field(hash=False)
    tags: tuple[Selector, ...] = ()
    excepted: tuple[Selector, ...] = ()
    newest: int | None = None
    pushed_days: int | None = None
    pulled_days: int | None = None
    keeps_signed: bool = False


def clause_of(policy_id: int, rule: Rule) -> Clause:
    """What a rule of the contract comes to."""
    newest = rule.number if rule.template is Template.TAGS else None
    days = rule.number if rule.template is Template.DATE else None
    return Clause(policy_id, rule.document, excepted=rule.selectors, newest=newest, pushed_days=days)


def matcher(selectors: Sequence[Selector]) -> Matcher:
    """Whether any of them selects a tag; made once, and asked for a million tags, often twice for the same in a row."""
    names = frozenset(one.pattern for one in selectors if one.kind is SelectorKind.LABEL)
    asked = [Expression(one.pattern).matcher() for one in selectors if one.kind is SelectorKind.REGEXP]
    if not asked:
        return names.__contains__

    @lru_cache(maxsize=1)
    def selects(tag: str) -> bool:
        return tag in names or any(one(tag) for one in asked)

    return selects
