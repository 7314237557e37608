"""Retention policies of organizations: rules richer than the contract's, which has no call for them."""

from typing import Annotated, Any, Final

from fastapi import Depends, Path
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall, TheOrganization
from entrepot.doors.manage.fields import Body, Flag, Text, Word
from entrepot.plumbing.clock import rfc3339
from entrepot.upkeep import wide_policies
from entrepot.upkeep.wide_policies import Kept
from entrepot.upkeep.wide_rules import WidePolicy, WideRule
from entrepot.values.errors import RuleUnknown, quoted

_DIGITS_MAX: Final = 18


async def _number(policy: Annotated[str, Path(description="The number of a policy.")]) -> int:
    if len(policy) > _DIGITS_MAX or not policy.isascii() or not policy.isdigit():
        raise RuleUnknown(f"A retention policy has a number; {quoted(policy)} is none.", kind="retention-unknown")
    return int(policy)


ThePolicy = Annotated[int, Depends(_number)]


class WideRuleBody(Body):
    """About tags like any of `tags`, all without one; those like any of `exclusions` are kept and not counted.

    Kept are the `newest` so many, those pushed within `pushed_days`, and those pulled or pushed within `pulled_days`;
    with `signed` also what is signed. A pattern is a tag in which `*` stands for any characters, or a regular
    expression between two slashes, which matches whole tags.
    """

    tags: list[Word] = Field(default_factory=list)
    exclusions: list[Word] = Field(default_factory=list)
    newest: int | None = None
    pushed_days: int | None = None
    pulled_days: int | None = None
    signed: Flag = False

    def parsed(self) -> WideRule:
        return WideRule.parse(self.tags, self.exclusions, self.newest, self.pushed_days, self.pulled_days, self.signed)


class CreateRetentionPolicy(Body):
    """For repositories like `repositories`, named as within the organization. A tag that any rule keeps is kept.

    `untagged_days`: images that never had a tag go so many days after their push.
    """

    repositories: Word = "*"
    rules: list[WideRuleBody] = Field(default_factory=list)
    untagged_days: int | None = None
    description: Text = ""
    enabled: Flag = True

    def parsed(self) -> WidePolicy:
        rules = [one.parsed() for one in self.rules]
        return WidePolicy.parse(self.repositories, rules, self.untagged_days, self.description, self.enabled)


class ChangeRetentionPolicy(Body):
    """What is left out stays; 0 takes `untagged_days` away."""

    repositories: Word | None = None
    rules: list[WideRuleBody] | None = None
    untagged_days: int | None = None
    description: Text | None = None
    enabled: Flag | None = None

    def changed(self, was: WidePolicy) -> WidePolicy:
        days: Any = was.untagged_days if self.untagged_days is None else self.untagged_days or None
        return WidePolicy.parse(
            was.repositories if self.repositories is None else self.repositories,
            was.rules if self.rules is None else [one.parsed() for one in self.rules],
            days,
            was.description if self.description is None else self.description,
            was.is_enabled if self.enabled is None else self.enabled,
        )


class WideRuleRow(BaseModel):
    tags: list[str]
    exclusions: list[str]
    newest: int | None
    pushed_days: int | None
    pulled_days: int | None
    signed: bool


class RetentionPolicyRow(BaseModel):
    """`set_by`: who said at `updated` what the policy says; empty when that account is gone."""

    id: int
    repositories: str
    rules: list[WideRuleRow]
    untagged_days: int | None
    description: str
    enabled: bool
    set_by: str
    created: str
    updated: str


class RetentionPolicies(BaseModel):
    policies: list[RetentionPolicyRow]


async def create_retention_policy(
    call: TheCall, namespace: TheOrganization, body: CreateRetentionPolicy
) -> RetentionPolicyRow:
    """Have old tags deleted in repositories of an organization, at once and then once a day. For its managers."""
    return _shown(await wide_policies.create_wide_policy(call.rooms.upkeep, call.actor, namespace, body.parsed()))


async def list_retention_policies(call: TheCall, namespace: TheOrganization) -> RetentionPolicies:
    """The retention policies of an organization, the oldest first; those of its repositories are not among them."""
    found = await wide_policies.list_wide_policies(call.rooms.upkeep, call.actor, namespace)
    return RetentionPolicies(policies=[_shown(one) for one in found])


async def show_retention_policy(call: TheCall, namespace: TheOrganization, policy: ThePolicy) -> RetentionPolicyRow:
    """One policy."""
    return _shown(await wide_policies.show_wide_policy(call.rooms.upkeep, call.actor, namespace, policy))


async def update_retention_policy(
    call: TheCall, namespace: TheOrganization, policy: ThePolicy, body: ChangeRetentionPolicy
) -> RetentionPolicyRow:
    """Change what is given of a policy, and carry it out at once; disabled, it does nothing."""
    upkeep = call.rooms.upkeep
    was = await wide_policies.show_wide_policy(upkeep, call.actor, namespace, policy)
    changed = body.changed(was.policy)
    return _shown(await wide_policies.change_wide_policy(upkeep, call.actor, namespace, policy, changed))


async def delete_retention_policy(call: TheCall, namespace: TheOrganization, policy: ThePolicy) -> None:
    """Delete a policy; what it deleted stays in the history."""
    await wide_policies.delete_wide_policy(call.rooms.upkeep, call.actor, namespace, policy)


def _shown(one: Kept) -> RetentionPolicyRow:
    return RetentionPolicyRow(
        id=one.id,
        set_by=one.set_by,
        created=rfc3339(one.created_at),
        updated=rfc3339(one.updated_at),
        **one.policy.document,
    )
