"""Reports: edges say again and again how they are, and hear what holds for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row

from entrepot.accounts.house_tokens import issue_house_token
from entrepot.accounts.secrets import hash_of
from entrepot.db.transaction import Reader
from entrepot.regions import queries
from entrepot.regions.joining import check_edge_url
from entrepot.regions.nodes import reach_of
from entrepot.regions.presence import is_presence
from entrepot.regions.room import Regions
from entrepot.regions.warming.orders import Warmed, WarmOrder, follow_warming
from entrepot.values.errors import ParameterInvalid, Unauthenticated, worded

_VERSION_CHARS_MAX: Final = 64
_EVERYTHING: Final = ("*",)


@dataclass(frozen=True, slots=True)
class Report:
    """How an edge is. `streams`: clients it is sending blobs to; `round_trip_ms`: from it to here, as it measured."""

    url: str
    version: str
    capacity_bytes: int
    held_bytes: int
    free_bytes: int
    streams: int
    round_trip_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """What holds for an edge.

    `token`: with it the edge pulls from here, for `token_seconds`. `keys`: public keys (PEM) by id, of tokens that are
    signed here, for `service`. `now`: by the clock here, seconds since the epoch. For `decision_seconds` the edge goes
    by what it was told about a client, and for `offline_seconds` when it cannot ask.
    """

    token: str
    token_seconds: int
    service: str
    keys: Mapping[str, str]
    now: float
    is_draining: bool
    report_seconds: float
    decision_seconds: int
    offline_seconds: int
    wanted: Sequence[str] = field(default=())
    """Addresses of clients that it is to measure its way to."""
    warm: Sequence[WarmOrder] = field(default=())
    """Images that it is to fetch before anybody pulls them."""


async def edge_of(tx: Reader, secret: str) -> Row[Any]:
    """The edge that shows this secret. Raises Unauthenticated for one that is not known any more."""
    found = await queries.edge_by_hash(tx, hash_of(secret))
    if found is None:
        raise Unauthenticated("This edge is not known here any more; it has to join again, with a new token.")
    return found


async def check_edge(regions: Regions, secret: str) -> None:
    """Pass for an edge that shows its secret. Raises Unauthenticated."""
    async with regions.db.reading() as tx:
        await edge_of(tx, secret)


async def report(
    regions: Regions,
    secret: str,
    said: Report,
    measures: Sequence[tuple[str, float]] = (),
    warmed: Sequence[Warmed] = (),
) -> Orders:
    """Write down how an edge is; what holds for it. `measures`: milliseconds to clients that it was to measure;
    `warmed`: how far it is with what it is to fetch.

    Raises Unauthenticated or ParameterInvalid.
    """
    url = check_edge_url(said.url)
    for name in ("capacity_bytes", "held_bytes", "free_bytes", "streams"):
        if not 0 <= getattr(said, name) < 1 << 62:
            raise ParameterInvalid(worded("{name} is a number of bytes or clients.", name=name), field=name)
    async with regions.db.writing() as tx:
        row = await edge_of(tx, secret)
        await queries.change_edge(
            tx,
            row.id,
            url=url,
            version=said.version[:_VERSION_CHARS_MAX],
            capacity_bytes=said.capacity_bytes,
            held_bytes=said.held_bytes,
            free_bytes=said.free_bytes,
            streams=said.streams,
            round_trip_ms=said.round_trip_ms,
            seen_at=regions.clock.now(),
            lost_at=None,
        )
        warm = await follow_warming(tx, row.id, warmed, regions.clock.now())
    regions.view.measured(row.region, measures)
    return await orders_for(regions, row, warm)


async def orders_for(regions: Regions, row: Row[Any], warm: Sequence[WarmOrder] = ()) -> Orders:
    """What holds for the edge of a row."""
    settings, accounts = regions.settings, regions.accounts
    patterns = patterns_of(row.patterns)
    token = await issue_house_token(accounts, subject_of(row.id), row.name, patterns, settings.pass_seconds)
    return Orders(
        token,
        settings.pass_seconds,
        accounts.settings.service,
        await accounts.keys.public(),
        regions.clock.now().timestamp(),
        row.is_draining,
        settings.report_seconds,
        settings.decision_seconds,
        settings.offline_seconds,
        regions.view.wanted(),
        warm,
    )


async def lose(regions: Regions, secret: str) -> None:
    """The connection broke over which an edge reported: nobody is sent to it until it reports again."""
    async with regions.db.writing() as tx:
        row = await queries.edge_by_hash(tx, hash_of(secret))
        if row is not None:
            await queries.set_lost(tx, row.id, row.seen_at)


async def keep_presence(regions: Regions, secret: str, bits: bytes) -> None:
    """Write down which blobs an edge has. Raises Unauthenticated, or ParameterInvalid for what is no filter."""
    if not is_presence(bits):
        raise ParameterInvalid("This is no filter of blobs: a power of two of bytes, 1 KiB to 4 MiB.")
    async with regions.db.writing() as tx:
        row = await edge_of(tx, secret)
        await queries.change_edge(tx, row.id, presence=bits, presence_at=regions.clock.now())


def subject_of(edge_id: str) -> str:
    """What an edge is called as an actor."""
    return f"edge:{edge_id}"


def patterns_of(scopes: Sequence[str] | None) -> Sequence[str]:
    """The patterns of repositories that an edge may hold which was given these scopes; None: everything."""
    return reach_of(scopes) or _EVERYTHING
