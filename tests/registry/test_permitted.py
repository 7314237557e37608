"""Everything that counts for a repository, wherever it was given and to whom."""

from collections.abc import Sequence

import pytest

from entrepot.access.levels import Level
from entrepot.access.scopes import parse_scope
from entrepot.accounts.robots import create_robot
from entrepot.accounts.rules import Right
from entrepot.registry.explaining import Because
from entrepot.registry.grants import Grantee, Kind, set_grant
from entrepot.registry.permitted import list_permissions
from entrepot.registry.room import Registry
from entrepot.values.errors import AccessDenied, RepositoryUnknown
from entrepot.values.names import RepositoryName, RobotName
from tests.make.cast import Cast
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")
MANAGE, EDIT, READ = Level.MANAGE, Level.EDIT, Level.READ


def told(found: Sequence[Because]) -> list[tuple[str, str, str, Level]]:
    return [(one.scope, one.kind, one.name, one.level) for one in found]


async def test_a_manager_sees_everything_that_counts_and_where_it_was_given(
    rooms: Rooms, registry: Registry, cast: Cast
):
    for scope, level in (("acme", READ), ("acme/ap*", EDIT), ("acme/b*", MANAGE), ("acme/app", READ)):
        await set_grant(registry, cast["admin"], parse_scope(scope), Grantee(Kind.USER, "stranger"), level, None)
    await create_robot(rooms.accounts, rooms.admin, RobotName("ci"), [Right("acme/app", READ)])
    await rooms.share(APP, await rooms.domain("guests"))
    await rooms.publish(APP)

    found, following = await list_permissions(registry, cast["manager"], APP, "", 50)

    assert following is None
    assert [one for one in told(found) if one[2] == "stranger"] == [
        ("acme", "user", "stranger", READ),
        ("acme/ap*", "user", "stranger", EDIT),
        ("acme/app", "user", "stranger", READ),
    ]
    for expected in (
        ("acme", "administrators", "default", MANAGE),
        ("acme", "user", "admin", MANAGE),
        ("acme/app", "user", "manager", MANAGE),
        ("acme/app", "robot", "ci", READ),
        ("acme/app", "share", "guests", READ),
        ("acme/app", "public", "", READ),
    ):
        assert expected in told(found)


async def test_its_pages_follow_each_other(registry: Registry, cast: Cast):
    found, _ = await list_permissions(registry, cast["manager"], APP, "", 50)
    walked: list[Because] = []
    marker: str | None = ""
    while marker is not None:
        page, marker = await list_permissions(registry, cast["manager"], APP, marker, 2)
        assert len(page) <= 2
        walked += page
    assert told(walked) == told(found)


async def test_who_does_not_manage_it_sees_no_permissions_of_others(registry: Registry, cast: Cast):
    with pytest.raises(AccessDenied):
        await list_permissions(registry, cast["editor"], APP, "", 50)
    with pytest.raises(RepositoryUnknown):
        await list_permissions(registry, cast["stranger"], APP, "", 50)
