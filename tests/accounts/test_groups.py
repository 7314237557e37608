"""Groups: only administrators edit them, and what is given to one reaches its members while they are."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from entrepot.access.actor import ANONYMOUS, Actor, Bound
from entrepot.access.check import level_of
from entrepot.access.grants import Grant, set_grant
from entrepot.access.levels import Level
from entrepot.accounts.groups import (
    add_group_member,
    change_group,
    create_group,
    delete_group,
    list_group_members,
    list_groups,
    remove_group_member,
    show_group,
)
from entrepot.accounts.users import delete_user
from entrepot.values.errors import (
    AccessDenied,
    GroupExists,
    GroupUnknown,
    ParameterInvalid,
    Unauthenticated,
    UserUnknown,
)
from entrepot.values.names import GroupName, UserName
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms

TEAM, ANN, BEN = GroupName("team"), UserName("ann"), UserName("ben")


@pytest.fixture
async def ann(rooms: Rooms) -> Actor:
    """In the group `team`, which reads `acme`."""
    await rooms.organization("acme")
    group = await create_group(rooms.accounts, rooms.admin, TEAM)
    async with rooms.db.writing() as tx:
        await set_grant(tx, Grant("acme", f"group:{group.id}", Level.READ), by="*", at=rooms.clock.now())
    actor = await rooms.user("ann")
    await add_group_member(rooms.accounts, rooms.admin, TEAM, ANN)
    return actor


async def level(rooms: Rooms, actor: Actor) -> Level:
    async with rooms.db.reading() as tx:
        return await level_of(tx, actor, "acme/app")


async def test_members_hold_what_the_group_does_until_they_leave_or_it_goes(rooms: Rooms, ann: Actor) -> None:
    ben = await rooms.user("ben")
    assert (await level(rooms, ann), await level(rooms, ben)) == (Level.READ, Level.NONE)

    await add_group_member(rooms.accounts, rooms.admin, TEAM, BEN)
    await remove_group_member(rooms.accounts, rooms.admin, TEAM, ANN)
    assert (await level(rooms, ann), await level(rooms, ben)) == (Level.NONE, Level.READ)

    await change_group(rooms.accounts, rooms.admin, TEAM, GroupName("renamed"))
    assert await level(rooms, ben) is Level.READ
    await delete_group(rooms.accounts, rooms.admin, GroupName("renamed"))
    await create_group(rooms.accounts, rooms.admin, TEAM)
    await add_group_member(rooms.accounts, rooms.admin, TEAM, BEN)
    assert await level(rooms, ben) is Level.NONE


CALLS: list[Callable[[Rooms, Actor], Awaitable[Any]]] = [
    lambda rooms, actor: create_group(rooms.accounts, actor, GroupName("new")),
    lambda rooms, actor: list_groups(rooms.accounts, actor, "", 10),
    lambda rooms, actor: show_group(rooms.accounts, actor, TEAM),
    lambda rooms, actor: change_group(rooms.accounts, actor, TEAM, description="changed"),
    lambda rooms, actor: delete_group(rooms.accounts, actor, TEAM),
    lambda rooms, actor: list_group_members(rooms.accounts, actor, TEAM, "", 10),
    lambda rooms, actor: add_group_member(rooms.accounts, actor, TEAM, BEN),
    lambda rooms, actor: remove_group_member(rooms.accounts, actor, TEAM, ANN),
]


async def test_nobody_reaches_further_by_editing_a_group(rooms: Rooms, ann: Actor) -> None:
    """Not its members, and not those who manage what it was given."""
    ben = await rooms.user("ben")
    await rooms.grant("acme", "ben", Level.MANAGE)
    admin = rooms.admin
    for actor, refused in (
        (ANONYMOUS, Unauthenticated),
        (ann, AccessDenied),
        (ben, AccessDenied),
        (replace(admin, bounds=(Bound("*", Level.MANAGE),)), AccessDenied),
        (replace(admin, limits={}), AccessDenied),
    ):
        for call in CALLS:
            with pytest.raises(refused):
                await call(rooms, actor)
    assert await list_group_members(rooms.accounts, admin, TEAM, "", 10) == ["ann"]


async def test_names_are_taken_once_in_a_domain(rooms: Rooms, ann: Actor) -> None:
    results = await asyncio.gather(
        *(create_group(rooms.accounts, rooms.admin, GroupName("new")) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["Group", "GroupExists", "GroupExists"]
    with pytest.raises(GroupExists):
        await change_group(rooms.accounts, rooms.admin, GroupName("new"), TEAM)
    with pytest.raises(ParameterInvalid):
        await create_group(rooms.accounts, rooms.admin, GroupName("other"), "x" * 257)


async def test_groups_and_members_are_listed_in_pages(rooms: Rooms, ann: Actor) -> None:
    for name in ("c", "a", "b"):
        await rooms.user(name)
        await create_group(rooms.accounts, rooms.admin, GroupName(name))
        await add_group_member(rooms.accounts, rooms.admin, TEAM, UserName(name))

    groups = [one.name for one in await list_groups(rooms.accounts, rooms.admin, "a", 2)]
    members = await list_group_members(rooms.accounts, rooms.admin, TEAM, "a", 2)

    assert (groups, members) == (["b", "c"], ["ann", "b"])
    assert (await show_group(rooms.accounts, rooms.admin, TEAM)).members == 4
    await delete_user(rooms.accounts, rooms.admin, UserName("b"))
    assert (await show_group(rooms.accounts, rooms.admin, TEAM)).members == 3


async def test_who_or_what_is_not_there_is_unknown(rooms: Rooms, ann: Actor) -> None:
    with pytest.raises(GroupUnknown):
        await show_group(rooms.accounts, rooms.admin, GroupName("nothing"))
    for call in (add_group_member, remove_group_member):
        with pytest.raises(UserUnknown):
            await call(rooms.accounts, rooms.admin, TEAM, UserName("nobody"))
        with pytest.raises(GroupUnknown):
            await call(rooms.accounts, rooms.admin, GroupName("nothing"), ANN)


async def test_what_happens_to_groups_is_told_once(rooms: Rooms, ann: Actor) -> None:
    seq, group = await last_event(rooms.db), await show_group(rooms.accounts, rooms.admin, TEAM)
    for _ in range(2):
        await add_group_member(rooms.accounts, rooms.admin, TEAM, ANN)
    for _ in range(2):
        await remove_group_member(rooms.accounts, rooms.admin, TEAM, ANN)
    await change_group(rooms.accounts, rooms.admin, TEAM, description="us")
    await delete_group(rooms.accounts, rooms.admin, TEAM)

    told = await events_after(rooms.db, seq)

    of_group, of_ann = {"group_id": group.id}, {"user": "ann", "user_id": ann.id}
    assert [(row.type, row.subject, row.data) for row in told] == [
        ("group.member-removed", "team", of_group | of_ann),
        ("group.changed", "team", {**of_group, "name": "team", "description": "us", "before": {"description": ""}}),
        ("group.deleted", "team", of_group),
    ]
