"""Permissions of users, groups and robots on organizations, repositories and patterns: who gives them, until when."""

from datetime import UTC, datetime, timedelta

import pytest

from entrepot.access.actor import Actor
from entrepot.access.check import level_of
from entrepot.access.levels import Level
from entrepot.accounts.groups import add_group_member, create_group
from entrepot.accounts.login import sign_in
from entrepot.accounts.robots import WithSecret, create_robot
from entrepot.accounts.rules import Right
from entrepot.accounts.users import delete_user
from entrepot.registry.grants import Given, Grantee, Kind, list_grants, remove_grant, set_grant
from entrepot.registry.members import Wanted, add_members, change_members, list_members
from entrepot.registry.organizations import delete_organization
from entrepot.values.errors import (
    AccessDenied,
    GrantExists,
    GrantUnknown,
    GroupUnknown,
    OrganizationUnknown,
    ParameterInvalid,
    RepositoryUnknown,
    RobotUnknown,
    Unauthenticated,
    UserUnknown,
)
from entrepot.values.names import GroupName, OrganizationName, RepositoryName, RobotName, UserName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms

ACME, APP, PATTERN = OrganizationName("acme"), RepositoryName("acme/app"), "acme/team-*"
ANN = Grantee(Kind.USER, "ann")
TEAM = Grantee(Kind.GROUP, "team")
BOT = Grantee(Kind.ROBOT, "bot")
MIDNIGHT = datetime(2026, 1, 2, tzinfo=UTC)  # the rooms' clock begins a day earlier


@pytest.fixture
async def ann(rooms: Rooms, cast: Cast) -> Actor:
    """In the group `team`; neither holds anything. `boss` manages `acme`."""
    actor = await rooms.user("ann")
    await create_group(rooms.accounts, rooms.admin, GroupName("team"))
    await add_group_member(rooms.accounts, rooms.admin, GroupName("team"), UserName("ann"))
    await rooms.user("boss")
    await rooms.grant("acme", "boss", Level.MANAGE)
    return actor


@pytest.fixture
async def bot(rooms: Rooms, ann: Actor) -> WithSecret:
    """The administrator's, reading `acme/open`."""
    return await create_robot(rooms.accounts, rooms.admin, RobotName("bot"), [Right("acme/open", Level.READ)])


async def levels(rooms: Rooms, actor: Actor) -> list[Level]:
    async with rooms.db.reading() as tx:
        return [await level_of(tx, actor, name) for name in ("acme", "acme/app", "acme/team-a")]


@pytest.mark.parametrize(
    ("scope", "reached"),
    [
        (ACME, [Level.EDIT, Level.EDIT, Level.EDIT]),
        (APP, [Level.NONE, Level.EDIT, Level.NONE]),
        (PATTERN, [Level.NONE, Level.NONE, Level.EDIT]),
    ],
)
@pytest.mark.parametrize("grantee", [ANN, TEAM, BOT], ids=lambda one: str(one.kind))
async def test_what_is_given_reaches_until_it_is_taken_away(
    rooms: Rooms, bot: WithSecret, ann: Actor, scope: str, reached: list[Level], grantee: Grantee
) -> None:
    boss = await rooms.sign_in("boss")
    actor = await sign_in(rooms.accounts, bot.robot.login, bot.secret) if grantee is BOT else ann

    given = await set_grant(rooms.registry, boss, scope, grantee, Level.EDIT, None)

    assert (given.scope, given.grantee, given.level, given.ends_at) == (scope, grantee, Level.EDIT, None)
    assert await levels(rooms, actor) == reached
    await remove_grant(rooms.registry, boss, scope, grantee)
    assert await levels(rooms, actor) == [Level.NONE] * 3
    with pytest.raises(GrantUnknown):
        await remove_grant(rooms.registry, boss, scope, grantee)


