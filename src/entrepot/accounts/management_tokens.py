"""Management tokens: what the contract's clients send as `X-Auth-Token` (§15.2), for a day by default.

One stands for a person who signed in with a name and a password. It is checked against the database on every
use: a disabled user and a changed password end it at once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from entrepot.access.actor import Actor
from entrepot.accounts.actors import PASSWORD, actor_of, is_usable
from entrepot.accounts.jwts import MANAGEMENT, REFUSED, sign, verify
from entrepot.accounts.login import sign_in
from entrepot.accounts.queries import people
from entrepot.accounts.room import Accounts
from entrepot.values.errors import Unauthenticated

CREDENTIAL: Final = "management-token"


@dataclass(frozen=True, slots=True)
class ManagementToken:
    token: str
    actor: Actor
    domain_name: str
    issued_at: datetime
    expires_at: datetime


async def issue(accounts: Accounts, name: str, password: str) -> ManagementToken:
    """A token for the person with this name and password. Raises Unauthenticated, also for what only acts for one."""
    actor = await sign_in(accounts, name, password)
    if actor.credential != PASSWORD:
        raise Unauthenticated("A management token is given for a person's own password, not for another secret.")
    async with accounts.db.reading() as tx:
        row = await people.user_by_id(tx, actor.id)
    if row is None or row.credential_version != actor.credential_version:
        raise Unauthenticated(REFUSED)
    now, seconds = accounts.clock.now(), accounts.settings.management_token_seconds
    token = await sign(accounts, MANAGEMENT, {"sub": actor.id, "ver": row.login_version}, seconds)
    return ManagementToken(token, actor, row.domain_name, now, now + timedelta(seconds=seconds))


async def read(accounts: Accounts, token: str) -> Actor:
    """Who `token` speaks for, as the database knows them now. Raises Unauthenticated."""
    said = await verify(accounts, MANAGEMENT, token)
    async with accounts.db.reading() as tx:
        row = await people.user_by_id(tx, said["sub"])
    if row is None or not is_usable(row, accounts.clock.now()) or row.login_version != said["ver"]:
        raise Unauthenticated(REFUSED)
    actor = actor_of(row, CREDENTIAL)
    return replace(actor, until=min(actor.until, float(said["exp"])))
