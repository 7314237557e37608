"""Robots: who makes and sees them, what they reach, how their secrets turn, and what ends them."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from entrepot.access.actor import ANONYMOUS, Actor, Bound
from entrepot.access.check import level_of, require
from entrepot.access.levels import FOR_PEOPLE, Action, Level
from entrepot.accounts.login import sign_in
from entrepot.accounts.robots import (
    WithSecret,
    change_robot,
    create_robot,
    delete_robot,
    disable_robot,
    enable_robot,
    list_robots,
    rotate_secret,
    show_robot,
)
from entrepot.accounts.rules import Right
from entrepot.accounts.tokens import issue_refresh_token, issue_token, read_token
from entrepot.accounts.users import set_enabled, update_user
from entrepot.registry.members import remove_members
from entrepot.registry.organizations import create_organization
from entrepot.registry.pull import Pulls
from entrepot.values.errors import (
    AccessDenied,
    ParameterInvalid,
    RobotExists,
    RobotUnknown,
    Unauthenticated,
)
from entrepot.values.names import OrganizationName, RobotName, UserName
from tests.make.looking import events_after, last_event
from tests.make.rooms import PASSWORD, Rooms
from tests.make.wire import basic

CI = RobotName("ci")
PUSH_WEB = [Right("acme/web-*", Level.EDIT)]


@pytest.fixture
async def manager(rooms: Rooms) -> Actor:
    """Manages `acme`, which has `acme/web-1` and `acme/other`; another organization is `rest`."""
    for name in ("acme", "rest"):
        await rooms.organization(name)
    for path in ("acme/web-1", "acme/other", "rest/web-1"):
        await rooms.push(path, "v1")
    actor = await rooms.user("manager")
    await rooms.grant("acme", "manager", Level.MANAGE)
    return actor


async def make(rooms: Rooms, actor: Actor, rights: list[Right] = PUSH_WEB, **more: Any) -> WithSecret:
    return await create_robot(rooms.accounts, actor, CI, rights, **more)


async def signed_in(rooms: Rooms, secret: str, login: str = "robot$ci") -> Actor:
    return await sign_in(rooms.accounts, login, secret)


async def is_refused(attempt: Awaitable[Any]) -> bool:
    try:
        await attempt
    except Unauthenticated:
        return True
    return False


async def test_a_robot_reaches_its_scopes_and_nothing_else(rooms: Rooms, manager: Actor) -> None:
    made = await make(rooms, manager, [*PUSH_WEB, Right("acme/other", Level.READ)])

    robot = await signed_in(rooms, made.secret)

    async with rooms.db.reading() as tx:
        levels = {
            path: await level_of(tx, robot, path) for path in ("acme", "acme/web-1", "acme/web-2", "acme/other", "rest")
        }
    assert levels == {
        "acme": Level.NONE,
        "acme/web-1": Level.EDIT,
        "acme/web-2": Level.EDIT,
        "acme/other": Level.READ,
        "rest": Level.NONE,
    }
    assert robot.subjects == ("*", f"user:{made.robot.id}")
    assert await Pulls(rooms.registry).manifest(robot, "acme/web-1", "v1", with_body=False) is not None
    assert await Pulls(rooms.registry).manifest(robot, "rest/web-1", "v1", with_body=False) is None


async def test_a_robot_decides_about_nobody(rooms: Rooms, manager: Actor) -> None:
    robot = await signed_in(rooms, (await make(rooms, manager, [Right("acme", Level.MANAGE)])).secret)

    async with rooms.db.reading() as tx:
        for action in Action:
            if action in FOR_PEOPLE:
                with pytest.raises(AccessDenied, match="needs a person"):
                    await require(tx, robot, action, "acme/web-1")
            else:
                await require(tx, robot, action, "acme/web-1")
    with pytest.raises(AccessDenied):
        await create_organization(rooms.registry, robot, OrganizationName("new"))
    with pytest.raises(AccessDenied):
        await create_robot(rooms.accounts, robot, RobotName("second"), PUSH_WEB)


@pytest.mark.parametrize("scope", ["rest", "rest/web-1", "rest/*", "nowhere/app"])
async def test_nobody_gives_a_robot_what_they_do_not_manage(rooms: Rooms, manager: Actor, scope: str) -> None:
    with pytest.raises(AccessDenied):
        await make(rooms, manager, [*PUSH_WEB, Right(scope, Level.READ)])
    await make(rooms, manager)
    with pytest.raises(AccessDenied):
        await change_robot(rooms.accounts, manager, CI, rights=[Right(scope, Level.READ)])
    assert (await show_robot(rooms.accounts, manager, CI)).rights == PUSH_WEB


async def test_a_manager_of_one_repository_makes_no_robots(rooms: Rooms, manager: Actor) -> None:
    ann = await rooms.user("ann")
    await rooms.grant("acme/web-1", "ann", Level.MANAGE)

    with pytest.raises(AccessDenied):
        await make(rooms, ann, [Right("acme/web-1", Level.READ)])


@pytest.mark.parametrize(
    "rights",
    [[], [Right("acme", Level.READ), Right("acme", Level.EDIT)], [Right(f"acme/a{n}", Level.READ) for n in range(21)]],
)
async def test_rights_are_some_and_each_scope_is_named_once(rooms: Rooms, manager: Actor, rights: list[Right]) -> None:
    with pytest.raises(ParameterInvalid):
        await make(rooms, manager, rights)


async def test_names_are_taken_once_in_a_domain(rooms: Rooms, manager: Actor) -> None:
    results = await asyncio.gather(*(make(rooms, manager) for _ in range(3)), return_exceptions=True)

    assert sorted(type(one).__name__ for one in results) == ["RobotExists", "RobotExists", "WithSecret"]
    with pytest.raises(RobotExists):
        await make(rooms, rooms.admin)


async def test_robots_are_seen_by_their_owner_by_who_manages_all_they_reach_and_by_administrators(
    rooms: Rooms, manager: Actor
) -> None:
    owner, stranger = await rooms.user("owner"), await rooms.user("stranger")
    for scope in ("acme", "rest"):
        await rooms.grant(scope, "owner", Level.MANAGE)
    await create_robot(rooms.accounts, owner, RobotName("both"), [*PUSH_WEB, Right("rest", Level.READ)])
    await create_robot(rooms.accounts, owner, RobotName("one"), PUSH_WEB)

    seen = {
        actor.name: [robot.name for robot in await list_robots(rooms.accounts, actor, "", 10)]
        for actor in (owner, manager, stranger, rooms.admin)
    }

    assert seen == {"owner": ["both", "one"], "manager": ["one"], "stranger": [], "admin": ["both", "one"]}
    assert [robot.name for robot in await list_robots(rooms.accounts, owner, "both", 1)] == ["one"]
    for attempt in (show_robot, delete_robot, disable_robot, rotate_secret):
        with pytest.raises(RobotUnknown):
            await attempt(rooms.accounts, manager, RobotName("both"))
    bounded = replace(owner, bounds=(Bound("*", Level.MANAGE),))
    for actor, refused in ((ANONYMOUS, Unauthenticated), (bounded, AccessDenied)):
        with pytest.raises(refused):
            await list_robots(rooms.accounts, actor, "", 10)


async def test_who_no_longer_manages_what_a_robot_reaches_gets_no_secret_of_it(rooms: Rooms, manager: Actor) -> None:
    owner = await rooms.user("owner")
    await rooms.grant("acme", "owner", Level.MANAGE)
    await make(rooms, owner)
    await remove_members(rooms.registry, rooms.admin, OrganizationName("acme"), [owner.id])

    for attempt in (rotate_secret, enable_robot, change_robot):
        with pytest.raises(AccessDenied):
            await attempt(rooms.accounts, owner, CI)
    assert not (await disable_robot(rooms.accounts, owner, CI)).is_enabled


async def test_two_secrets_work_until_the_old_one_ends(rooms: Rooms, manager: Actor) -> None:
    first = await make(rooms, manager)
    until = rooms.clock.now() + timedelta(hours=1)

    second = await rotate_secret(rooms.accounts, manager, CI, until)

    assert second.secret != first.secret
    assert (await signed_in(rooms, first.secret)).until == until.timestamp()
    await signed_in(rooms, second.secret)
    rooms.clock.advance(hours=1)
    assert await is_refused(signed_in(rooms, first.secret))
    await signed_in(rooms, second.secret)


async def test_without_overlap_the_old_secret_ends_at_once(rooms: Rooms, manager: Actor) -> None:
    first = await make(rooms, manager)
    second = await rotate_secret(rooms.accounts, manager, CI, rooms.clock.now() + timedelta(days=1))
    third = await rotate_secret(rooms.accounts, manager, CI)

    assert await is_refused(signed_in(rooms, first.secret))
    assert await is_refused(signed_in(rooms, second.secret))
    await signed_in(rooms, third.secret)
    for wrong in (rooms.clock.now(), rooms.clock.now() + timedelta(days=91)):
        with pytest.raises(ParameterInvalid):
            await rotate_secret(rooms.accounts, manager, CI, wrong)


async def test_what_was_remembered_of_a_robot_ends_with_it(rooms: Rooms, manager: Actor) -> None:
    """By a remembered header, and by a registry token of it, each on the pull path's one read."""
    made = await make(rooms, manager)
    pulls, header = Pulls(rooms.registry), basic("robot$ci", made.secret)["Authorization"].encode()

    async def pull() -> tuple[bool, bool]:
        actor = rooms.credentials.remembered(header, rooms.clock.now().timestamp())
        return actor is not None, actor is not None and (
            await pulls.manifest(actor, "acme/web-1", "v1", with_body=False) is not None
        )

    for ending in (
        disable_robot(rooms.accounts, manager, CI),
        set_enabled(rooms.accounts, rooms.admin, UserName("manager"), False),
        delete_robot(rooms.accounts, rooms.admin, CI),
    ):
        await enable_robot(rooms.accounts, rooms.admin, CI)  # and so own it, when its owner is shut out
        actor = await rooms.credentials.actor(header)
        token = (await issue_token(rooms.accounts, actor, [])).token
        assert await pull() == (True, True)

        await ending

        assert await pull() == (True, False)
        assert await is_refused(rooms.credentials.actor(header))
        assert await is_refused(read_token(rooms.accounts, token))


