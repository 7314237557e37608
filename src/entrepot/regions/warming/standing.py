"""Standing: how warm-ups are, by region and node, for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.accounts.operators import is_operator
from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader
from entrepot.regions.room import Regions
from entrepot.regions.warming import queries
from entrepot.regions.warming.asking import existing
from entrepot.regions.warming.rules import WarmState, state_of
from entrepot.registry.rules import page
from entrepot.values.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class NodePart:
    """How far one node is. `next_at`: when it is told to try again; None: it has ended, or is at it.

    `error`: what broke off last, in the node's words.
    """

    node: str
    region: str
    state: WarmState
    bytes_done: int
    bytes_total: int
    attempts: int
    error: str
    changed_at: datetime
    next_at: datetime | None
    ended_at: datetime | None

    @property
    def percent(self) -> int | None:
        """None while it is not known how much there is."""
        return _percent(self.state, self.bytes_done, self.bytes_total)


@dataclass(frozen=True, slots=True)
class RegionPart:
    """All nodes of one region."""

    region: str
    state: WarmState
    nodes: Sequence[NodePart]

    @property
    def bytes_done(self) -> int:
        return sum(one.bytes_done for one in self.nodes)

    @property
    def bytes_total(self) -> int:
        return sum(one.bytes_total for one in self.nodes)

    @property
    def percent(self) -> int | None:
        return _percent(self.state, self.bytes_done, self.bytes_total)


@dataclass(frozen=True, slots=True)
class Warmup:
    """`reference`: as it was asked for; `digest`: what that named. `copies`: nodes of each region; None: all.

    `rule`: which one wants it; empty: somebody asked, `creator_name`.
    """

    id: int
    path: str
    reference: str
    digest: str
    platforms: Sequence[str]
    copies: int | None
    rule: str
    creator_id: str
    creator_name: str
    created_at: datetime
    ended_at: datetime | None
    state: WarmState
    regions: Sequence[RegionPart]

    @property
    def image(self) -> str:
        """As people write it."""
        return f"{self.path}{'@' if ':' in self.reference else ':'}{self.reference}"

    @property
    def bytes_done(self) -> int:
        return sum(one.bytes_done for one in self.regions)

    @property
    def bytes_total(self) -> int:
        return sum(one.bytes_total for one in self.regions)

    @property
    def percent(self) -> int | None:
        return _percent(self.state, self.bytes_done, self.bytes_total)


@dataclass(frozen=True, slots=True)
class WarmupPage:
    """`after`: where to go on; None at the end."""

    items: Sequence[Warmup]
    after: int | None


async def show_warmup(regions: Regions, actor: Actor, warmup_id: int) -> Warmup:
    """Whoever may pull from its repository may see it. Raises Unauthenticated or RuleUnknown."""
    async with regions.db.reading() as tx:
        row = await existing(tx, actor, Action.REPOSITORY_PULL, warmup_id)
        return (await _shown(tx, [row], regions.clock.now()))[0]


async def list_warmups(regions: Regions, actor: Actor, before: int | None, limit: int) -> WarmupPage:
    """Those of repositories that the actor may pull from, and for operators all; the newest first, from below the
    number `before`. Raises Unauthenticated.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    async with regions.db.reading() as tx:
        readable_by = None if await is_operator(tx, actor) else actor
        rows, has_more = page(await queries.warmups(tx, before, limit + 1, readable_by), limit)
        items = await _shown(tx, rows, regions.clock.now())
    return WarmupPage(items, rows[-1].id if has_more else None)


async def _shown(tx: Reader, rows: Sequence[Row[Any]], now: datetime) -> Sequence[Warmup]:
    if not rows:
        return []
    people = await names_of(tx, [row.creator_id for row in rows])
    parts: dict[int, dict[str, list[NodePart]]] = {row.id: {} for row in rows}
    for one in await queries.nodes_of(tx, list(parts)):
        parts[one.warmup_id].setdefault(one.region, []).append(_part(one, now))
    return [_warmup(row, parts[row.id], people.get(row.creator_id, "")) for row in rows]


def _warmup(row: Row[Any], parts: dict[str, list[NodePart]], creator_name: str) -> Warmup:
    is_cancelled = row.cancelled_at is not None
    regions = [
        RegionPart(region, state_of({one.state for one in nodes}, False), nodes) for region, nodes in parts.items()
    ]
    return Warmup(
        row.id,
        row.path,
        row.reference,
        row.digest,
        row.platforms,
        row.copies,
        row.rule,
        row.creator_id,
        creator_name,
        row.created_at,
        row.ended_at,
        state_of({one.state for one in regions}, is_cancelled),
        regions,
    )


def _part(row: Row[Any], now: datetime) -> NodePart:
    return NodePart(
        row.name,
        row.region,
        WarmState(row.state),
        row.bytes_done,
        row.bytes_total,
        row.attempts,
        row.error,
        row.changed_at,
        row.next_at if row.next_at is not None and row.next_at > now else None,
        row.ended_at,
    )


def _percent(state: WarmState, done: int, total: int) -> int | None:
    if state is WarmState.DONE:
        return 100
    return 100 * done // total if total else None
