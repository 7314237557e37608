"""Warm-ups: images come to nodes of regions before anybody pulls them there; and rules by which they do."""

from typing import Annotated

from fastapi import Depends, Path
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Body, Number, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit, parse_marker, parse_row_number
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.regions.warming import asking, by_rule, standing
from entrepot.regions.warming.by_rule import ShownRule
from entrepot.regions.warming.rules import WarmRule, WarmState, Wish
from entrepot.regions.warming.standing import NodePart, RegionPart, Warmup
from entrepot.values.names import WarmRuleName
from entrepot.values.reference import ImageReference, parse_reference


async def _number(warmup: Annotated[str, Path(description="A warm-up's number.")]) -> int:
    return parse_row_number("warmup", warmup)


async def _name(warm_rule: Annotated[str, Path(description="A rule's name.")]) -> WarmRuleName:
    return WarmRuleName.parse(warm_rule)


TheWarmup = Annotated[int, Depends(_number)]
TheWarmRule = Annotated[WarmRuleName, Depends(_name)]

_Regions = Annotated[list[Word], Field(description="The regions whose nodes get it.")]
_Platforms = Annotated[
    list[Word], Field(description="Of an image for several platforms only these, as `linux/arm64`; without one, all.")
]
_Copies = Annotated[Number | None, Field(description="How many nodes of each region get it; absent: all.")]


class CreateWarmup(Body):
    image: Annotated[Word, Field(description="As `acme/web:1.4.2` or `acme/web@sha256:…`; `latest` without both.")]
    regions: _Regions
    platforms: _Platforms = Field(default_factory=list)
    copies: _Copies = None


class CreateWarmRule(Body):
    """What is pushed from then on is warmed up."""

    name: Word
    scopes: Annotated[list[Word], Field(description="Repositories, as `acme/*`; `*` stands for anything.")]
    tags: Annotated[list[Word], Field(description="Tags like any of these, as `v*`; without one, all.")] = Field(
        default_factory=list
    )
    regions: _Regions
    platforms: _Platforms = Field(default_factory=list)
    copies: _Copies = None


class WarmupNode(BaseModel):
    """`bytes_total`: 0 until the node knows what belongs to the image. `error`: what broke off last. `next_at`: when it
    tries again; absent: it has ended, or is at it.
    """

    node: str
    state: WarmState
    bytes_done: int
    bytes_total: int
    attempts: int
    error: str
    updated_at: str
    next_at: str | None = None
    ended_at: str | None = None


class WarmupRegion(BaseModel):
    region: str
    state: WarmState
    bytes_done: int
    bytes_total: int
    nodes: list[WarmupNode]


class WarmupDetail(BaseModel):
    """`digest`: what the image was when it was asked for. `copies`: absent: all nodes. `rule`: the name of the one that
    began it; empty: none. `ended_at`: when no node was left to.
    """

    id: int
    image: str
    digest: str
    platforms: list[str]
    copies: int | None = None
    rule: str
    state: WarmState
    bytes_done: int
    bytes_total: int
    creator_name: str
    created_at: str
    ended_at: str | None = None
    regions: list[WarmupRegion]


class Warmups(BaseModel):
    warmups: list[WarmupDetail]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class WarmRuleDetail(BaseModel):
    name: str
    scopes: list[str]
    tags: list[str]
    regions: list[str]
    platforms: list[str]
    copies: int | None = None
    creator_name: str
    created_at: str


class WarmRules(BaseModel):
    rules: list[WarmRuleDetail]


async def create_warmup(call: TheCall, body: CreateWarmup) -> WarmupDetail:
    """Let nodes of regions fetch an image before anybody pulls it there. For those who may edit its repository, and for
    operators.
    """
    regions, image = call.rooms.regions, ImageReference.parse(body.image)
    wish = Wish.parse(body.regions, body.platforms, body.copies)
    reference = image.reference or parse_reference("latest")
    number = await asking.start_warmup(regions, call.actor, image.name, reference, wish)
    return _detail(await standing.show_warmup(regions, call.actor, number))


async def list_warmups(call: TheCall, limit: WordParameter = None, marker: WordParameter = None) -> Warmups:
    """Warm-ups of repositories that may be pulled from, the newest first; for operators all."""
    before = parse_marker(marker) or None
    page = await standing.list_warmups(call.rooms.regions, call.actor, before, parse_limit(limit))
    following = None if page.after is None else str(page.after)
    return Warmups(warmups=[_detail(one) for one in page.items], nextMarker=following)


async def show_warmup(call: TheCall, warmup: TheWarmup) -> WarmupDetail:
    """How far a warm-up is, by region and node. For those who may pull from its repository."""
    return _detail(await standing.show_warmup(call.rooms.regions, call.actor, warmup))


async def cancel_warmup(call: TheCall, warmup: TheWarmup) -> None:
    """Call a warm-up off; what nodes have of it stays until they need the room."""
    await asking.cancel_warmup(call.rooms.regions, call.actor, warmup)


async def create_warm_rule(call: TheCall, body: CreateWarmRule) -> WarmRuleDetail:
    """Have what is pushed come to nodes of regions by itself. Operators may."""
    rule = WarmRule.parse(body.scopes, body.tags, Wish.parse(body.regions, body.platforms, body.copies))
    return _rule(await by_rule.create_warm_rule(call.rooms.regions, call.actor, WarmRuleName.parse(body.name), rule))


async def list_warm_rules(call: TheCall) -> WarmRules:
    """Rules of warming up, by name. For operators."""
    return WarmRules(rules=[_rule(one) for one in await by_rule.list_warm_rules(call.rooms.regions, call.actor)])


async def delete_warm_rule(call: TheCall, warm_rule: TheWarmRule) -> None:
    """Forget a rule; warm-ups that it began go on. Operators may."""
    await by_rule.delete_warm_rule(call.rooms.regions, call.actor, warm_rule)


def _detail(one: Warmup) -> WarmupDetail:
    return WarmupDetail(
        id=one.id,
        image=one.image,
        digest=one.digest,
        platforms=list(one.platforms),
        copies=one.copies,
        rule=one.rule,
        state=one.state,
        bytes_done=one.bytes_done,
        bytes_total=one.bytes_total,
        creator_name=one.creator_name,
        created_at=rfc3339(one.created_at),
        ended_at=rfc3339_or_none(one.ended_at),
        regions=[_region(part) for part in one.regions],
    )


def _region(part: RegionPart) -> WarmupRegion:
    return WarmupRegion(
        region=part.region,
        state=part.state,
        bytes_done=part.bytes_done,
        bytes_total=part.bytes_total,
        nodes=[_node(one) for one in part.nodes],
    )


def _node(one: NodePart) -> WarmupNode:
    return WarmupNode(
        node=one.node,
        state=one.state,
        bytes_done=one.bytes_done,
        bytes_total=one.bytes_total,
        attempts=one.attempts,
        error=one.error,
        updated_at=rfc3339(one.changed_at),
        next_at=rfc3339_or_none(one.next_at),
        ended_at=rfc3339_or_none(one.ended_at),
    )


def _rule(one: ShownRule) -> WarmRuleDetail:
    document = one.rule.document
    return WarmRuleDetail(name=one.name, **document, creator_name=one.creator_name, created_at=rfc3339(one.created_at))