async def test_a_robot_ends_when_it_or_its_owner_does(rooms: Rooms, manager: Actor) -> None:
    made = await make(rooms, manager, expires_at=rooms.clock.now() + timedelta(days=2))
    with pytest.raises(ParameterInvalid):
        await make(rooms, manager, expires_at=rooms.clock.now())

    actor = await signed_in(rooms, made.secret)

    assert actor.until == (rooms.clock.now() + timedelta(days=2)).timestamp()
    rooms.clock.advance(days=2)
    assert await is_refused(signed_in(rooms, made.secret))
    await change_robot(rooms.accounts, manager, CI, expires_at=None)
    await signed_in(rooms, made.secret)
    await set_enabled(rooms.accounts, rooms.admin, UserName("manager"), False)
    assert await is_refused(signed_in(rooms, made.secret))


async def test_a_robot_ends_with_the_end_of_its_owner(rooms: Rooms, manager: Actor) -> None:
    made, name = await make(rooms, manager), UserName("manager")
    header = basic("robot$ci", made.secret)["Authorization"].encode()
    await rooms.credentials.actor(header)
    end = rooms.clock.now() + timedelta(seconds=30)

    await update_user(rooms.accounts, rooms.admin, name, expires_at=end)

    actor = await rooms.credentials.actor(header)
    assert actor.until == end.timestamp()
    rooms.clock.advance(seconds=30)
    assert rooms.credentials.remembered(header, rooms.clock.now().timestamp()) is None
    assert await is_refused(rooms.credentials.actor(header))


