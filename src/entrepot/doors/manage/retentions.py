"""Retention policies (contract §9): which tags of a repository are deleted in time, and what was."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Response
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.doors.manage.fields import Body, Empty, Text, Word, WordParameter
from entrepot.doors.manage.paging import parse_filter, parse_window
from entrepot.plumbing.clock import rfc3339
from entrepot.upkeep import policies
from entrepot.upkeep.policies import Policy
from entrepot.upkeep.rules import Rule, check_policy
from entrepot.values.errors import RuleUnknown, quoted

_DIGITS_MAX: Final = 18


async def _number(retention_id: Annotated[str, Path(description="The number of a policy.")]) -> int:
    if len(retention_id) > _DIGITS_MAX or not retention_id.isascii() or not retention_id.isdigit():
        raise RuleUnknown(f"A retention policy has a number; {quoted(retention_id)} is none.", kind="retention-unknown")
    return int(retention_id)


TheRetention = Annotated[int, Depends(_number)]


class SelectorBody(Body):
    """Tags that a rule spares. `label`: this tag; `regexp`: those that the expression matches whole."""

    kind: Word
    pattern: Text


class RuleBody(Body):
    """`date_rule` keeps tags pushed within `days`; `tag_rule` keeps the newest `num`. Numbers are text."""

    template: Word
    params: Annotated[dict[Word, Any], Field(examples=[{"days": "30"}])]
    tag_selectors: list[SelectorBody]


class RetentionBody(Body):
    algorithm: Annotated[Word, Field(description="`or`: a tag that any rule keeps is kept.")]
    rules: list[RuleBody]

    def parsed(self) -> Sequence[Rule]:
        rules = [
            Rule.parse(one.template, one.params, [(selector.kind, selector.pattern) for selector in one.tag_selectors])
            for one in self.rules
        ]
        check_policy(self.algorithm, rules)
        return rules


class Selector(BaseModel):
    kind: str
    pattern: str


class RetentionRule(BaseModel):
    template: str
    params: dict[str, str]
    tag_selectors: list[Selector]


class Retention(BaseModel):
    algorithm: str = "or"
    id: int
    rules: list[RetentionRule]
    scope: str = ""


class RetentionId(BaseModel):
    id: int


class DeletedTag(BaseModel):
    """`rule_type`: the rule that deleted the tag, as JSON text."""

    id: int
    namespace: str
    repo: str
    retention_id: int
    rule_type: str
    tag: str
    created_at: str


class Histories(BaseModel):
    retention_log: list[DeletedTag]
    total: int


async def create_retention(call: TheCall, repository: TheRepository, body: RetentionBody) -> RetentionId:
    """Give a repository a retention policy; it can have one."""
    return RetentionId(id=await policies.create_policy(call.rooms.upkeep, call.actor, repository, body.parsed()))


async def list_retentions(call: TheCall, repository: TheRepository) -> list[Retention]:
    """The retention policy of a repository, if it has one."""
    return [_retention(one) for one in await policies.list_policies(call.rooms.upkeep, call.actor, repository)]


async def show_retention(call: TheCall, repository: TheRepository, retention_id: TheRetention) -> Retention:
    """One retention policy."""
    return _retention(await policies.show_policy(call.rooms.upkeep, call.actor, repository, retention_id))


async def update_retention(
    call: TheCall, repository: TheRepository, retention_id: TheRetention, body: RetentionBody
) -> Empty:
    """Give a retention policy other numbers and exceptions; its templates stay."""
    await policies.change_policy(call.rooms.upkeep, call.actor, repository, retention_id, body.parsed())
    return Empty()


async def delete_retention(call: TheCall, repository: TheRepository, retention_id: TheRetention) -> Empty:
    """Delete a retention policy; what it deleted stays in the history."""
    await policies.delete_policy(call.rooms.upkeep, call.actor, repository, retention_id)
    return Empty()


async def list_retention_histories(
    call: TheCall,
    response: Response,
    repository: TheRepository,
    limit: WordParameter = None,
    offset: WordParameter = None,
    filter: Annotated[Word | None, Query(description="`limit::{n}|offset::{n}`")] = None,  # noqa: A002
) -> Histories:
    """A page of the tags that retention deleted from a repository, the newest first."""
    given = {"limit": limit, "offset": offset} | parse_filter(filter, ("limit", "offset"))
    window = parse_window(given["limit"], given["offset"])
    found, total = await policies.list_deletions(call.rooms.upkeep, call.actor, repository, window.offset, window.limit)
    response.headers["Content-Range"] = window.content_range(len(found), total)
    rows = [
        DeletedTag(
            id=one.id,
            namespace=repository.organization,
            repo=repository.name,
            retention_id=one.policy_id,
            rule_type=json.dumps(one.rule),
            tag=one.tag,
            created_at=rfc3339(one.deleted_at),
        )
        for one in found
    ]
    return Histories(retention_log=rows, total=total)


def _retention(policy: Policy) -> Retention:
    return Retention(id=policy.id, rules=[RetentionRule.model_validate(rule.document) for rule in policy.rules])
