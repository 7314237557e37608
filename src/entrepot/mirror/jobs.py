"""What workers do for mirrors and regions, by the clock; copies are carried out by the copier."""

from datetime import timedelta
from typing import Final

from entrepot.jobs.reactions import Run, job
from entrepot.mirror import trimming
from entrepot.mirror.queries import books, copies, fetches
from entrepot.mirror.room import Mirror

_LEFT: Final = timedelta(days=1)
"""So long nobody has gone on with a fetch: its upload has expired, too."""
_FORGET_BATCH: Final = 500


@job("mirror.forget_fetches", Mirror)
async def forget_fetches(mirror: Mirror, run: Run) -> None:
    """Forget fetches that nobody went on with."""
    await run.step("forget", forget_left, mirror)


@job("mirror.forget_copies", Mirror)
async def forget_copies(mirror: Mirror, run: Run) -> None:
    """Forget what became of copies long ago."""
    await run.step("forget", forget_old_copies, mirror)


@job("mirror.forget_days", Mirror)
async def forget_days(mirror: Mirror, run: Run) -> None:
    """Forget what upstreams were asked on days that are no longer kept."""
    await run.step("forget", forget_old_days, mirror)


@job("mirror.trim", Mirror)
async def trim(mirror: Mirror, run: Run) -> None:
    """Trim mirrors that hold more than their limits."""
    await run.step("trim", trimming.trim_mirrors, mirror)


async def forget_old_copies(mirror: Mirror) -> int:
    """How many there were."""
    before = mirror.clock.now() - timedelta(days=mirror.settings.sync_history_days)
    total = 0
    while True:
        async with mirror.db.writing() as tx:
            count = await copies.forget_copies(tx, before, _FORGET_BATCH)
        total += count
        if count < _FORGET_BATCH:
            return total


async def forget_old_days(mirror: Mirror) -> int:
    """How many there were; they are kept as long as those of pulls."""
    total = 0
    while True:
        async with mirror.db.writing() as tx:
            before = tx.now.date() - timedelta(days=mirror.registry.settings.accounting_days)
            count = await books.forget_days(tx, before, _FORGET_BATCH)
        total += count
        if count < _FORGET_BATCH:
            return total


async def forget_left(mirror: Mirror) -> int:
    """How many there were."""
    async with mirror.db.writing() as tx:
        return await fetches.forget(tx, tx.now - _LEFT)