async def test_who_enables_a_robot_whose_owner_is_shut_out_owns_it(rooms: Rooms, manager: Actor) -> None:
    made = await make(rooms, manager)
    await set_enabled(rooms.accounts, rooms.admin, UserName("manager"), False)

    enabled = await enable_robot(rooms.accounts, rooms.admin, CI)

    assert enabled.owner_name == "admin"
    await signed_in(rooms, made.secret)


async def test_secrets_are_wrong_in_the_same_words_as_passwords(rooms: Rooms, manager: Actor) -> None:
    made = await make(rooms, manager)
    said = set()
    for login, secret in (
        ("robot$ci", PASSWORD),
        ("robot$ci", "!"),
        ("robot$ci", ""),
        ("robot$ci", "\ud800"),
        ("robot$nobody", made.secret),
        ("ci", made.secret),
        ("nowhere/robot$ci", made.secret),
        ("robot$c\0i", made.secret),
        ("manager", made.secret),
    ):
        with pytest.raises(Unauthenticated) as refused:
            await signed_in(rooms, secret, login)
        said.add(refused.value.message)
    assert len(said) == 1
    await signed_in(rooms, made.secret, "default/robot$ci")


async def test_a_robot_gets_no_refresh_token(rooms: Rooms, manager: Actor) -> None:
    robot = await signed_in(rooms, (await make(rooms, manager)).secret)

    assert await issue_refresh_token(rooms.accounts, robot) is None


