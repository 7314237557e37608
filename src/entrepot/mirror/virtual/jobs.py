"""What workers do for virtual organizations, by the clock."""

from datetime import timedelta
from typing import Final

from entrepot.jobs.reactions import Run, job
from entrepot.mirror.room import Mirror
from entrepot.mirror.virtual import queries
from entrepot.mirror.virtual.rules import QUARANTINE_SECONDS_MAX

_KEPT: Final = timedelta(seconds=2 * QUARANTINE_SECONDS_MAX)
"""Longer than any quarantine: what comes back after that may wait anew."""
_BATCH: Final = 500


@job("mirror.forget_digests", Mirror)
async def forget_digests(mirror: Mirror, run: Run) -> None:
    """Forget since when digests are known that nobody has held for long."""
    await run.step("forget", forget_seen_digests, mirror)


async def forget_seen_digests(mirror: Mirror) -> int:
    """How many there were."""
    before = mirror.clock.now() - _KEPT
    total = 0
    while True:
        async with mirror.db.writing() as tx:
            count = await queries.forget_seen(tx, before, _BATCH)
        total += count
        if count < _BATCH:
            return total
