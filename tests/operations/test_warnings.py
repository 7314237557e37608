"""Warnings: what needs somebody, told to whoever can do something about it and to nobody else."""

import shutil
from collections import namedtuple
from dataclasses import replace
from datetime import timedelta

import pytest

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.access.levels import Level
from entrepot.accounts.expiring import list_expiring
from entrepot.accounts.personal_tokens import create_token
from entrepot.accounts.robots import create_robot
from entrepot.accounts.rules import Right
from entrepot.jobs.living import Heartbeat, ProcessKind
from entrepot.operations.backed_up import Backup, note_backup
from entrepot.operations.room import Operations
from entrepot.operations.warnings import BackupOld, WorkersGone, list_warnings
from entrepot.upkeep.reading import Pace
from entrepot.upkeep.verification import request_verification
from entrepot.upkeep.verify import verify
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


async def test_an_old_backup_is_told_to_operators_where_that_is_wished(rooms: Rooms) -> None:
    wishing = replace(rooms.operations, backup_warn_days=2)

    async def told(operations: Operations = wishing, actor: Actor = rooms.admin) -> BackupOld | None:
        return (await list_warnings(operations, rooms.accounts, actor)).backup

    assert await told() == BackupOld(None)
    made_at = rooms.clock.now()
    for place, hours in (("/mnt/a", 0), ("s3://b/c", -9)):
        at = made_at + timedelta(hours=hours)
        await note_backup(rooms.db, Backup(place, "s", at, made_at, 3, 4))
    assert await told() is None
    rooms.clock.advance(days=2)
    assert await told() is None
    rooms.clock.advance(seconds=1)
    assert await told() == BackupOld(made_at)
    assert await told(rooms.operations) is None, "nobody wished it"
    assert await told(actor=await rooms.user("ann")) is None


async def test_that_no_worker_lives_is_told_to_operators_after_some_minutes(rooms: Rooms) -> None:
    server = Heartbeat(rooms.db, rooms.clock, ProcessKind.SERVER, 600)
    worker = Heartbeat(rooms.db, rooms.clock, ProcessKind.WORKER, 10)
    begun = rooms.clock.now()
    await server.beat()

    async def told(actor: Actor = rooms.admin) -> WorkersGone | None:
        return (await list_warnings(rooms.operations, rooms.accounts, actor)).workers

    assert await told() is None, "the server has just started"
    rooms.clock.advance(minutes=5)
    assert await told() == WorkersGone(begun, 3)
    assert await told(await rooms.user("ann")) is None
    await worker.beat()
    seen = rooms.clock.now()
    assert await told() is None
    rooms.clock.advance(minutes=4)
    assert await told() is None, "it may come back"
    rooms.clock.advance(minutes=1)
    await server.beat()

    assert await told() == WorkersGone(seen, 3)


async def test_blobs_that_are_not_as_they_were_pushed_are_told_to_operators(rooms: Rooms) -> None:
    await rooms.organization("acme")
    lost = (await rooms.push("acme/app", "v1")).blobs[0]
    assert (await list_warnings(rooms.operations, rooms.accounts, rooms.admin)).blobs is None
    del rooms.blobs._blobs[lost.digest]
    asked = await request_verification(rooms.upkeep, rooms.admin)
    await verify(rooms.upkeep, asked.id, Pace())
    found = await list_warnings(rooms.operations, rooms.accounts, rooms.admin)
    assert (found.blobs, bool(found)) == (1, True)
    assert (await list_warnings(rooms.operations, rooms.accounts, await rooms.user("ann"))).blobs is None
