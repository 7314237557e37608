"""What workers do for regions, by the clock."""

from typing import Final

from entrepot.jobs.reactions import Run, job
from entrepot.regions import view_queries
from entrepot.regions.measures import KEPT
from entrepot.regions.room import Regions

_MEASURES_MAX: Final = 100_000


@job("regions.forget_measures", Regions)
async def forget_measures(regions: Regions, run: Run) -> None:
    """Forget how far clients were from regions long ago, and what is beyond a hundred thousand such measures."""
    await run.step("forget", forget_old_measures, regions)


async def forget_old_measures(regions: Regions) -> int:
    """How many were forgotten."""
    async with regions.db.writing() as tx:
        old = await view_queries.forget_measures(tx, regions.clock.now() - KEPT)
        return old + await view_queries.forget_measures_beyond(tx, _MEASURES_MAX)
