"""What workers do for regions, by the clock."""

from datetime import timedelta
from typing import Final

from entrepot.jobs.reactions import Run, job
from entrepot.regions import view_queries
from entrepot.regions.measures import KEPT
from entrepot.regions.room import Regions
from entrepot.regions.warming import queries as warming
from entrepot.regions.warming.orders import end_if_over, lock_of

_MEASURES_MAX: Final = 100_000
_WARMUPS_KEPT: Final = timedelta(days=30)
_BATCH: Final = 500


@job("regions.forget_measures", Regions)
async def forget_measures(regions: Regions, run: Run) -> None:
    """Forget how far clients were from regions long ago, and what is beyond a hundred thousand such measures."""
    await run.step("forget", forget_old_measures, regions)


async def forget_old_measures(regions: Regions) -> int:
    """How many were forgotten."""
    async with regions.db.writing() as tx:
        old = await view_queries.forget_measures(tx, regions.clock.now() - KEPT)
        return old + await view_queries.forget_measures_beyond(tx, _MEASURES_MAX)


@job("regions.tidy_warmups", Regions)
async def tidy_warmups(regions: Regions, run: Run) -> None:
    """End warm-ups whose last nodes were deleted, and forget those that ended long ago."""
    await run.step("end", end_deserted_warmups, regions)
    await run.step("forget", forget_old_warmups, regions)


async def end_deserted_warmups(regions: Regions) -> int:
    """How many there were."""
    async with regions.db.reading() as tx:
        found = [row.id for row in await warming.deserted(tx, _BATCH)]
    for number in found:
        async with regions.db.writing() as tx:
            await tx.lock(lock_of(number))
            await end_if_over(tx, number, regions.clock.now())
    return len(found)


async def forget_old_warmups(regions: Regions) -> int:
    """How many were forgotten."""
    total = 0
    while True:
        async with regions.db.writing() as tx:
            count = await warming.forget_warmups(tx, regions.clock.now() - _WARMUPS_KEPT, _BATCH)
        total += count
        if count < _BATCH:
            return total
