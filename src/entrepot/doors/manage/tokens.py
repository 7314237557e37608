"""Personal tokens, which people make for their own tools. The contract has none."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from entrepot.access.levels import Level
from entrepot.accounts import personal_tokens
from entrepot.accounts.personal_tokens import PersonalToken, parse_bound
from entrepot.doors.manage.call import TheCall, TheToken
from entrepot.doors.manage.fields import Body, Moment, Number, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.values.names import TokenName, UserName

Whose = Annotated[Word | None, Query(description="Whose tokens, for administrators; without it your own.")]


class TokenBound(Body):
    """Up to a level on `*`, which is everything, on an organization, a repository or a pattern as `acme/team-*`."""

    scope: Word
    auth: Annotated[Number, Field(description="7 manage, 3 edit, 1 read")]


class CreateToken(Body):
    """Without `bounds` it reaches as far as you, without `expires_at` it has no end."""

    name: Word
    bounds: list[TokenBound] | None = None
    expires_at: Moment | None = None


class Token(BaseModel):
    id: str
    name: str
    bounds: list[TokenBound] | None = None
    created_at: str
    expires_at: str | None = None
    last_used_at: str | None = None


class TokenWithSecret(Token):
    """`secret` is shown this once."""

    secret: str


class Tokens(BaseModel):
    tokens: list[Token]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


async def create_token(call: TheCall, body: CreateToken) -> TokenWithSecret:
    """Create a token for your own tools. Its secret is shown this once.

    It works as your password for docker login, and as `Authorization: Bearer` here.
    """
    name = TokenName.parse(body.name)
    bounds = None if body.bounds is None else [parse_bound(one.scope, Level.parse(one.auth)) for one in body.bounds]
    made = await personal_tokens.create_token(call.accounts, call.actor, name, bounds, body.expires_at)
    return TokenWithSecret(**_token(made.token).model_dump(), secret=made.secret)


async def list_tokens(
    call: TheCall, limit: WordParameter = None, marker: WordParameter = None, user: Whose = None
) -> Tokens:
    """Personal tokens by name, those after `marker`."""
    count = parse_limit(limit)
    whose = None if user is None else UserName.parse(user)
    found = await personal_tokens.list_tokens(call.accounts, call.actor, marker or "", count + 1, whose)
    rows = [_token(one) for one in found[:count]]
    return Tokens(tokens=rows, nextMarker=rows[-1].name if len(found) > count else None)


async def delete_token(call: TheCall, token: TheToken, user: Whose = None) -> None:
    """Delete a personal token; it stops working at once."""
    whose = None if user is None else UserName.parse(user)
    await personal_tokens.delete_token(call.accounts, call.actor, token, whose)


def _token(one: PersonalToken) -> Token:
    bounds = None if one.bounds is None else [TokenBound(scope=each.scope, auth=each.level) for each in one.bounds]
    return Token(
        id=one.id,
        name=one.name,
        bounds=bounds,
        created_at=rfc3339(one.created_at),
        expires_at=rfc3339_or_none(one.expires_at),
        last_used_at=rfc3339_or_none(one.last_used_at),
    )
