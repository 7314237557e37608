"""Users: made, listed, given a new password, disabled. Only administrators of the domain may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_admin
from entrepot.access.groups import forget_subject
from entrepot.accounts import guessing, rules
from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.events import UserChanged, UserCreated, UserDeleted, UserUpdated
from entrepot.accounts.guessing_events import LoginUnblocked
from entrepot.accounts.initial_password import FIRST_ADMIN, forget_initial_password
from entrepot.accounts.queries import people
from entrepot.accounts.robots import end_robots_of, orphan_robots_of
from entrepot.accounts.room import Accounts
from entrepot.accounts.rules import KEEP, Keep
from entrepot.db.transaction import Reader, Writer
from entrepot.db.walking import ListOrder
from entrepot.jobs.events import publish
from entrepot.plumbing.clock import rfc3339_or_none
from entrepot.plumbing.ids import new_id
from entrepot.values.errors import AccessDenied, ParameterInvalid, UserExists, UserUnknown, worded
from entrepot.values.names import UserName


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str
    domain_id: str
    domain_name: str
    is_admin: bool
    is_enabled: bool
    created_at: datetime
    expires_at: datetime | None = None


async def create_user(
    accounts: Accounts,
    actor: Actor,
    name: UserName,
    password: str,
    is_admin: bool = False,
    expires_at: datetime | None = None,
) -> User:
    """A new user of the actor's domain, without any permission yet.

    Raises AccessDenied, PasswordInvalid, ParameterInvalid or UserExists.
    """
    require_admin(actor)
    rules.check_end(expires_at, accounts.clock.now())
    accounts.passwords.check_rules(password, name)
    password_hash = await accounts.passwords.hash(password)

    async with accounts.db.writing() as tx:
        domain_name = await _take_name(tx, actor, name)
        user_id, now = new_id(), accounts.clock.now()
        await people.save_user(tx, user_id, actor.domain_id, name, password_hash, is_admin, now, expires_at=expires_at)
        await publish(tx, UserCreated(name, user_id, is_admin), actor=actor.subject, at=now)

    return User(user_id, name, actor.domain_id, domain_name, is_admin, True, now, expires_at)


async def list_users(
    accounts: Accounts,
    actor: Actor,
    after: str,
    limit: int,
    part: str = "",
    order: ListOrder = ListOrder.NAME,
    descending: bool = False,
) -> Sequence[User]:
    """Users of the actor's domain in order, those after the marker `after` with `part` in their name.

    Raises AccessDenied, or ParameterInvalid for a marker of another list.
    """
    require_admin(actor)
    async with accounts.db.reading() as tx:
        rows = await people.users_of_domain(tx, actor.domain_id, after, limit, part, order, descending)
        return [_user(row) for row in rows]


async def show_user(accounts: Accounts, actor: Actor, name: UserName) -> User:
    """One user of the actor's domain; anybody may see themselves. Raises AccessDenied or UserUnknown."""
    if actor.is_anonymous or name != actor.name:
        require_admin(actor)
    async with accounts.db.reading() as tx:
        return _user(await _own(tx, actor, name))


async def set_password(
    accounts: Accounts, actor: Actor, name: UserName, password: str, current: str | None = None
) -> None:
    """Give a user a new password and end every token issued before.

    Administrators may for everybody; others for themselves, showing the `current` one.
    Raises AccessDenied, UserUnknown, PasswordInvalid or TooManyLogins.
    """
    if actor.is_anonymous or name != actor.name or current is None:
        require_admin(actor)
    accounts.passwords.check_rules(password, name)
    if current is not None:
        async with accounts.db.reading() as tx:
            own = await _own(tx, actor, name)
        login = f"{own.domain_name}/{name}"
        if not await accounts.passwords.matches(current, own.password_hash):
            await guessing.count_wrong(accounts, login)
            raise AccessDenied("The current password is not right.", readable=False)
        await guessing.let_in(accounts, login, actor)
    password_hash = await accounts.passwords.hash(password)

    async with accounts.db.writing() as tx:
        found = await _own(tx, actor, name)
        await people.change_user(tx, found.id, password_hash=password_hash)
        change = UserChanged(name, found.id, "password")
        await publish(tx, change, actor=actor.subject, at=accounts.clock.now())
    await forget_initial_password(accounts)


async def set_enabled(accounts: Accounts, actor: Actor, name: UserName, is_enabled: bool) -> None:
    """Let a user in again, or out at once: a disabled user's passwords and tokens stop working.

    Raises AccessDenied, UserUnknown, or ParameterInvalid for the last administrator.
    """
    require_admin(actor)
    async with accounts.db.writing() as tx:
        await tx.lock(f"admins:{actor.domain_id}")
        found = await _own(tx, actor, name)
        if not is_enabled:
            await _keep_an_admin(tx, found)
        await people.change_user(tx, found.id, is_enabled=is_enabled)
        await end_robots_of(tx, found.id)
        change = UserChanged(name, found.id, "enabled" if is_enabled else "disabled")
        await publish(tx, change, actor=actor.subject, at=accounts.clock.now())


async def unlock_user(accounts: Accounts, actor: Actor, name: UserName) -> None:
    """End the wait of a user whose password was guessed at too often. Raises AccessDenied or UserUnknown."""
    require_admin(actor)
    async with accounts.db.writing() as tx:
        found = await _own(tx, actor, name)
        await guessing.unlock(tx, found.id)
        await publish(tx, LoginUnblocked(name), actor=actor.subject, at=tx.now, though_closed=True)


