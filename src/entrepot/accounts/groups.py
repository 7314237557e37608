"""Groups: what is given to one reaches its members from their next request on.

Only administrators of the domain edit groups. Whoever could put people into a group would give them
what others had given to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_admin
from entrepot.access.grants import Grant, grants_of
from entrepot.access.groups import forget_subject, join_group, leave_group
from entrepot.accounts import rules
from entrepot.accounts.events import (
    GroupChanged,
    GroupCreated,
    GroupDeleted,
    GroupMemberAdded,
    GroupMemberRemoved,
)
from entrepot.accounts.queries import groups
from entrepot.accounts.room import Accounts
from entrepot.accounts.users import find_user
from entrepot.db.transaction import Reader, Writer
from entrepot.db.walking import ListOrder
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id
from entrepot.values.errors import GroupExists, GroupUnknown, TooMany, worded
from entrepot.values.names import GroupName, UserName


@dataclass(frozen=True, slots=True)
class Group:
    """`members`: how many."""

    id: str
    name: GroupName
    description: str
    created_at: datetime
    members: int


async def create_group(accounts: Accounts, actor: Actor, name: GroupName, description: str = "") -> Group:
    """A new group of the actor's domain, with nobody in it.

    Raises Unauthenticated, AccessDenied, ParameterInvalid, GroupExists or TooMany.
    """
    require_admin(actor)
    rules.check_description(description)
    group_id, now = new_id(), accounts.clock.now()
    async with accounts.db.writing() as tx:
        await _take_name(tx, actor, name)
        if await groups.groups_count(tx, actor.domain_id) >= rules.GROUPS_MAX:
            raise TooMany(
                worded("A domain has at most {groups_max} groups.", groups_max=rules.GROUPS_MAX), limit=rules.GROUPS_MAX
            )
        await groups.save_group(tx, group_id, actor.domain_id, name, description, now)
        await publish(tx, GroupCreated(name, group_id, description), actor=actor.subject, at=now)
    return Group(group_id, name, description, now, 0)


async def list_groups(
    accounts: Accounts,
    actor: Actor,
    after: str,
    limit: int,
    part: str = "",
    order: ListOrder = ListOrder.NAME,
    descending: bool = False,
) -> Sequence[Group]:
    """Groups of the actor's domain by name or age, those after the marker `after` with `part` in their name.

    Raises Unauthenticated, AccessDenied, or ParameterInvalid for a marker of another list.
    """
    require_admin(actor)
    async with accounts.db.reading() as tx:
        rows = await groups.groups_of_domain(tx, actor.domain_id, after, limit, part, order, descending)
        return [_group(row) for row in rows]


async def show_group(accounts: Accounts, actor: Actor, name: GroupName) -> Group:
    """Raises Unauthenticated, AccessDenied or GroupUnknown."""
    require_admin(actor)
    async with accounts.db.reading() as tx:
        return _group(await find_group(tx, actor, name))


async def change_group(
    accounts: Accounts, actor: Actor, name: GroupName, new_name: GroupName | None = None, description: str | None = None
) -> Group:
    """Change what is given and leave the rest; members and permissions stay.

    Raises Unauthenticated, AccessDenied, ParameterInvalid, GroupUnknown or GroupExists.
    """
    require_admin(actor)
    rules.check_description(description or "")
    async with accounts.db.writing() as tx:
        found = await find_group(tx, actor, name)
        was = {"name": str(name), "description": found.description}
        told = {"name": new_name or name, "description": description if description is not None else was["description"]}
        if told["name"] != name:
            await _take_name(tx, actor, told["name"])
        await groups.change_group(tx, found.id, **told)
        before = {key: value for key, value in was.items() if value != told[key]}
        changed = GroupChanged(told["name"], found.id, **told, before=before)
        await publish(tx, changed, actor=actor.subject, at=accounts.clock.now())
        return _group(await find_group(tx, actor, told["name"]))


async def delete_group(accounts: Accounts, actor: Actor, name: GroupName) -> None:
    """Remove a group and what it was given. Raises Unauthenticated, AccessDenied or GroupUnknown."""
    require_admin(actor)
    async with accounts.db.writing() as tx:
        found = await find_group(tx, actor, name)
        await forget_subject(tx, subject_of(found.id))
        await groups.delete_group(tx, found.id)
        await publish(tx, GroupDeleted(name, found.id), actor=actor.subject, at=accounts.clock.now())


async def list_group_grants(accounts: Accounts, actor: Actor, name: GroupName) -> Sequence[Grant]:
    """What a group was given, and its members through it. Raises Unauthenticated, AccessDenied or GroupUnknown."""
    require_admin(actor)
    async with accounts.db.reading() as tx:
        found = await find_group(tx, actor, name)
        return await grants_of(tx, [subject_of(found.id)])


async def list_group_members(
    accounts: Accounts, actor: Actor, name: GroupName, after: str, limit: int
) -> Sequence[str]:
    """Names of users, in order, those after `after`. Raises Unauthenticated, AccessDenied or GroupUnknown."""
    require_admin(actor)
    async with accounts.db.reading() as tx:
        found = await find_group(tx, actor, name)
        return await groups.members_of_group(tx, subject_of(found.id), after, limit)


async def add_group_member(accounts: Accounts, actor: Actor, name: GroupName, user: UserName) -> None:
    """Let a user of the domain belong to a group; harmless when they do.

    Raises Unauthenticated, AccessDenied, GroupUnknown or UserUnknown.
    """
    require_admin(actor)
    async with accounts.db.writing() as tx:
        found, member = await find_group(tx, actor, name), await find_user(tx, actor, user)
        if await join_group(tx, f"user:{member.id}", subject_of(found.id)):
            added = GroupMemberAdded(name, found.id, user, member.id)
            await publish(tx, added, actor=actor.subject, at=accounts.clock.now())


async def remove_group_member(accounts: Accounts, actor: Actor, name: GroupName, user: UserName) -> None:
    """Let a user not belong to a group any more; harmless when they do not.

    Raises Unauthenticated, AccessDenied, GroupUnknown or UserUnknown.
    """
    require_admin(actor)
    async with accounts.db.writing() as tx:
        found, member = await find_group(tx, actor, name), await find_user(tx, actor, user)
        if await leave_group(tx, f"user:{member.id}", subject_of(found.id)):
            removed = GroupMemberRemoved(name, found.id, user, member.id)
            await publish(tx, removed, actor=actor.subject, at=accounts.clock.now())


async def find_group(tx: Reader, actor: Actor, name: str) -> Row[Any]:
    """The row of a group of the actor's own domain. Raises GroupUnknown."""
    found = await groups.group_by_name(tx, actor.domain_id, name)
    if found is None:
        raise GroupUnknown(worded("There is no group named {name}.", name=name))
    return found


async def names_of_groups(tx: Reader, group_ids: Sequence[str]) -> dict[str, str]:
    """The names of groups, by id, for rooms above."""
    return await groups.names_of_groups(tx, group_ids)


def subject_of(group_id: str) -> str:
    """A group's name in grants."""
    return f"group:{group_id}"


async def _take_name(tx: Writer, actor: Actor, name: str) -> None:
    await tx.lock(f"group:{actor.domain_id}:{name}")
    if await groups.group_by_name(tx, actor.domain_id, name):
        raise GroupExists(worded("A group named {name} exists already.", name=name))


def _group(row: Row[Any]) -> Group:
    return Group(row.id, GroupName(row.name), row.description, row.created_at, row.members)
