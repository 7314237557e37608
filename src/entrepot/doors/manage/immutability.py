"""Rules of immutability: by which tags of an organization stay where they are. The contract has no call for them."""

from typing import Annotated, Final

from fastapi import Depends, Path
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall, TheOrganization
from entrepot.doors.manage.fields import Body, Flag, Text, Word
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import immutability
from entrepot.registry.immutability import Kept
from entrepot.registry.immutability_rules import Rule
from entrepot.values.errors import RuleUnknown, quoted, worded

_DIGITS_MAX: Final = 18


async def _number(rule: Annotated[str, Path(description="The number of a rule.")]) -> int:
    if len(rule) > _DIGITS_MAX or not rule.isascii() or not rule.isdigit():
        raise RuleUnknown(
            worded("A rule has a number; {text} is none.", text=quoted(rule)), kind="immutability-unknown"
        )
    return int(rule)


TheRule = Annotated[int, Depends(_number)]


class CreateRule(Body):
    """Tags like `tags` and like none of `exclusions` stay where they are, in repositories like `repositories`.

    Patterns, in which `*` stands for any characters. Repositories are named as within the organization.
    """

    repositories: Word = "*"
    tags: Word = "*"
    exclusions: list[Word] = Field(default_factory=list)
    description: Text = ""
    enabled: Flag = True


class ChangeRule(Body):
    """What is left out stays."""

    repositories: Word | None = None
    tags: Word | None = None
    exclusions: list[Word] | None = None
    description: Text | None = None
    enabled: Flag | None = None


class ImmutabilityRule(BaseModel):
    """`set_by`: who said at `updated` what the rule says; empty when that account is gone."""

    id: int
    repositories: str
    tags: str
    exclusions: list[str]
    description: str
    enabled: bool
    set_by: str
    created: str
    updated: str


class ImmutabilityRules(BaseModel):
    rules: list[ImmutabilityRule]


async def create_immutability_rule(call: TheCall, namespace: TheOrganization, body: CreateRule) -> ImmutabilityRule:
    """Let tags stay where they are from now on, also those that are there. For managers of the organization."""
    rule = Rule.parse(body.repositories, body.tags, body.exclusions, body.description, body.enabled)
    return _shown(await immutability.create_rule(call.registry, call.actor, namespace, rule))


async def list_immutability_rules(call: TheCall, namespace: TheOrganization) -> ImmutabilityRules:
    """The rules of an organization, the oldest first."""
    found = await immutability.list_rules(call.registry, call.actor, namespace)
    return ImmutabilityRules(rules=[_shown(one) for one in found])


async def show_immutability_rule(call: TheCall, namespace: TheOrganization, rule: TheRule) -> ImmutabilityRule:
    """One rule."""
    return _shown(await immutability.show_rule(call.registry, call.actor, namespace, rule))


async def update_immutability_rule(
    call: TheCall, namespace: TheOrganization, rule: TheRule, body: ChangeRule
) -> ImmutabilityRule:
    """Change what is given of a rule; disabled, it holds for nothing."""
    given = body.model_dump(exclude_none=True)
    return _shown(await immutability.change_rule(call.registry, call.actor, namespace, rule, given))


async def delete_immutability_rule(call: TheCall, namespace: TheOrganization, rule: TheRule) -> None:
    """Delete a rule; its tags can move and go again."""
    await immutability.delete_rule(call.registry, call.actor, namespace, rule)


def _shown(one: Kept) -> ImmutabilityRule:
    standing = one.standing
    return ImmutabilityRule(
        id=standing.id,
        set_by=standing.set_by,
        created=rfc3339(one.created_at),
        updated=rfc3339(one.updated_at),
        **standing.rule.document,
    )
