"""What workers do for mirrors."""

from datetime import timedelta
from typing import Final

from entrepot.jobs.reactions import Run, job
from entrepot.mirror.queries import fetches
from entrepot.mirror.room import Mirror

_LEFT: Final = timedelta(days=1)
"""So long nobody has gone on with a fetch: its upload has expired, too."""


@job("mirror.forget_fetches", Mirror)
async def forget_fetches(mirror: Mirror, run: Run) -> None:
    """Forget fetches that nobody went on with."""
    await run.step("forget", forget_left, mirror)


async def forget_left(mirror: Mirror) -> int:
    """How many there were."""
    async with mirror.db.writing() as tx:
        return await fetches.forget(tx, tx.now - _LEFT)