async def test_only_managers_of_a_scope_give_take_and_see(rooms: Rooms, cast: Cast, ann: Actor) -> None:
    """Who manages a repository gives on it, and not on the organization or a pattern."""
    for who, scope, refused in (
        ("anonymous", ACME, Unauthenticated),
        ("stranger", ACME, OrganizationUnknown),
        ("manager", ACME, OrganizationUnknown),
        ("manager", PATTERN, OrganizationUnknown),
        ("anonymous", APP, Unauthenticated),
        ("stranger", APP, RepositoryUnknown),
        ("reader", APP, AccessDenied),
        ("editor", APP, AccessDenied),
        ("manager", RepositoryName("acme/open"), AccessDenied),
    ):
        with pytest.raises(refused):
            await set_grant(rooms.registry, cast[who], scope, ANN, Level.READ, None)
        with pytest.raises(refused):
            await remove_grant(rooms.registry, cast[who], scope, ANN)
        if isinstance(scope, OrganizationName | RepositoryName):
            with pytest.raises(refused):
                await list_grants(rooms.registry, cast[who], scope, ("", ""), 10)
    await set_grant(rooms.registry, cast["manager"], APP, ANN, Level.READ, None)


async def test_a_robot_gives_nothing_whatever_its_level(rooms: Rooms, ann: Actor) -> None:
    made = await create_robot(rooms.accounts, rooms.admin, RobotName("all"), [Right("acme", Level.MANAGE)])
    robot = await sign_in(rooms.accounts, made.robot.login, made.secret)

    for scope in (ACME, APP, PATTERN):
        with pytest.raises(AccessDenied):
            await set_grant(rooms.registry, robot, scope, ANN, Level.READ, None)


async def test_nobody_gives_to_themselves_not_through_a_group_or_a_robot_either(rooms: Rooms, ann: Actor) -> None:
    await rooms.grant("acme", "ann", Level.MANAGE)
    await create_robot(rooms.accounts, ann, RobotName("own"), [Right("acme/app", Level.READ)])

    for grantee in (ANN, TEAM, Grantee(Kind.ROBOT, "own")):
        for scope in (ACME, APP, PATTERN):
            with pytest.raises(AccessDenied, match="themselves"):
                await set_grant(rooms.registry, ann, scope, grantee, Level.READ, None)
            with pytest.raises(AccessDenied, match="themselves"):
                await remove_grant(rooms.registry, ann, scope, grantee)


async def test_a_robot_that_reaches_what_one_does_not_manage_is_unknown(rooms: Rooms, ann: Actor) -> None:
    await rooms.organization("rest")
    await create_robot(rooms.accounts, rooms.admin, RobotName("far"), [Right("rest", Level.READ)])
    boss = await rooms.sign_in("boss")

    with pytest.raises(RobotUnknown):
        await set_grant(rooms.registry, boss, ACME, Grantee(Kind.ROBOT, "far"), Level.READ, None)


async def test_what_has_an_end_counts_until_its_day_is_over(rooms: Rooms, ann: Actor) -> None:
    await set_grant(rooms.registry, rooms.admin, ACME, ANN, Level.EDIT, MIDNIGHT)
    rooms.clock.advance(hours=23)
    assert (await levels(rooms, ann))[0] is Level.EDIT

    rooms.clock.advance(hours=1)

    assert (await levels(rooms, ann))[0] is Level.NONE
    with pytest.raises(ParameterInvalid):
        await set_grant(rooms.registry, rooms.admin, ACME, ANN, Level.EDIT, MIDNIGHT)


async def test_the_contracts_calls_keep_an_end_and_take_what_is_past_for_nothing(rooms: Rooms, ann: Actor) -> None:
    await set_grant(rooms.registry, rooms.admin, ACME, ANN, Level.EDIT, MIDNIGHT)
    with pytest.raises(GrantExists):
        await add_members(rooms.registry, rooms.admin, ACME, [Wanted("ann", Level.READ)])
    await change_members(rooms.registry, rooms.admin, ACME, [Wanted("ann", Level.READ)])

    (given,) = [one for one in await everything(rooms, ACME) if one.grantee == ANN]
    assert (given.level, given.ends_at) == (Level.READ, MIDNIGHT)

    rooms.clock.advance(days=1)
    assert "ann" not in [one.user_name for one in (await list_members(rooms.registry, rooms.admin, ACME)).others]
    with pytest.raises(GrantUnknown):
        await change_members(rooms.registry, rooms.admin, ACME, [Wanted("ann", Level.READ)])
    await add_members(rooms.registry, rooms.admin, ACME, [Wanted("ann", Level.READ)])
    assert (await levels(rooms, ann))[0] is Level.READ


