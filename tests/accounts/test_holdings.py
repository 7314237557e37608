"""What hangs on a user is told to administrators and to themselves, and lists are narrowed by a part of names."""

import pytest

from entrepot.access.levels import Level
from entrepot.accounts.domains import list_domains
from entrepot.accounts.groups import add_group_member, create_group, list_group_grants, list_groups
from entrepot.accounts.guessing import count_wrong
from entrepot.accounts.holdings import show_holdings
from entrepot.accounts.operators import operates
from entrepot.accounts.robots import create_robot, list_robots
from entrepot.accounts.rules import Right
from entrepot.accounts.sessions import begin_session
from entrepot.accounts.users import list_users
from entrepot.registry.grants import Grantee, Kind, set_grant
from entrepot.values.errors import AccessDenied, GroupUnknown, TooManyLogins, UserUnknown
from entrepot.values.names import GroupName, OrganizationName, RobotName, UserName
from tests.make.rooms import Rooms

ANN, TEAM = UserName("ann"), GroupName("team")


async def test_what_a_user_holds_is_told_whole(rooms: Rooms) -> None:
    acme = await rooms.organization("acme")
    ann = await rooms.user("ann")
    await create_group(rooms.accounts, rooms.admin, TEAM)
    await add_group_member(rooms.accounts, rooms.admin, TEAM, ANN)
    await set_grant(rooms.registry, rooms.admin, acme, Grantee(Kind.USER, "ann"), Level.MANAGE, None)
    await create_robot(rooms.accounts, ann, RobotName("ci"), [Right("acme", Level.READ)])
    await rooms.key(ann)
    await begin_session(rooms.accounts, ann)

    held = await show_holdings(rooms.accounts, rooms.admin, ANN)

    assert (held.groups, held.robots, held.keys, held.tokens, held.sessions) == (["team"], ["ci"], 1, 0, 1)
    assert [(one.scope, one.level) for one in held.grants] == [("acme", Level.MANAGE)]
    assert held.identities == [] and held.waits_until is None
    assert await show_holdings(rooms.accounts, ann, ANN) == held


async def test_whose_password_was_guessed_at_is_said_to_wait(rooms: Rooms) -> None:
    await rooms.user("ann")
    for _ in range(rooms.accounts.settings.login_tries_account):
        await count_wrong(rooms.accounts, "ann")

    assert (await show_holdings(rooms.accounts, rooms.admin, ANN)).waits_until is not None
    with pytest.raises(TooManyLogins):
        await count_wrong(rooms.accounts, "ann")


async def test_nobody_else_is_told(rooms: Rooms) -> None:
    await rooms.user("ann")
    ben = await rooms.user("ben")
    with pytest.raises(AccessDenied):
        await show_holdings(rooms.accounts, ben, ANN)
    with pytest.raises(UserUnknown):
        await show_holdings(rooms.accounts, rooms.admin, UserName("nobody"))


async def test_what_a_group_was_given_is_told_to_administrators(rooms: Rooms) -> None:
    acme = await rooms.organization("acme")
    await create_group(rooms.accounts, rooms.admin, TEAM)
    await set_grant(rooms.registry, rooms.admin, acme, Grantee(Kind.GROUP, "team"), Level.EDIT, None)

    found = await list_group_grants(rooms.accounts, rooms.admin, TEAM)

    assert [(one.scope, one.level) for one in found] == [("acme", Level.EDIT)]
    with pytest.raises(GroupUnknown):
        await list_group_grants(rooms.accounts, rooms.admin, GroupName("other"))
    with pytest.raises(AccessDenied):
        await list_group_grants(rooms.accounts, await rooms.user("ann"), TEAM)


@pytest.mark.parametrize(
    ("part", "names"), [("", ["Ann", "admin", "hann_a"]), ("AN", ["Ann", "hann_a"]), ("_", ["hann_a"])]
)
async def test_lists_are_narrowed_by_a_part_of_names(rooms: Rooms, part: str, names: list[str]) -> None:
    for name in ("Ann", "hann_a"):
        await rooms.user(name)

    found = await list_users(rooms.accounts, rooms.admin, "", 10, part)

    assert sorted(one.name for one in found) == sorted(names)


async def test_groups_robots_and_domains_are_narrowed_alike(rooms: Rooms) -> None:
    await rooms.organization("acme")
    for name in ("team-one", "other"):
        await create_group(rooms.accounts, rooms.admin, GroupName(name))
        await create_robot(rooms.accounts, rooms.admin, RobotName(name), [Right(OrganizationName("acme"), Level.READ)])
        await rooms.domain(name)

    assert [one.name for one in await list_groups(rooms.accounts, rooms.admin, "", 10, "am-")] == ["team-one"]
    assert [one.name for one in await list_robots(rooms.accounts, rooms.admin, "", 10, "am-")] == ["team-one"]
    assert await list_robots(rooms.accounts, rooms.admin, "", 10, "robot") == []
    assert [one.name for one in await list_domains(rooms.accounts, rooms.admin, "", 10, "am-")] == ["team-one"]


async def test_only_administrators_of_the_first_domain_operate(rooms: Rooms) -> None:
    await rooms.domain("partner")
    assert await operates(rooms.accounts, rooms.admin)
    assert not await operates(rooms.accounts, await rooms.user("ann"))
    assert not await operates(rooms.accounts, await rooms.sign_in("partner/boss"))
