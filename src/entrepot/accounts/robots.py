"""Robots: accounts of programs, made by people for what they manage.

A robot reaches the scopes it was made with and what is public, nothing else. It works while its owner may
sign in: who shuts a person out shuts out what acts for them. It never decides about organizations or
permissions (`access.levels.FOR_PEOPLE`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_person
from entrepot.access.grants import Grant, grants_of, remove_all_of, set_grant
from entrepot.access.groups import forget_subject
from entrepot.access.scopes import keep_organizations, require_all
from entrepot.accounts import rules
from entrepot.accounts.actors import ROBOT, owner_is_usable
from entrepot.accounts.events import (
    RobotChanged,
    RobotCreated,
    RobotDeleted,
    RobotDisabled,
    RobotEnabled,
    RobotRotated,
)
from entrepot.accounts.queries import people, robots
from entrepot.accounts.robot_rows import (
    Robot,
    name_of,
    read_robot,
    robots_of_rows,
    seen_robot,
    subject_of,
    told_of,
)
from entrepot.accounts.room import Accounts
from entrepot.accounts.rules import KEEP, Keep, Right
from entrepot.accounts.secrets import hash_of, secret_with
from entrepot.db.transaction import Writer
from entrepot.db.walking import ListOrder
from entrepot.jobs.events import publish
from entrepot.plumbing.clock import rfc3339_or_none
from entrepot.plumbing.ids import new_id
from entrepot.values.errors import RobotExists, TooMany, worded
from entrepot.values.names import RobotName

SECRET_PREFIX: Final = "epr_"  # noqa: S105  # how secrets begin
_NO_PASSWORD: Final = "!"  # noqa: S105  # what no password has as its hash


@dataclass(frozen=True, slots=True)
class WithSecret:
    """A robot and its secret, which nobody can ask for again."""

    robot: Robot
    secret: str


async def create_robot(
    accounts: Accounts,
    actor: Actor,
    name: RobotName,
    rights: Sequence[Right],
    description: str = "",
    expires_at: datetime | None = None,
) -> WithSecret:
    """A new robot of the actor's domain, reaching what the actor manages.

    Raises Unauthenticated, AccessDenied, ParameterInvalid, RobotExists or TooMany.
    """
    require_person(actor)
    rules.check_rights(rights)
    rules.check_description(description)
    now = accounts.clock.now()
    rules.check_end(expires_at, now)
    secret, robot_id = secret_with(SECRET_PREFIX), new_id()

    async with accounts.db.writing() as tx:
        await _require_rights(tx, actor, rights)
        await tx.lock(f"user:{actor.domain_id}:{name.login}", f"robots:{actor.domain_id}")
        await _check_room(tx, actor, name)
        await people.save_user(
            tx, robot_id, actor.domain_id, name.login, _NO_PASSWORD, False, now, kind=ROBOT, expires_at=expires_at
        )
        await robots.save_robot(tx, robot_id, actor.id, description, hash_of(secret), now)
        await _give(tx, actor, robot_id, rights, now)
        made = RobotCreated(name, robot_id, rules.said(rights), rfc3339_or_none(expires_at))
        await publish(tx, made, actor=actor.subject, at=now)
        return WithSecret(await read_robot(tx, actor, name), secret)


async def list_robots(
    accounts: Accounts,
    actor: Actor,
    after: str,
    limit: int,
    part: str = "",
    order: ListOrder = ListOrder.NAME,
    descending: bool = False,
) -> Sequence[Robot]:
    """In order, those after the marker `after` with `part` in their name.

    The actor's own, and those that reach only what they manage; for administrators all.
    Raises Unauthenticated, AccessDenied, or ParameterInvalid for a marker of another list.
    """
    require_person(actor)
    async with accounts.db.reading() as tx:
        rows = await robots.seen_robots(tx, actor, after, limit, part, order, descending)
        return await robots_of_rows(tx, rows)


async def show_robot(accounts: Accounts, actor: Actor, name: RobotName) -> Robot:
    """One of those that `list_robots` lists. Raises Unauthenticated, AccessDenied or RobotUnknown."""
    require_person(actor)
    async with accounts.db.reading() as tx:
        return await read_robot(tx, actor, name)


async def change_robot(
    accounts: Accounts,
    actor: Actor,
    name: RobotName,
    description: str | None = None,
    rights: Sequence[Right] | None = None,
    expires_at: datetime | Keep | None = KEEP,
) -> Robot:
    """Change what is given and leave the rest. Who changes a robot manages all it reaches, before and after.

    Raises Unauthenticated, AccessDenied, ParameterInvalid or RobotUnknown.
    """
    require_person(actor)
    if rights is not None:
        rules.check_rights(rights)
    rules.check_description(description or "")
    now = accounts.clock.now()
    rules.check_end(expires_at, now)

    async with accounts.db.writing() as tx:
        found = await _managed(tx, actor, name)
        was = told_of(await read_robot(tx, actor, name))
        if rights is not None:
            await _require_rights(tx, actor, rights)
            await remove_all_of(tx, subject_of(found.id))
            await _give(tx, actor, found.id, rights, now)
        if description is not None:
            await robots.change_robot(tx, found.id, description=description)
        if expires_at is not KEEP:
            await people.change_user(tx, found.id, expires_at=expires_at)
        after = await read_robot(tx, actor, name)
        told = told_of(after)
        differing = {key: value for key, value in was.items() if value != told[key]}
        await publish(tx, RobotChanged(name, found.id, **told, before=differing), actor=actor.subject, at=now)
        return after


async def rotate_secret(
    accounts: Accounts, actor: Actor, name: RobotName, old_until: datetime | None = None
) -> WithSecret:
    """A new secret. The one before works beside it until `old_until`, or ends now.

    Raises Unauthenticated, AccessDenied, ParameterInvalid or RobotUnknown.
    """
    require_person(actor)
    now = accounts.clock.now()
    rules.check_overlap(old_until, now)
    secret = secret_with(SECRET_PREFIX)

    async with accounts.db.writing() as tx:
        found = await _managed(tx, actor, name)
        await robots.rotate(tx, found.id, hash_of(secret), old_until, now)
        await people.end_credentials(tx, found.id)  # what was remembered of the old secret has no end
        await publish(tx, RobotRotated(name, found.id, rfc3339_or_none(old_until)), actor=actor.subject, at=now)
        return WithSecret(await read_robot(tx, actor, name), secret)


async def enable_robot(accounts: Accounts, actor: Actor, name: RobotName) -> Robot:
    """Let a robot work again. When its owner cannot sign in any more, the actor becomes its owner.

    Raises Unauthenticated, AccessDenied or RobotUnknown.
    """
    require_person(actor)
    async with accounts.db.writing() as tx:
        found = await _managed(tx, actor, name)
        now, owner_id = accounts.clock.now(), found.owner_id
        if not owner_is_usable(found, now):
            owner_id = actor.id
            await robots.change_robot(tx, found.id, owner_id=owner_id)
        await people.change_user(tx, found.id, is_enabled=True)
        await publish(tx, RobotEnabled(name, found.id, f"user:{owner_id}"), actor=actor.subject, at=now)
        return await read_robot(tx, actor, name)


async def disable_robot(accounts: Accounts, actor: Actor, name: RobotName) -> Robot:
    """Shut a robot out at once. Whoever sees it may. Raises Unauthenticated, AccessDenied or RobotUnknown."""
    require_person(actor)
    async with accounts.db.writing() as tx:
        found = await seen_robot(tx, actor, name)
        await people.change_user(tx, found.id, is_enabled=False)
        await publish(tx, RobotDisabled(name, found.id), actor=actor.subject, at=accounts.clock.now())
        return await read_robot(tx, actor, name)


async def delete_robot(accounts: Accounts, actor: Actor, name: RobotName) -> None:
    """Remove a robot and what it was given. Whoever sees it may. Raises what `disable_robot` raises."""
    require_person(actor)
    async with accounts.db.writing() as tx:
        found = await seen_robot(tx, actor, name)
        await remove(tx, actor, found, accounts.clock.now())


async def end_robots_of(tx: Writer, owner_id: str) -> None:
    """What an owner's robots are signed in with ends: the owner was changed, and may be shut out."""
    for row in await robots.robots_of_owner(tx, owner_id):
        await people.end_credentials(tx, row.id)