async def everything(rooms: Rooms, scope: OrganizationName | RepositoryName, page: int = 100) -> list[Given]:
    found, after = list[Given](), ("", "")
    while rows := await list_grants(rooms.registry, rooms.admin, scope, after, page):
        found += rows
        after = (rows[-1].scope, rows[-1].subject)
    return found


async def test_an_organizations_list_has_its_patterns_and_pages(rooms: Rooms, ann: Actor, bot: WithSecret) -> None:
    boss = await rooms.sign_in("boss")
    for scope, grantee in ((ACME, TEAM), (ACME, BOT), (PATTERN, ANN), ("acme/*", TEAM), (APP, ANN)):
        await set_grant(rooms.registry, boss, scope, grantee, Level.EDIT, None)

    whole = await everything(rooms, ACME)

    names = [(one.scope, one.grantee.name) for one in whole]
    assert sorted(names[:4]) == [("acme", "admin"), ("acme", "boss"), ("acme", "bot"), ("acme", "team")]
    assert names[4:] == [("acme/*", "team"), ("acme/team-*", "ann")]
    assert await everything(rooms, ACME, page=1) == await everything(rooms, ACME, page=4) == whole
    of_app = [(one.scope, one.grantee.name) for one in await everything(rooms, APP)]
    assert sorted(of_app) == [(APP, "ann"), (APP, "editor"), (APP, "manager"), (APP, "reader")]
    assert [one.user_name for one in (await list_members(rooms.registry, rooms.admin, ACME)).others] == ["boss"]


async def test_who_or_what_is_not_there_gets_nothing(rooms: Rooms, ann: Actor) -> None:
    for grantee, refused in (
        (Grantee(Kind.USER, "nobody"), UserUnknown),
        (Grantee(Kind.GROUP, "ann"), GroupUnknown),
        (Grantee(Kind.ROBOT, "ann"), RobotUnknown),
    ):
        with pytest.raises(refused):
            await set_grant(rooms.registry, rooms.admin, ACME, grantee, Level.READ, None)
    with pytest.raises(OrganizationUnknown):
        await set_grant(rooms.registry, rooms.admin, "nowhere/*", ANN, Level.READ, None)


async def test_what_was_given_goes_with_its_organization_and_with_its_grantee(rooms: Rooms, ann: Actor) -> None:
    other = await rooms.organization("other")
    await set_grant(rooms.registry, rooms.admin, "other/*", ANN, Level.READ, None)
    await set_grant(rooms.registry, rooms.admin, ACME, ANN, Level.READ, None)

    await delete_organization(rooms.registry, rooms.admin, other)
    await rooms.organization("other")
    assert [one.grantee.name for one in await everything(rooms, other)] == ["admin"]

    await delete_user(rooms.accounts, rooms.admin, UserName("ann"))
    assert "ann" not in [one.grantee.name for one in await everything(rooms, ACME)]


async def test_what_is_given_and_taken_is_told(rooms: Rooms, ann: Actor) -> None:
    seq = await last_event(rooms.db)
    await set_grant(rooms.registry, rooms.admin, PATTERN, ANN, Level.READ, MIDNIGHT)
    await set_grant(rooms.registry, rooms.admin, PATTERN, ANN, Level.EDIT, MIDNIGHT + timedelta(days=1))
    await remove_grant(rooms.registry, rooms.admin, PATTERN, ANN)

    told = await events_after(rooms.db, seq)

    first, second = "2026-01-02T00:00:00.000000Z", "2026-01-03T00:00:00.000000Z"
    to_ann = {"grantee": ann.subject}
    assert [(row.type, row.subject, row.organization, row.data) for row in told] == [
        ("grant.set", PATTERN, "acme", {**to_ann, "level": 1, "expires_at": first, "before": {}}),
        (
            "grant.set",
            PATTERN,
            "acme",
            {**to_ann, "level": 3, "expires_at": second, "before": {"level": 1, "expires_at": first}},
        ),
        ("grant.removed", PATTERN, "acme", {**to_ann, "before": {"level": 3, "expires_at": second}}),
    ]