async def test_when_a_robot_was_last_used_is_written_a_moment_later(rooms: Rooms, manager: Actor) -> None:
    made = await make(rooms, manager)
    header = basic("robot$ci", made.secret)["Authorization"].encode()
    await rooms.credentials.actor(header)
    assert (await show_robot(rooms.accounts, manager, CI)).last_used_at is None

    await rooms.accounts.uses.keep()

    assert (await show_robot(rooms.accounts, manager, CI)).last_used_at == rooms.clock.now()
    rooms.clock.advance(seconds=59)
    assert rooms.credentials.remembered(header, rooms.clock.now().timestamp()) is not None
    rooms.clock.advance(seconds=1)
    assert rooms.credentials.remembered(header, rooms.clock.now().timestamp()) is None


async def test_what_happens_to_robots_is_told_without_secrets(rooms: Rooms, manager: Actor) -> None:
    seq = await last_event(rooms.db)
    made = await make(rooms, manager)
    await change_robot(rooms.accounts, manager, CI, description="builds", rights=[Right("acme", Level.READ)])
    rotated = await rotate_secret(rooms.accounts, manager, CI)
    await disable_robot(rooms.accounts, manager, CI)
    await enable_robot(rooms.accounts, manager, CI)
    await delete_robot(rooms.accounts, manager, CI)

    told = await events_after(rooms.db, seq)

    by_id = {"robot_id": made.robot.id}
    assert [(row.type, row.subject, row.data) for row in told] == [
        ("robot.created", "ci", {**by_id, "rights": [["acme/web-*", 3]], "expires_at": None}),
        (
            "robot.changed",
            "ci",
            {
                **by_id,
                "description": "builds",
                "rights": [["acme", 1]],
                "expires_at": None,
                "before": {"description": "", "rights": [["acme/web-*", 3]]},
            },
        ),
        ("robot.rotated", "ci", {**by_id, "old_until": None}),
        ("robot.disabled", "ci", by_id),
        ("robot.enabled", "ci", {**by_id, "owner": manager.subject}),
        ("robot.deleted", "ci", by_id),
    ]
    assert {row.actor for row in told} == {manager.subject}
    for secret in (made.secret, rotated.secret):
        assert not any(secret in str(row.data) for row in told)