async def orphan_robots_of(tx: Writer, actor: Actor, owner_id: str, at: datetime) -> None:
    """Disable the robots of an owner who is about to go; a manager of what they reach may enable them again."""
    for row in await robots.robots_of_owner(tx, owner_id):
        await people.change_user(tx, row.id, is_enabled=False)
        await robots.change_robot(tx, row.id, owner_id=None)
        await publish(tx, RobotDisabled(name_of(row), row.id), actor=actor.subject, at=at)


async def remove(tx: Writer, actor: Actor, row: Row[Any], at: datetime) -> None:
    await forget_subject(tx, subject_of(row.id))
    await people.delete_user(tx, row.id)
    await publish(tx, RobotDeleted(name_of(row), row.id), actor=actor.subject, at=at)


async def _check_room(tx: Writer, actor: Actor, name: RobotName) -> None:
    own = await people.user_by_id(tx, actor.id)
    if own is not None and await robots.robot_by_name(tx, own.domain_name, name.login):
        raise RobotExists(worded("A robot named {name} exists already.", name=name))
    if await robots.robots_count(tx, actor.domain_id) >= rules.ROBOTS_MAX:
        raise TooMany(
            worded("A domain has at most {robots_max} robots; delete some first.", robots_max=rules.ROBOTS_MAX),
            limit=rules.ROBOTS_MAX,
        )


async def _require_rights(tx: Writer, actor: Actor, rights: Sequence[Right]) -> None:
    """Pass when the actor may give these, and nothing they lie in is deleted until the end of the transaction."""
    scopes = [right.scope for right in rights]
    await keep_organizations(tx, scopes)
    await require_all(tx, actor, scopes)


async def _give(tx: Writer, actor: Actor, robot_id: str, rights: Sequence[Right], at: datetime) -> None:
    for right in rights:
        await set_grant(tx, Grant(right.scope, subject_of(robot_id), right.level), by=actor.subject, at=at)


async def _managed(tx: Writer, actor: Actor, name: RobotName) -> Row[Any]:
    """The row of a robot whose power is in the actor's hands: it reaches nothing that they do not manage."""
    row = await seen_robot(tx, actor, name)
    await _require_rights(tx, actor, [Right(one.scope, one.level) for one in await grants_of(tx, [subject_of(row.id)])])
    return row
