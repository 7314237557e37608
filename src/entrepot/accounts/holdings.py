"""What hangs on a user: groups, permissions, robots, credentials, identities. Asked before somebody is shut out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from entrepot.access.actor import Actor
from entrepot.access.check import require_admin
from entrepot.access.grants import Grant, grants_of
from entrepot.access.groups import groups_of
from entrepot.accounts import guessing
from entrepot.accounts.groups import names_of_groups, subject_of
from entrepot.accounts.queries import access_keys, personal_tokens, robots, trust
from entrepot.accounts.room import Accounts
from entrepot.accounts.sessions import list_sessions
from entrepot.accounts.users import find_user
from entrepot.values.names import RobotName, UserName


@dataclass(frozen=True, slots=True)
class Identified:
    """Who a user is at an identity provider."""

    provider: str
    subject: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """`grants` were given to the user alone, not to their groups. `waits_until`: after too many wrong passwords."""

    groups: Sequence[str]
    grants: Sequence[Grant]
    robots: Sequence[str]
    keys: int
    tokens: int
    sessions: int
    identities: Sequence[Identified]
    waits_until: datetime | None


async def show_holdings(accounts: Accounts, actor: Actor, name: UserName) -> Holdings:
    """What a user of the actor's domain holds; anybody may see their own.

    Raises Unauthenticated, AccessDenied or UserUnknown.
    """
    if actor.is_anonymous or name != actor.name:
        require_admin(actor)
    sessions = len(await list_sessions(accounts, actor, name))
    async with accounts.db.reading() as tx:
        found = await find_user(tx, actor, name)
        subject = f"user:{found.id}"
        held = await groups_of(tx, subject)
        names = await names_of_groups(tx, [one.removeprefix(subject_of("")) for one in held])
        own = await robots.robots_of_owner(tx, found.id)
        linked = await trust.identities_of_user(tx, found.id)
        return Holdings(
            groups=sorted(names.values()),
            grants=await grants_of(tx, [subject]),
            robots=sorted(row.name.removeprefix(RobotName.PREFIX) for row in own),
            keys=await access_keys.count_keys(tx, found.id),
            tokens=await personal_tokens.tokens_count(tx, found.id),
            sessions=sessions,
            identities=[Identified(row.name, row.subject) for row in linked],
            waits_until=await guessing.waits_until(tx, found.id),
        )
