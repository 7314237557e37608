"""Lists of people, groups, robots, domains and organizations: in every order pages put together are the whole."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from entrepot.access.levels import Level
from entrepot.accounts.domains import list_domains
from entrepot.accounts.groups import create_group, list_groups
from entrepot.accounts.robots import create_robot, list_robots
from entrepot.accounts.rules import Right
from entrepot.accounts.users import create_user, list_users
from entrepot.db.walking import ListOrder, marker_of
from entrepot.registry.organizations import list_organizations_from
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import GroupName, RobotName, UserName
from tests.make.rooms import PASSWORD, Rooms

# Some are made at the same moment, some end at the same one, some never.
MADE = (("dora", 0, None), ("anna", 0, 30), ("carl", 5, 10), ("bert", 5, 30), ("emil", 9, None))
ORDERS = {
    ListOrder.NAME: lambda one: one.name,
    ListOrder.CREATED: lambda one: (one.created_at, one.name),
    ListOrder.ENDS: lambda one: (one.expires_at is None, one.expires_at or 0, one.name),
}
List = Callable[..., Awaitable[Sequence[Any]]]


@pytest.fixture
async def furnished(rooms: Rooms) -> Rooms:
    await rooms.organization("acme")
    start: datetime = rooms.clock.now()
    for name, second, days in MADE:
        rooms.clock.advance(seconds=second - (rooms.clock.now() - start).total_seconds())
        end = None if days is None else start + timedelta(days=days)
        await create_user(rooms.accounts, rooms.admin, UserName(name), PASSWORD, expires_at=end)
        await create_group(rooms.accounts, rooms.admin, GroupName(name), "")
        await create_robot(rooms.accounts, rooms.admin, RobotName(name), [Right("acme", Level.READ)], "", end)
        await rooms.domain(f"{name}-domain")
        await rooms.organization(f"{name}-team")
    return rooms


async def pages(list_: List, rooms: Rooms, order: ListOrder, descending: bool, limit: int) -> list[Any]:
    found: list[Any] = []
    while True:
        after = marker_of(order, found[-1]) if found else ""
        page = await list_(rooms.accounts, rooms.admin, after, limit, "", order, descending)
        assert len(page) <= limit
        if not page:
            return found
        found += page


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("list_", "orders"),
    [
        (list_users, list(ListOrder)),
        (list_robots, list(ListOrder)),
        (list_groups, [ListOrder.NAME, ListOrder.CREATED]),
        (list_domains, [ListOrder.NAME, ListOrder.CREATED]),
    ],
)
async def test_pages_are_the_whole_in_order(
    furnished: Rooms, list_: List, orders: Sequence[ListOrder], descending: bool
):
    everything = await list_(furnished.accounts, furnished.admin, "", 100)
    assert len(everything) >= len(MADE)
    for order in orders:
        expected = [one.name for one in sorted(everything, key=ORDERS[order], reverse=descending)]
        for limit in (1, 2, 100):
            found = await pages(list_, furnished, order, descending, limit)
            assert [one.name for one in found] == expected, (order, limit)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", [ListOrder.NAME, ListOrder.CREATED])
async def test_pages_of_organizations_are_the_whole_in_order(furnished: Rooms, order: ListOrder, descending: bool):
    async def page(marker: str, limit: int) -> tuple[Sequence[Any], str | None]:
        return await list_organizations_from(furnished.registry, furnished.admin, "", order, descending, marker, limit)

    everything, _ = await page("", 100)
    found, marker = await page("", 2)
    while marker:
        some, marker = await page(marker, 2)
        found = [*found, *some]
    assert found == sorted(everything, key=ORDERS[order], reverse=descending)
    assert len(found) == len(MADE) + 1


@pytest.mark.parametrize("marker", ["anna", "- anna", "2026-01-01T00:00:00 anna", "x a", "2026-01-01T00:00:00+00:00 "])
async def test_a_marker_of_another_list_is_refused(rooms: Rooms, marker: str):
    with pytest.raises(ParameterInvalid):
        await list_groups(rooms.accounts, rooms.admin, marker, 5, "", ListOrder.CREATED)
