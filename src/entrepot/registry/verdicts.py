"""What gates say of something that is not done yet: the same decisions as in the verbs, for `explaining.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import ANONYMOUS
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader
from entrepot.registry import reach
from entrepot.registry.immutability_rules import undeleted, unmoved
from entrepot.registry.immutable import GATE, immutability_of, immutable_tags
from entrepot.registry.queries import tags
from entrepot.values.errors import worded
from entrepot.values.names import OrganizationName, TagName

_ORIGIN: Final = "origin"
"""The gate of organizations whose images come from elsewhere."""
_MOVING: Final = (Action.REPOSITORY_PUSH, Action.REPOSITORY_TAG)
_ASKED: Final = (*_MOVING, Action.REPOSITORY_DELETE_CONTENT, Action.REPOSITORY_DELETE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`sentence`: what the gate refuses, or keeps an eye on, by which rule."""

    gate: str
    is_passed: bool
    sentence: str


async def verdict_on_filling(tx: Reader, action: Action, name: OrganizationName) -> Verdict | None:
    """That nobody fills an organization whose images come from elsewhere; None where `action` would not."""
    filling = Action.REPOSITORY_PUSH if action is Action.REPOSITORY_CREATE else action
    refusal = await reach.filled_elsewhere(tx, ANONYMOUS, filling, name)
    return None if refusal is None else Verdict(_ORIGIN, False, refusal.message)


async def verdicts_on(tx: Reader, repository: Row[Any], action: Action, tag: TagName | None) -> Sequence[Verdict]:
    """What gates say of `action` in a repository, with a tag when one is named; empty when they have no say."""
    rules = await immutability_of(tx, repository) if action in _ASKED else None
    if rules is None or not rules.rules:
        return []
    if action is Action.REPOSITORY_DELETE:
        found, are_more = await immutable_tags(tx, repository, rules)
        return [Verdict(GATE, False, undeleted(repository.path, found, are_more).message)] if found else []
    if tag is None:
        return [
            Verdict(GATE, True, worded("Tags stay where they are by {rule}.", rule=one.said)) for one in rules.rules
        ]
    rule = rules.rule_of(tag)
    if rule is None:
        return []
    if await tags.open_tag(tx, repository.id, tag) is None:
        said = worded("The tag {tag} can be made once, and stays then by {rule}.", tag=tag, rule=rule.said)
        return [Verdict(GATE, True, said)]
    error = unmoved(repository.path, tag, rule) if action in _MOVING else undeleted(repository.path, {tag: rule})
    return [Verdict(GATE, False, error.message)]
