"""Tokens for edges: with one, any number of edges may join a region until it ends. Operators make them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.scopes import parse_scope
from entrepot.accounts.operators import require_operator
from entrepot.accounts.secrets import hash_of, secret_with
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.mirror.queries.sync import region_by_name
from entrepot.mirror.regions import unknown as unknown_region
from entrepot.plumbing.clock import rfc3339
from entrepot.plumbing.ids import new_id
from entrepot.regions import queries
from entrepot.regions.events import EdgeTokenCreated, EdgeTokenDeleted
from entrepot.regions.room import Regions
from entrepot.values.errors import ParameterInvalid, RuleUnknown, TooMany, worded
from entrepot.values.names import RegionName

TOKEN_PREFIX: Final = "ejt_"  # noqa: S105  # what a secret begins with
_SECONDS_MIN: Final = 60
_SECONDS_MAX: Final = 365 * 86_400
_TOKENS_MAX: Final = 100
_PATTERNS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class EdgeToken:
    """`patterns`: scopes of what the edges may hold, as `acme/*`; None: everything."""

    id: str
    region: str
    patterns: Sequence[str] | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class EdgeTokenWithSecret:
    """A token and its secret, which nobody can ask for again."""

    token: EdgeToken
    secret: str


async def create_edge_token(
    regions: Regions,
    actor: Actor,
    region: RegionName,
    seconds: int = 86_400,
    patterns: Sequence[str] | None = None,
) -> EdgeTokenWithSecret:
    """A token for edges of a region, valid for `seconds`. Only operators may.

    Raises Unauthenticated, AccessDenied, RuleUnknown, NameInvalid, ParameterInvalid or TooMany.
    """
    if not _SECONDS_MIN <= seconds <= _SECONDS_MAX:
        raise ParameterInvalid(
            worded(
                "A token for edges is valid for {least} to {most} seconds, not {seconds}.",
                least=_SECONDS_MIN,
                most=_SECONDS_MAX,
                seconds=seconds,
            ),
            field="expires",
        )
    held = None if patterns is None else [str(parse_scope(one)) for one in patterns]
    if held is not None and not 1 <= len(held) <= _PATTERNS_MAX:
        raise ParameterInvalid(
            worded("What edges may hold is said by 1 to {limit} patterns.", limit=_PATTERNS_MAX), field="only"
        )
    async with regions.db.writing() as tx:
        await require_operator(tx, actor)
        if await region_by_name(tx, region) is None:
            raise unknown_region(region)
        await queries.forget_ended_tokens(tx)
        if len(await queries.tokens_of(tx, region, _TOKENS_MAX)) >= _TOKENS_MAX:
            raise TooMany(
                worded("A region has at most {limit} tokens for edges; delete some.", limit=_TOKENS_MAX),
                limit=_TOKENS_MAX,
            )
        now, secret = regions.clock.now(), secret_with(TOKEN_PREFIX)
        made = EdgeToken(new_id(), region, held, now, now + timedelta(seconds=seconds))
        row = {
            "id": made.id,
            "region": region,
            "hash": hash_of(secret),
            "patterns": held,
            "creator_id": actor.id,
            "created_at": now,
            "expires_at": made.expires_at,
        }
        await queries.save_token(tx, row)
        created = EdgeTokenCreated(region, made.id, rfc3339(made.expires_at), held)
        await publish(tx, created, actor=actor.subject, at=now)
    return EdgeTokenWithSecret(made, secret)


async def list_edge_tokens(regions: Regions, actor: Actor, region: RegionName) -> Sequence[EdgeToken]:
    """Those of a region that have not ended, the newest first. Only operators may.

    Raises Unauthenticated, AccessDenied or RuleUnknown.
    """
    async with regions.db.reading() as tx:
        await require_operator(tx, actor)
        if await region_by_name(tx, region) is None:
            raise unknown_region(region)
        return [_token(row) for row in await queries.tokens_of(tx, region, _TOKENS_MAX)]


async def delete_edge_token(regions: Regions, actor: Actor, region: RegionName, token_id: str) -> None:
    """No further edge joins with it; those that did stay. Only operators may.

    Raises Unauthenticated, AccessDenied or RuleUnknown.
    """
    async with regions.db.writing() as tx:
        await require_operator(tx, actor)
        found = await _of(tx, region, token_id)
        await queries.delete_token(tx, region, token_id)
        deleted = EdgeTokenDeleted(region, {"token": token_id, "expires_at": rfc3339(found.expires_at)})
        await publish(tx, deleted, actor=actor.subject, at=regions.clock.now())


async def _of(tx: Reader, region: str, token_id: str) -> EdgeToken:
    for row in await queries.tokens_of(tx, region, _TOKENS_MAX):
        if row.id == token_id:
            return _token(row)
    raise RuleUnknown(
        worded("The region {region} has no token {token} for edges.", region=region, token=token_id[:40]),
        kind="edge-token-unknown",
    )


def _token(row: Row[Any]) -> EdgeToken:
    return EdgeToken(row.id, row.region, row.patterns, row.created_at, row.expires_at)
