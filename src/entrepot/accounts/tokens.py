"""Registry tokens (Docker token authentication): short-lived, signed, never more than the account.

A token names its user and, for each repository, the actions it may do (the `access` claim). It is
checked against the database on every use: a disabled user, a changed password or a withdrawn
grant ends it at once. Refresh tokens are random; only their hash is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from entrepot.access.actor import ANONYMOUS, Actor, Bound
from entrepot.access.check import level_of
from entrepot.access.levels import Level
from entrepot.accounts import jwts
from entrepot.accounts.actors import PASSWORD, actor_of, is_usable
from entrepot.accounts.queries import people, signing
from entrepot.accounts.room import Accounts
from entrepot.accounts.scopes import Scope, granted_actions, scope_name
from entrepot.accounts.secrets import hash_of
from entrepot.plumbing.ids import new_secret
from entrepot.values.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says. `expires` in seconds since the epoch; `user_id` empty for nobody.

    `bounds` and `credential` are those of whoever it was issued to.
    """

    user_id: str
    credential_version: int | None
    limits: Mapping[str, frozenset[str]]
    expires: float
    bounds: tuple[Bound, ...] | None
    credential: str


@dataclass(frozen=True, slots=True)
class Issued:
    token: str
    expires_seconds: int
    issued_at: datetime


async def issue_token(accounts: Accounts, actor: Actor, asked: Sequence[Scope]) -> Issued:
    """A token for `actor` carrying as much of `asked` as they may do now; perhaps nothing.

    Asking for what one may not do is not an error (Docker token specification): the token just
    does not say it. Raises Unauthenticated for an actor who has only a token: it must not become more.
    """
    _require_login(actor)
    async with accounts.db.reading() as tx:
        granted = [(scope, granted_actions(scope, await level_of(tx, actor, scope.name))) for scope in asked]
    now = accounts.clock.now()
    seconds = int(min(accounts.settings.token_seconds, actor.until - now.timestamp()))
    claims: dict[str, Any] = {
        "sub": actor.id,
        "ver": actor.credential_version,
        "access": [{"type": s.kind, "name": s.name, "actions": actions} for s, actions in granted if actions],
        "via": actor.credential,
    }
    if actor.bounds is not None:  # the access claim does not say how much of a catalog may be seen
        claims["bounds"] = [[bound.pattern, bound.level] for bound in actor.bounds]
    return Issued(await jwts.sign(accounts, jwts.REGISTRY, claims, seconds), seconds, now)


async def read_token(accounts: Accounts, token: str) -> Actor:
    """Who `token` speaks for, as the database knows them now.

    Raises Unauthenticated when it is not ours, altered, expired, or its account has changed since.
    """
    claims = await _verify(accounts, token)
    if not claims.user_id:
        subjects = ANONYMOUS.subjects if accounts.settings.anonymous_pull else ()
        return Actor(subjects=subjects, limits=claims.limits, until=claims.expires)
    async with accounts.db.reading() as tx:
        row = await people.user_by_id(tx, claims.user_id)
    if row is None or not is_usable(row, accounts.clock.now()) or row.credential_version != claims.credential_version:
        raise Unauthenticated(jwts.REFUSED)
    actor = actor_of(row, claims.credential)
    return replace(actor, limits=claims.limits, bounds=claims.bounds, until=min(actor.until, claims.expires))


def _require_login(actor: Actor) -> None:
    if actor.limits is not None or actor.is_house:
        raise Unauthenticated("A token is not exchanged for another one; send the user name and password.")


async def _verify(accounts: Accounts, token: str) -> Claims:
    said = await jwts.verify(accounts, jwts.REGISTRY, token)
    bounds = tuple(Bound(pattern, Level(level)) for pattern, level in said["bounds"]) if "bounds" in said else None
    return Claims(
        said["sub"], said["ver"], _limits(said["access"]), float(said["exp"]), bounds, said.get("via", PASSWORD)
    )


async def issue_refresh_token(accounts: Accounts, actor: Actor) -> str | None:
    """A secret that `refresh` turns into its user again, until it expires or the password changes.

    None for whoever did not sign in with a password: it would outlive, and reach further than, what
    they showed. Clients then keep that and show it again. Raises Unauthenticated, as `issue_token` does.
    """
    _require_login(actor)
    if actor.credential != PASSWORD:
        return None
    secret, now = new_secret(), accounts.clock.now()
    expires_at = now + timedelta(seconds=accounts.settings.refresh_token_seconds)
    async with accounts.db.writing() as tx:
        row = await people.user_by_id(tx, actor.id)
        if row is None or not is_usable(row, now):
            raise Unauthenticated(jwts.REFUSED)
        await signing.save_refresh_token(tx, hash_of(secret), actor.id, row.login_version, now, expires_at)
    return secret


async def refresh(accounts: Accounts, secret: str) -> Actor:
    """The user of a refresh token. Raises Unauthenticated."""
    async with accounts.db.reading() as tx:
        row = await signing.user_of_refresh_token(tx, hash_of(secret), accounts.clock.now())
    if row is None or not is_usable(row, accounts.clock.now()):
        raise Unauthenticated(jwts.REFUSED)
    return actor_of(row, "refresh")


async def forget_expired(accounts: Accounts) -> int:
    """Remove refresh tokens that have expired; their number."""
    async with accounts.db.writing() as tx:
        return await signing.forget_expired_refresh_tokens(tx, accounts.clock.now())


def _limits(access: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    limits: dict[str, frozenset[str]] = {}
    for entry in access:
        # A client may ask twice for one name, once for each of two challenges.
        name = scope_name(entry["type"], entry["name"])
        limits[name] = limits.get(name, frozenset()) | frozenset(entry["actions"])
    return limits
