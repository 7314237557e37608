"""Pacing: upkeep makes room for whoever else writes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast

import pytest

from entrepot.db.database import Database
from entrepot.db.transaction import Writer
from entrepot.jobs.events import publish
from entrepot.registry.events import ManifestDeleted
from entrepot.upkeep import pacing
from entrepot.upkeep.pacing import LARGE, SMALL, Pacer
from tests.make.rooms import Rooms


async def test_batches_are_large_until_others_write_and_small_from_then_on(rooms: Rooms) -> None:
    pacer = Pacer(rooms.db)
    for _ in range(2):
        async with pacer.batch():
            pass
    assert pacer.size == LARGE

    await rooms.organization("acme")
    async with pacer.batch():
        pass
    assert pacer.size == SMALL or rooms.db.dialect == "sqlite"  # there it is as large as fits


async def test_what_a_batch_tells_itself_is_not_taken_for_others(rooms: Rooms) -> None:
    pacer = Pacer(rooms.db)
    for number in range(3):
        async with pacer.batch() as tx:
            told = ManifestDeleted("acme/app", f"sha256:{number}", [])
            await publish(tx, told, actor="system", at=rooms.clock.now(), domain_id="")
    assert pacer.size == LARGE


async def test_the_rest_after_a_batch_is_longer_while_others_write(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    times = iter(range(1, 1000))
    monkeypatch.setattr(pacing, "asyncio", SimpleNamespace(sleep=rest))
    monkeypatch.setattr(pacing, "perf_counter", lambda: next(times) / 100)
    pacer = Pacer(rooms.db)
    async with pacer.batch():
        pass
    await rooms.organization("acme")
    async with pacer.batch():
        pass

    alone, beside = rests
    assert 0 < alone < 0.02
    assert beside > alone


async def test_on_sqlite_a_batch_beside_others_is_as_large_as_fits_into_its_time(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, rests = [0.0], list[float]()

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    monkeypatch.setattr(pacing, "asyncio", SimpleNamespace(sleep=rest))
    monkeypatch.setattr(pacing, "perf_counter", lambda: now[0])
    pacer = Pacer(rooms.db)
    sizes = []
    for number in range(6):
        await rooms.organization(f"acme-{number}")
        size = pacer.size if number > 1 else SMALL  # as long as others were not seen it is larger
        async with pacer.batch():
            took = 0.002 + size * 0.0001
            now[0] += took
        sizes.append(pacer.size)
        assert number == 0 or rests[-1] > took
    if rooms.db.dialect == "sqlite":
        assert sizes[-1] == pytest.approx(80, abs=5)
    else:
        assert sizes[-1] == SMALL


async def test_a_slow_disk_makes_no_batch_smaller(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    async def rest(_seconds: float) -> None:
        pass

    @asynccontextmanager
    async def writing() -> AsyncIterator[Writer]:
        async with rooms.db.writing() as tx:
            yield tx
            now[0] += 0.5  # until it is on the disk

    monkeypatch.setattr(pacing, "asyncio", SimpleNamespace(sleep=rest))
    monkeypatch.setattr(pacing, "perf_counter", lambda: now[0])
    pacer = Pacer(cast("Database", SimpleNamespace(dialect=rooms.db.dialect, writing=writing)))
    for number in range(4):
        await rooms.organization(f"acme-{number}")
        size = pacer.size if number > 1 else SMALL
        async with pacer.batch():
            now[0] += size * 0.0001
    assert pacer.size == pytest.approx(100 if rooms.db.dialect == "sqlite" else SMALL, abs=5)
