"""Personal tokens: secrets that people make for their own tools, each for a purpose and until an end.

One works as the password of its user (docker login) and as a bearer token of the management API. It
reaches what its user does, within the bounds it was made with, and makes no other tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor, Bound
from entrepot.access.check import require_admin, require_person
from entrepot.access.levels import Level
from entrepot.access.patterns import is_pattern
from entrepot.access.scopes import parse_scope
from entrepot.accounts import rules
from entrepot.accounts.actors import FIRST_DOMAIN, actor_of, is_usable
from entrepot.accounts.events import TokenCreated, TokenDeleted
from entrepot.accounts.queries import people
from entrepot.accounts.queries import personal_tokens as queries
from entrepot.accounts.room import Accounts
from entrepot.accounts.rules import Right
from entrepot.accounts.secrets import hash_of, secret_with
from entrepot.accounts.tables import personal_token
from entrepot.accounts.users import find_user
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.plumbing.clock import rfc3339_or_none
from entrepot.plumbing.ids import new_id
from entrepot.values.errors import AccessDenied, TokenExists, TokenUnknown, TooMany, Unauthenticated, worded
from entrepot.values.names import TokenName, UserName

PREFIX: Final = "ept_"
EVERYTHING: Final = "*"
_CREDENTIAL: Final = "token:"


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """`bounds` None: it reaches as far as its user."""

    id: str
    name: TokenName
    bounds: Sequence[Right] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class WithSecret:
    """A token and its secret, which nobody can ask for again."""

    token: PersonalToken
    secret: str


def parse_bound(scope: str, level: Level) -> Right:
    """Up to `level` on `*`, which is everything, or on a scope of grants. Raises NameInvalid or ParameterInvalid."""
    return Right(EVERYTHING if scope == EVERYTHING else parse_scope(scope), level)


async def create_token(
    accounts: Accounts,
    actor: Actor,
    name: TokenName,
    bounds: Sequence[Right] | None = None,
    expires_at: datetime | None = None,
) -> WithSecret:
    """A new token of the actor's own.

    Raises Unauthenticated, AccessDenied (for whoever signed in with a token), ParameterInvalid, TokenExists or TooMany.
    """
    require_sign_in(actor)
    if bounds is not None:
        rules.check_rights(bounds)
    now = accounts.clock.now()
    rules.check_end(expires_at, now)
    secret, token_id, said = secret_with(PREFIX), new_id(), None if bounds is None else rules.said(bounds)

    async with accounts.db.writing() as tx:
        await tx.lock(f"tokens:{actor.id}")
        if await queries.token_by_name(tx, actor.id, name):
            raise TokenExists(worded("You have a token named {name} already.", name=name))
        if await queries.tokens_count(tx, actor.id) >= rules.TOKENS_MAX:
            raise TooMany(
                worded("You have {tokens_max} tokens; delete some first.", tokens_max=rules.TOKENS_MAX),
                limit=rules.TOKENS_MAX,
            )
        await queries.save_token(tx, token_id, actor.id, name, hash_of(secret), said, now, expires_at)
        made = TokenCreated(name, token_id, actor.id, said, rfc3339_or_none(expires_at))
        await publish(tx, made, actor=actor.subject, at=now)
    return WithSecret(PersonalToken(token_id, name, bounds, now, expires_at, None), secret)


async def list_tokens(
    accounts: Accounts, actor: Actor, after: str, limit: int, user: UserName | None = None
) -> Sequence[PersonalToken]:
    """The actor's own tokens by name, or for administrators those of a user of their domain.

    Raises Unauthenticated, AccessDenied or UserUnknown.
    """
    async with accounts.db.reading() as tx:
        user_id = await _whose(tx, actor, user)
        return [_token(row) for row in await queries.tokens_of(tx, user_id, after, limit)]


async def delete_token(accounts: Accounts, actor: Actor, name: TokenName, user: UserName | None = None) -> None:
    """End a token of the actor's own at once, or for administrators one of a user of their domain.

    Raises Unauthenticated, AccessDenied, UserUnknown or TokenUnknown.
    """
    async with accounts.db.writing() as tx:
        user_id = await _whose(tx, actor, user)
        row = await queries.token_by_name(tx, user_id, name)
        if row is None:
            raise TokenUnknown(worded("There is no token named {name}.", name=name))
        await queries.delete_token(tx, row.id)
        await people.end_credentials(tx, user_id)
        await publish(tx, TokenDeleted(name, row.id, user_id), actor=actor.subject, at=accounts.clock.now())


async def by_password(accounts: Accounts, name: str, password: str) -> Actor | None:
    """Login as `USER` or `DOMAIN/USER` with a token of that user for a password."""
    row = await _row(accounts, password)
    logins = () if row is None else _logins(row)
    return _actor(accounts, row) if row is not None and name in logins else None


async def by_bearer(accounts: Accounts, secret: str) -> Actor:
    """Whom a token acts for. Raises Unauthenticated."""
    row = await _row(accounts, secret)
    actor = None if row is None else _actor(accounts, row)
    if actor is None:
        raise Unauthenticated("The token is not valid: it was deleted, has ended, or its user may not sign in.")
    return actor


async def _row(accounts: Accounts, secret: str) -> Row[Any] | None:
    if not secret.startswith(PREFIX):
        return None
    async with accounts.db.reading() as tx:
        return await queries.account_of_token(tx, hash_of(secret))


def _logins(row: Row[Any]) -> tuple[str, ...]:
    full = f"{row.domain_name}/{row.name}"
    return (full, row.name) if row.domain_name == FIRST_DOMAIN else (full,)


def _actor(accounts: Accounts, row: Row[Any]) -> Actor | None:
    now, ends = accounts.clock.now(), row.token_expires_at
    if not is_usable(row, now) or (ends is not None and ends <= now):
        return None
    accounts.uses.note(personal_token, row.token_id, now)
    actor = actor_of(row, _CREDENTIAL + row.token_id)
    bounds = None if row.bounds is None else tuple(bound for right in _rights(row) for bound in _bounds(right))
    return replace(actor, bounds=bounds, until=min(actor.until, ends.timestamp()) if ends else actor.until)


def _bounds(right: Right) -> list[Bound]:
    """What a scope of grants means where names are compared with patterns: an organization is all that is in it."""
    is_organization = "/" not in right.scope and not is_pattern(right.scope)
    patterns = [right.scope, f"{right.scope}/*"] if is_organization else [right.scope]
    return [Bound(pattern, right.level) for pattern in patterns]


def require_sign_in(actor: Actor) -> None:
    """Pass for a person who may make credentials: what ends, or reaches less, must not become what does not.

    Raises Unauthenticated or AccessDenied.
    """
    require_person(actor)
    if actor.credential.startswith(_CREDENTIAL):
        raise AccessDenied("A token makes no other credentials; sign in with your password.", readable=False)


async def _whose(tx: Reader, actor: Actor, user: UserName | None) -> str:
    if user is None or user == actor.name:
        require_person(actor)
        return actor.id
    require_admin(actor)
    return (await find_user(tx, actor, user)).id


def _token(row: Row[Any]) -> PersonalToken:
    bounds = None if row.bounds is None else _rights(row)
    return PersonalToken(row.id, TokenName(row.name), bounds, row.created_at, row.expires_at, row.last_used_at)


def _rights(row: Row[Any]) -> list[Right]:
    return [Right(scope, Level(level)) for scope, level in row.bounds]