async def update_user(
    accounts: Accounts,
    actor: Actor,
    name: UserName,
    new_name: UserName | None = None,
    is_admin: bool | None = None,
    expires_at: datetime | Keep | None = KEEP,
) -> User:
    """Change what is given and leave the rest. Everything the user is signed in with ends.

    Raises AccessDenied, UserUnknown, UserExists, or ParameterInvalid, also for the last administrator.
    """
    require_admin(actor)
    now = accounts.clock.now()
    rules.check_end(expires_at, now)

    async with accounts.db.writing() as tx:
        await tx.lock(f"admins:{actor.domain_id}")
        found = await _own(tx, actor, name)
        called = new_name or name
        stays_admin = found.is_admin if is_admin is None else is_admin
        end = found.expires_at if expires_at is KEEP else expires_at
        if not stays_admin or end is not None:
            await _keep_an_admin(tx, found)
        if called != name:
            await _take_name(tx, actor, called)
        await people.change_user(tx, found.id, name=called, is_admin=stays_admin, expires_at=end)
        await end_robots_of(tx, found.id)
        after = await _own(tx, actor, called)
        was, told = _told(found), _told(after)
        before = {key: value for key, value in was.items() if value != told[key]}
        changed = UserUpdated(called, found.id, **told, before=before)
        await publish(tx, changed, actor=actor.subject, at=now)
        return _user(after)


async def delete_user(accounts: Accounts, actor: Actor, name: UserName) -> None:
    """Remove a user with what they hold: permissions, memberships, tokens, keys. Their robots are disabled.

    Raises AccessDenied, UserUnknown, or ParameterInvalid for the last administrator.
    """
    require_admin(actor)
    async with accounts.db.writing() as tx:
        await tx.lock(f"admins:{actor.domain_id}")
        found, now = await _own(tx, actor, name), accounts.clock.now()
        await _keep_an_admin(tx, found)
        await orphan_robots_of(tx, actor, found.id, now)
        await forget_subject(tx, f"user:{found.id}")
        await people.delete_user(tx, found.id)
        await publish(tx, UserDeleted(name, found.id), actor=actor.subject, at=now)


async def has_first_admin(accounts: Accounts) -> bool:
    """Whether this installation was started before."""
    async with accounts.db.reading() as tx:
        return await people.domain_by_name(tx, FIRST_DOMAIN) is not None


async def ensure_first_admin(accounts: Accounts, password: str) -> bool:
    """Make the domain `default` with its administrator `admin`, unless it exists; whether it was made."""
    accounts.passwords.check_rules(password, FIRST_ADMIN)
    password_hash = await accounts.passwords.hash(password)

    async with accounts.db.writing() as tx:
        await tx.lock("first domain")
        if await people.domain_by_name(tx, FIRST_DOMAIN):
            return False
        domain_id, user_id, now = new_id(), new_id(), accounts.clock.now()
        await people.save_domain(tx, domain_id, FIRST_DOMAIN, now)
        await people.save_user(tx, user_id, domain_id, FIRST_ADMIN, password_hash, True, now)
        await publish(tx, UserCreated(FIRST_ADMIN, user_id, True), actor=f"user:{user_id}", at=now)
    return True


async def first_domain_id(tx: Reader) -> str:
    """The id of the domain `default`: no other installation has it, but those restored from a backup of this one.

    Empty before the first start is over.
    """
    row = await people.domain_by_name(tx, FIRST_DOMAIN)
    return "" if row is None else str(row.id)


async def names_of(tx: Reader, user_ids: Sequence[str]) -> dict[str, str]:
    """The names of users, by id, for rooms above that show who did something."""
    return await people.names_of_users(tx, user_ids)


async def domain_names_of(tx: Reader, domain_ids: Sequence[str]) -> dict[str, str]:
    """The names of domains, by id."""
    return await people.names_of_domains(tx, domain_ids)


async def find_user(tx: Reader, actor: Actor, name: str) -> User:
    """A user of the actor's own domain by name. Raises UserUnknown."""
    return _user(await _own(tx, actor, name))


async def _take_name(tx: Writer, actor: Actor, name: UserName) -> str:
    """Pass when nobody in the actor's domain has the name; that domain's own name. Raises UserExists."""
    await tx.lock(f"user:{actor.domain_id}:{name}")
    domain_name: str = (await domain_names_of(tx, [actor.domain_id]))[actor.domain_id]
    if await people.user_by_name(tx, domain_name, name):
        raise UserExists(worded("A user named {name} exists already.", name=name))
    return domain_name


async def _keep_an_admin(tx: Reader, found: Row[Any]) -> None:
    """Pass when the domain has an administrator without an end besides this user. Raises ParameterInvalid."""
    if found.is_admin and not await people.lasting_admins(tx, found.domain_id, besides=found.id):
        raise ParameterInvalid(worded("{name} is the last administrator; make another one first.", name=found.name))


async def _own(tx: Reader, actor: Actor, name: str) -> Row[Any]:
    me = await people.user_by_id(tx, actor.id)
    found = me and await people.user_by_name(tx, me.domain_name, name)
    if not found:
        raise UserUnknown(worded("There is no user named {name}.", name=name))
    return found


def _user(row: Row[Any]) -> User:
    return User(
        row.id, row.name, row.domain_id, row.domain_name, row.is_admin, row.is_enabled, row.created_at, row.expires_at
    )


def _told(row: Row[Any]) -> dict[str, Any]:
    """What events tell of a user."""
    return {"name": row.name, "is_admin": row.is_admin, "expires_at": rfc3339_or_none(row.expires_at)}
