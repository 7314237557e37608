"""Tokens with which edges join a region. For operators."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Body, Word
from entrepot.doors.manage.sync import TheRegion
from entrepot.plumbing.clock import rfc3339
from entrepot.regions import tokens
from entrepot.regions.tokens import EdgeToken

TheToken = Annotated[str, Path(alias="edge_token", description="The id of a token for edges.", max_length=64)]


class NewEdgeToken(Body):
    expires_seconds: Annotated[int, Field(description="How long edges may join with it.")] = 86_400
    only: Annotated[
        list[Word] | None, Field(description="What they may hold: `acme`, `acme/app` or `acme/team-*`.")
    ] = None


class EdgeTokenRow(BaseModel):
    """`only`: what the edges may hold; null: everything."""

    id: str
    region: str
    only: list[str] | None
    created_at: str
    expires_at: str


class EdgeTokenMade(EdgeTokenRow):
    """`token`: shown this once."""

    token: str


class EdgeTokens(BaseModel):
    tokens: list[EdgeTokenRow]


async def create_edge_token(call: TheCall, region: TheRegion, body: NewEdgeToken) -> EdgeTokenMade:
    """Make a token with which edges join a region; its secret is shown this once."""
    made = await tokens.create_edge_token(call.rooms.regions, call.actor, region, body.expires_seconds, body.only)
    return EdgeTokenMade(token=made.secret, **_fields(made.token))


async def list_edge_tokens(call: TheCall, region: TheRegion) -> EdgeTokens:
    """The tokens with which edges may still join a region, the newest first."""
    found = await tokens.list_edge_tokens(call.rooms.regions, call.actor, region)
    return EdgeTokens(tokens=[EdgeTokenRow(**_fields(one)) for one in found])


async def delete_edge_token(call: TheCall, region: TheRegion, token: TheToken) -> None:
    """Let no further edge join with a token; those that did stay."""
    await tokens.delete_edge_token(call.rooms.regions, call.actor, region, token)


def _fields(one: EdgeToken) -> dict[str, object]:
    return {
        "id": one.id,
        "region": one.region,
        "only": None if one.patterns is None else list(one.patterns),
        "created_at": rfc3339(one.created_at),
        "expires_at": rfc3339(one.expires_at),
    }
