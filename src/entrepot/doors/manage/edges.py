"""Edges, which are the nodes of regions, and which of them serves whom. For operators; the contract knows none."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Body, Flag, Word
from entrepot.plumbing.clock import rfc3339
from entrepot.regions import edges
from entrepot.regions.edges import Edge
from entrepot.regions.explaining import explain_choice
from entrepot.regions.scheduling import RegionStep, Step
from entrepot.regions.telling import sentence_of, summary_of, verdict_of


async def _edge(edge: Annotated[str, Path(description="An edge's name.", max_length=64)]) -> str:
    return edge


TheEdge = Annotated[str, Depends(_edge)]


class UpdateEdge(Body):
    is_draining: Annotated[
        Flag, Field(description="true: it is sent no more clients, and serves those who are there; false: it is again.")
    ]


class EdgeRow(BaseModel):
    """A node of a region. `state`: `ready`, `draining`, or `lost`: it did not report when it should have.

    `only`: what it may hold; absent: everything. `is_distrusted`: clients had no luck there, so it is sent nobody for a
    while by the process that answers. `streams`: clients it is sending blobs to. `round_trip_ms`: from it to here.
    """

    name: str
    region: str
    url: str
    state: str
    is_draining: bool
    is_distrusted: bool
    only: list[str] | None = None
    version: str
    capacity_bytes: int
    held_bytes: int
    free_bytes: int
    streams: int
    round_trip_ms: float | None = None
    joined_at: str
    seen_at: str


class Edges(BaseModel):
    edges: list[EdgeRow]


class RankedRegion(BaseModel):
    """`region`: empty: the center. `km` and `ms`: how far it is, where that is known."""

    region: str
    km: float | None = None
    ms: float | None = None


class WeighedNode(BaseModel):
    """`holds`: it has the blob, as far as is known. `verdict`: `chosen`, or why not; `because`: in words."""

    name: str
    state: str
    streams: int
    holds: bool
    verdict: str
    because: str


class ExplainedStep(BaseModel):
    """A rule that was looked at (`rule`), or a region that was asked for a node (`region`; empty: the center).

    `ranked`: who is asked in which order, where the rule decides.
    """

    kind: str
    because: str
    rule: str | None = None
    decides: bool | None = None
    network: str | None = None
    location: str | None = None
    ranked: list[RankedRegion] | None = None
    region: str | None = None
    nodes: list[WeighedNode] | None = None


class ExplainedChoice(BaseModel):
    """`node`: absent: the center itself serves. `rule`: which one decided."""

    client: str
    because: str
    rule: str
    region: str
    node: str | None = None
    url: str | None = None
    location: str | None = None
    steps: list[ExplainedStep]


async def list_edges(call: TheCall) -> Edges:
    """All edges by name, with how each is."""
    return Edges(edges=[_row(one) for one in await edges.list_edges(call.rooms.regions, call.actor)])


async def show_edge(call: TheCall, edge: TheEdge) -> EdgeRow:
    """One edge."""
    return _row(await edges.show_edge(call.rooms.regions, call.actor, edge))


async def update_edge(call: TheCall, edge: TheEdge, body: UpdateEdge) -> EdgeRow:
    """Drain an edge: it is sent no more clients, and serves those who are there to the end. Or let it serve again."""
    change = edges.drain_edge if body.is_draining else edges.resume_edge
    return _row(await change(call.rooms.regions, call.actor, edge))


async def delete_edge(call: TheCall, edge: TheEdge) -> None:
    """Forget an edge: it may ask for nothing more, until it joins with a new token. What it keeps stays there."""
    await edges.delete_edge(call.rooms.regions, call.actor, edge)


async def explain_scheduling(
    call: TheCall,
    client: Annotated[Word, Query(description="Address of a client.")],
    digest: Annotated[Word, Query(description="Digest of a blob; without one, of a blob that no node has.")] = "",
) -> ExplainedChoice:
    """Which node would serve a client a blob, or that the center would, and why."""
    choice = await explain_choice(call.rooms.regions, call.actor, client, digest)
    node, location = choice.node, choice.asked.location
    return ExplainedChoice(
        client=str(choice.asked.address),
        because=summary_of(choice),
        rule=choice.rule,
        region="" if node is None else node.region,
        node=None if node is None else node.name,
        url=None if node is None else node.url,
        location=None if location is None else str(location),
        steps=[_step(one) for one in choice.steps],
    )


def _row(edge: Edge) -> EdgeRow:
    node = edge.node
    return EdgeRow(
        name=node.name,
        region=node.region,
        url=node.url,
        state=node.state,
        is_draining=edge.is_draining,
        is_distrusted=edge.is_distrusted,
        only=None if edge.patterns is None else list(edge.patterns),
        version=node.version,
        capacity_bytes=node.capacity_bytes,
        held_bytes=node.held_bytes,
        free_bytes=node.free_bytes,
        streams=node.streams,
        round_trip_ms=_rounded(node.round_trip_ms),
        joined_at=rfc3339(node.joined_at),
        seen_at=rfc3339(node.seen_at),
    )


def _step(step: Step) -> ExplainedStep:
    fields: dict[str, Any]
    if isinstance(step, RegionStep):
        weighed = [
            WeighedNode(
                name=one.node.name,
                state=one.node.state,
                streams=one.node.streams,
                holds=one.holds,
                verdict=one.verdict,
                because=verdict_of(one.verdict),
            )
            for one in step.weighed
        ]
        fields = {"kind": "region", "region": step.region, "nodes": weighed}
    else:
        ranked = [RankedRegion(region=one.region, km=_rounded(one.km), ms=_rounded(one.ms)) for one in step.ranked]
        fields = {"kind": "rule", "rule": step.rule, "decides": step.decides, "ranked": ranked}
        fields |= {"network": step.network or None, "location": str(step.location) if step.location else None}
    return ExplainedStep(because=sentence_of(step), **fields)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
