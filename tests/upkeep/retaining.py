"""What tests of retention share: tags of some age, and something that happens in the middle of a run."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from entrepot.db.transaction import Reader
from entrepot.upkeep.retain import retain, retain_due
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.tables import retention_deletion, retention_run
from entrepot.values.names import RepositoryName
from tests.make.looking import tag_rows
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")


async def aged(rooms: Rooms, path: str, **days: float) -> None:
    """New tags, pushed so many days ago; names with `_` for `-`. The clock moves on to today."""
    today = rooms.clock.now() + timedelta(days=max(days.values()))
    for name, age in sorted(days.items(), key=lambda one: -one[1]):
        rooms.clock.advance(seconds=(today - timedelta(days=age) - rooms.clock.now()).total_seconds())
        await rooms.push(path, name.replace("_", "-"))
    rooms.clock.advance(seconds=(today - rooms.clock.now()).total_seconds())


async def there(rooms: Rooms, path: str = "acme/app") -> set[str]:
    """The tags of a repository, by name."""
    return {row.name for row in await tag_rows(rooms.db, path) if row.valid_until is None}


async def runs(rooms: Rooms) -> Sequence[Row[Any]]:
    async with rooms.db.reading() as tx:
        return await tx.rows(select(retention_run).order_by(retention_run.c.id))


async def deletions(rooms: Rooms) -> list[str]:
    """The tags that the history names, the first deleted first."""
    async with rooms.db.reading() as tx:
        return [row.tag for row in await tx.rows(select(retention_deletion).order_by(retention_deletion.c.id))]


async def tomorrow(rooms: Rooms) -> None:
    """A day passes, in which a worker looks at the clock; policies are carried out when they are due."""
    for _ in range(4):
        rooms.clock.advance(hours=6)
        await retain_due(rooms.upkeep)


class Meanwhile:
    """As a provider of pins it is asked in the middle of runs: the `at`th time something happens there."""

    def __init__(self, at: int, happens: Callable[[], Awaitable[object]], running: Collection[str] = ()) -> None:
        self._at = at
        self._happens = happens
        self._running = running
        self.asked = 0

    async def running(self, _tx: Reader, _path: RepositoryName, _digests: Collection[str]) -> Collection[str]:
        self.asked += 1
        if self.asked == self._at:
            await self._happens()
        return self._running


async def retain_while(upkeep: Upkeep, meanwhile: Meanwhile) -> None:
    await retain(replace(upkeep, pins=meanwhile))
