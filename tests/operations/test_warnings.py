"""Warnings: what needs somebody, told to whoever can do something about it and to nobody else."""

import shutil
from collections import namedtuple
from datetime import timedelta

import pytest

from entrepot.access.actor import ANONYMOUS
from entrepot.access.levels import Level
from entrepot.accounts.expiring import list_expiring
from entrepot.accounts.personal_tokens import create_token
from entrepot.accounts.robots import create_robot
from entrepot.accounts.rules import Right
from entrepot.operations.warnings import list_warnings
from entrepot.values.errors import Unauthenticated
from entrepot.values.names import RobotName, TokenName
from tests.make.rooms import Rooms

Usage = namedtuple("Usage", ("total", "used", "free"))
ALL = (Right("acme", Level.READ),)


async def furnish(rooms: Rooms) -> None:
    """Robots and tokens that end in 3 and in 30 days, and one that never does."""
    await rooms.organization("acme")
    now = rooms.clock.now()
    for name, days in (("soon", 3), ("later", 30), ("never", None)):
        end = None if days is None else now + timedelta(days=days)
        await create_robot(rooms.accounts, rooms.admin, RobotName(name), [Right("acme", Level.READ)], expires_at=end)
        await create_token(rooms.accounts, rooms.admin, TokenName(name), ALL, end)


async def test_credentials_are_told_that_end_soon_or_have_just_ended(rooms: Rooms) -> None:
    await furnish(rooms)
    told = await list_expiring(rooms.accounts, rooms.admin)
    assert sorted((one.kind, one.name) for one in told) == [("robot", "soon"), ("token", "soon")]
    rooms.clock.advance(days=8)
    assert sorted(one.name for one in await list_expiring(rooms.accounts, rooms.admin)) == ["soon", "soon"]
    rooms.clock.advance(days=12)
    assert sorted(one.name for one in await list_expiring(rooms.accounts, rooms.admin)) == ["later", "later"]


async def test_nobody_is_told_of_others_credentials(rooms: Rooms) -> None:
    await furnish(rooms)
    ann = await rooms.user("ann")
    assert await list_expiring(rooms.accounts, ann) == []
    with pytest.raises(Unauthenticated):
        await list_expiring(rooms.accounts, ANONYMOUS)


async def test_a_disk_that_is_nearly_full_is_told_to_operators(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(1_000, 901, 99))
    ann = await rooms.user("ann")
    found = await list_warnings(rooms.operations, rooms.accounts, rooms.admin)
    has_folder = rooms.operations.place.folder is not None
    assert (found.disk is not None) == has_folder
    assert (await list_warnings(rooms.operations, rooms.accounts, ann)).disk is None
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(1_000, 100, 900))
    assert (await list_warnings(rooms.operations, rooms.accounts, rooms.admin)).disk is None
