"""Users, which the contract leaves to an identity service; here they are ours."""

from pydantic import BaseModel

from entrepot.access.grants import Grant
from entrepot.accounts import users
from entrepot.accounts.holdings import show_holdings
from entrepot.accounts.rules import KEEP
from entrepot.db.walking import marker_of
from entrepot.doors.manage.call import TheCall, TheUser
from entrepot.doors.manage.fields import Body, Empty, Flag, Moment, NameFilter, Text, Word, WordParameter
from entrepot.doors.manage.paging import BY_END, parse_limit, parse_name_part, parse_walk
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.values.names import UserName


class CreateUser(Body):
    name: Word
    password: Text
    is_admin: Flag = False
    expires_at: Moment | None = None


class ChangeUser(Body):
    """What is absent stays. An `expires_at` that is null is no end."""

    name: Word | None = None
    is_admin: Flag | None = None
    expires_at: Moment | None = None


class ChangePassword(Body):
    """`current_password` is for those who change their own and do not administer the domain."""

    password: Text
    current_password: Text | None = None


class User(BaseModel):
    id: str
    name: str
    domain_name: str
    is_admin: bool
    is_enabled: bool
    created_at: str
    expires_at: str | None = None


class Users(BaseModel):
    users: list[User]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class HeldGrant(BaseModel):
    """`scope`: an organization, `ORG/REPO`, or a pattern. `auth`: 7 manage, 3 edit, 1 read."""

    scope: str
    auth: int
    expires_at: str | None = None


class HeldIdentity(BaseModel):
    provider: str
    subject: str


class Holdings(BaseModel):
    """What ends with a user. `grants` are theirs alone, not their groups'. `waits_until`: see unlock."""

    groups: list[str]
    grants: list[HeldGrant]
    robots: list[str]
    key_count: int
    token_count: int
    session_count: int
    identities: list[HeldIdentity]
    waits_until: str | None = None


async def create_user(call: TheCall, body: CreateUser) -> User:
    """Create a user, without any permission yet."""
    name = UserName.parse(body.name)
    made = await users.create_user(
        call.accounts, call.actor, name, body.password, body.is_admin, expires_at=body.expires_at
    )
    return _user(made)


async def list_users(
    call: TheCall,
    limit: WordParameter = None,
    marker: WordParameter = None,
    filter: NameFilter = None,  # noqa: A002  # the parameter's name
    order_column: WordParameter = None,
    order_type: WordParameter = None,
) -> Users:
    """Users by name, those after `marker`; `nextMarker` is absent at the end.

    `order_column` is one of `name`, `created_at`, `expires_at`; `order_type` asc or desc. What was made last, and what
    ends soonest, comes first when nothing is said.
    """
    count = parse_limit(limit)
    order, descending = parse_walk(order_column, order_type, BY_END)
    part = parse_name_part(filter)
    found = await users.list_users(call.accounts, call.actor, marker or "", count + 1, part, order, descending)
    rows = [_user(one) for one in found[:count]]
    return Users(users=rows, nextMarker=marker_of(order, found[count - 1]) if len(found) > count else None)


async def show_user(call: TheCall, name: TheUser) -> User:
    """One user; everybody may see themselves."""
    return _user(await users.show_user(call.accounts, call.actor, name))


async def show_user_holdings(call: TheCall, name: TheUser) -> Holdings:
    """What hangs on a user: groups, permissions, robots, keys, tokens, sessions. Everybody may see their own."""
    held = await show_holdings(call.accounts, call.actor, name)
    return Holdings(
        groups=list(held.groups),
        grants=[held_grant(one) for one in held.grants],
        robots=list(held.robots),
        key_count=held.keys,
        token_count=held.tokens,
        session_count=held.sessions,
        identities=[HeldIdentity(provider=one.provider, subject=one.subject) for one in held.identities],
        waits_until=rfc3339_or_none(held.waits_until),
    )


def held_grant(one: Grant) -> HeldGrant:
    """As the API shows it."""
    return HeldGrant(scope=one.scope, auth=one.level, expires_at=rfc3339_or_none(one.expires_at))


async def update_user(call: TheCall, name: TheUser, body: ChangeUser) -> User:
    """Change a user's name, end, or whether they administer the domain. Everything they are signed in with ends."""
    new_name = None if body.name is None else UserName.parse(body.name)
    expires_at = body.expires_at if "expires_at" in body.model_fields_set else KEEP
    return _user(await users.update_user(call.accounts, call.actor, name, new_name, body.is_admin, expires_at))


async def delete_user(call: TheCall, name: TheUser) -> None:
    """Delete a user with their permissions, memberships, tokens and keys. Their robots are disabled."""
    await users.delete_user(call.accounts, call.actor, name)


async def update_password(call: TheCall, name: TheUser, body: ChangePassword) -> None:
    """Give a user a new password. Every token issued before ends."""
    await users.set_password(call.accounts, call.actor, name, body.password, body.current_password)


async def disable_user(call: TheCall, name: TheUser) -> Empty:
    """Shut a user out: passwords and tokens stop working at once."""
    await users.set_enabled(call.accounts, call.actor, name, is_enabled=False)
    return Empty()


async def unlock_user(call: TheCall, name: TheUser) -> Empty:
    """End the wait of a user whose password was guessed at too often."""
    await users.unlock_user(call.accounts, call.actor, name)
    return Empty()


async def enable_user(call: TheCall, name: TheUser) -> Empty:
    """Let a user in again."""
    await users.set_enabled(call.accounts, call.actor, name, is_enabled=True)
    return Empty()


def _user(one: users.User) -> User:
    return User(
        id=one.id,
        name=one.name,
        domain_name=one.domain_name,
        is_admin=one.is_admin,
        is_enabled=one.is_enabled,
        created_at=rfc3339(one.created_at),
        expires_at=rfc3339_or_none(one.expires_at),
    )
