"""Domains: made and removed by operators, each with people who do not reach into others."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from entrepot.access.actor import ANONYMOUS, Actor, Bound
from entrepot.access.grants import grants_of
from entrepot.access.levels import Level
from entrepot.access.tables import membership
from entrepot.accounts.domains import create_domain, list_domains, show_domain
from entrepot.accounts.groups import add_group_member, create_group
from entrepot.accounts.login import sign_in
from entrepot.accounts.personal_tokens import create_token
from entrepot.accounts.robots import create_robot
from entrepot.accounts.rules import Right
from entrepot.accounts.users import create_user, set_enabled
from entrepot.registry.domains import delete_domain
from entrepot.registry.grants import Grantee, Kind, set_grant
from entrepot.registry.organizations import create_organization, delete_organization
from entrepot.values.errors import (
    AccessDenied,
    DomainExists,
    DomainNotEmpty,
    DomainUnknown,
    ParameterInvalid,
    PasswordInvalid,
    Unauthenticated,
)
from entrepot.values.names import DomainName, GroupName, OrganizationName, RobotName, TokenName, UserName
from tests.make.looking import events_after, last_event
from tests.make.rooms import PASSWORD, Rooms

BLUE, BOSS = DomainName("blue"), UserName("boss")


@pytest.fixture
async def boss(rooms: Rooms) -> Actor:
    """The first administrator of the domain `blue`."""
    await create_domain(rooms.accounts, rooms.admin, BLUE, BOSS, PASSWORD)
    return await sign_in(rooms.accounts, "blue/boss", PASSWORD)


async def test_its_administrator_signs_in_with_the_domains_name(rooms: Rooms, boss: Actor) -> None:
    assert (boss.name, boss.is_admin, boss.domain_id != rooms.admin.domain_id) == ("boss", True, True)
    for login in ("boss", "default/boss", "green/boss", "/boss"):
        with pytest.raises(Unauthenticated):
            await sign_in(rooms.accounts, login, PASSWORD)
    await create_user(rooms.accounts, boss, UserName("admin"), "another long password")
    assert (await sign_in(rooms.accounts, "blue/admin", "another long password")).domain_id == boss.domain_id
    assert await sign_in(rooms.accounts, "admin", PASSWORD) == rooms.admin


async def test_only_operators_make_see_and_remove_domains(rooms: Rooms, boss: Actor) -> None:
    ann = await rooms.user("ann")
    default, admin = DomainName("default"), rooms.admin
    for actor, refused in (
        (ANONYMOUS, Unauthenticated),
        (ann, AccessDenied),
        (boss, AccessDenied),
        (replace(admin, limits={}), AccessDenied),
        (replace(admin, bounds=(Bound("*", Level.MANAGE),)), AccessDenied),
    ):
        for attempt in (
            create_domain(rooms.accounts, actor, DomainName("green"), BOSS, PASSWORD),
            list_domains(rooms.accounts, actor, "", 10),
            delete_domain(rooms.registry, actor, BLUE),
        ):
            with pytest.raises(refused):
                await attempt
    for actor, name in ((ann, BLUE), (boss, default), (ann, DomainName("green"))):
        with pytest.raises(AccessDenied):
            await show_domain(rooms.accounts, actor, name)
    assert (await show_domain(rooms.accounts, boss, BLUE)).id == boss.domain_id
    assert [one.name for one in await list_domains(rooms.accounts, admin, "", 10)] == ["blue", "default"]
    assert [one.name for one in await list_domains(rooms.accounts, admin, "blue", 1)] == ["default"]


async def test_names_are_taken_once_and_passwords_follow_the_rules(rooms: Rooms, boss: Actor) -> None:
    green = DomainName("green")
    with pytest.raises(PasswordInvalid):
        await create_domain(rooms.accounts, rooms.admin, green, BOSS, "short")
    results = await asyncio.gather(
        *(create_domain(rooms.accounts, rooms.admin, green, BOSS, PASSWORD) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["Domain", "DomainExists", "DomainExists"]
    with pytest.raises(DomainExists):
        await create_domain(rooms.accounts, rooms.admin, DomainName("default"), BOSS, PASSWORD)


async def test_a_domain_has_a_last_administrator_of_its_own(rooms: Rooms, boss: Actor) -> None:
    with pytest.raises(ParameterInvalid):
        await set_enabled(rooms.accounts, boss, BOSS, False)


async def test_a_domain_goes_with_all_its_people_when_it_owns_nothing(rooms: Rooms, boss: Actor) -> None:
    theirs, group = OrganizationName("theirs"), GroupName("team")
    await create_organization(rooms.registry, boss, theirs)
    await create_group(rooms.accounts, boss, group)
    await create_user(rooms.accounts, boss, UserName("ann"), PASSWORD)
    await add_group_member(rooms.accounts, boss, group, UserName("ann"))
    await set_grant(rooms.registry, boss, "theirs/*", Grantee(Kind.GROUP, "team"), Level.READ, None)
    token = await create_token(rooms.accounts, boss, TokenName("laptop"))
    robot = await create_robot(rooms.accounts, boss, RobotName("ci"), [Right("theirs", Level.READ)])
    assert robot.robot.login == "blue/robot$ci"
    await sign_in(rooms.accounts, robot.robot.login, robot.secret)
    with pytest.raises(DomainNotEmpty):
        await delete_domain(rooms.registry, rooms.admin, BLUE)
    await delete_organization(rooms.registry, boss, theirs)
    seq = await last_event(rooms.db)

    await delete_domain(rooms.registry, rooms.admin, BLUE)

    for login, secret in (
        ("blue/boss", PASSWORD),
        ("blue/ann", PASSWORD),
        ("blue/boss", token.secret),
        (robot.robot.login, robot.secret),
    ):
        with pytest.raises(Unauthenticated):
            await sign_in(rooms.accounts, login, secret)
    async with rooms.db.reading() as tx:
        subjects = (boss.subject, f"user:{robot.robot.id}", f"admins:{boss.domain_id}")
        assert await grants_of(tx, subjects) == []
        assert await tx.rows(select(membership)) == []
    with pytest.raises(DomainUnknown):
        await delete_domain(rooms.registry, rooms.admin, BLUE)
    assert [(row.type, row.subject) for row in await events_after(rooms.db, seq)] == [("domain.deleted", "blue")]


async def test_the_operators_domain_stays(rooms: Rooms) -> None:
    with pytest.raises(ParameterInvalid):
        await delete_domain(rooms.registry, rooms.admin, DomainName("default"))
