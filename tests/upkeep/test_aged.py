"""History that may be old, batch by batch, also where much of it was closed at one moment."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from entrepot.registry.tables import repository, tag
from entrepot.upkeep.queries import aged
from tests.make.rooms import Rooms


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_batches_put_together_are_all_that_was_closed_before(rooms: Rooms, limit: int) -> None:
    await rooms.organization("acme")
    await rooms.repository("acme/app")
    now = rooms.clock.now()
    hours = [5, 3, 3, 3, 8, 5, 1, 0]
    async with rooms.db.writing() as tx:
        owner = await tx.value(select(repository.c.id))
        for number, ago in enumerate(hours):
            closed = now - timedelta(hours=ago)
            row = {"repository_id": owner, "name": f"v{number}", "digest": "sha256:0", "pushed_by": "system"}
            times = {"valid_from": closed, "pushed_at": closed, "valid_until": closed}
            await tx.run(insert(tag).values(**row, **times))

    found: list[Any] = []
    async with rooms.db.reading() as tx:
        ids = [row.id for row in await tx.rows(select(tag.c.id).order_by(tag.c.id))]
        while rows := await aged.closed_tags(tx, now - timedelta(hours=1), found[-1] if found else None, limit):
            assert len(rows) <= limit
            found += rows

    oldest_first = sorted(range(7), key=lambda number: (-hours[number], number))
    assert [row.id for row in found] == [ids[number] for number in oldest_first]
