"""What began before the installation was closed has ended when closing says so."""

import asyncio

import pytest
from sqlalchemy import select

from entrepot.db.opening import open_database
from entrepot.jobs.closing import wait_until_settled
from entrepot.values.errors import DatabaseBusy
from tests.live.postgres import Postgres


async def test_it_waits_for_transactions_that_began_before_and_for_no_others(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, order = open_database(postgres.new_database()), list[str]()
    async with db.writing() as earlier:
        await earlier.value(select(1))
        waiting = asyncio.create_task(wait_until_settled(db))
        waiting.add_done_callback(lambda _: order.append("settled"))
        for _ in range(5):
            async with db.reading():
                await asyncio.wait([waiting], timeout=0.02)
        order.append("earlier ends")
    async with db.writing() as later:
        await later.value(select(1))
        await waiting
    assert order == ["earlier ends", "settled"]

    monkeypatch.setattr("entrepot.jobs.closing._SETTLE_SECONDS_MAX", 0.1)
    async with db.writing() as stuck:
        await stuck.value(select(1))
        with pytest.raises(DatabaseBusy):
            await wait_until_settled(db)
    await db.close()
