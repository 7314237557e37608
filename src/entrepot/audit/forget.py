"""Forgetting: events older than the audit keeps go, a few at a time, and none before every consumer has read it."""

import asyncio
from datetime import timedelta
from time import monotonic

from entrepot.audit import queries
from entrepot.audit.room import Audit

BATCH = 500
_REST = 4.0


async def forget_old(audit: Audit, batch: int = BATCH) -> int:
    """Delete what is older than `days`; the number of events.

    Each batch is a short transaction, and after it this rests for some times as long: who pushes meanwhile
    waits for one batch at most, and rarely for that.
    """
    if not audit.settings.days:
        return 0
    total = 0
    while True:
        began = monotonic()
        count, is_done = await _forget_some(audit, batch)
        total += count
        if is_done:
            return total
        await asyncio.sleep(_REST * (monotonic() - began))


async def _forget_some(audit: Audit, batch: int) -> tuple[int, bool]:
    """How many events were deleted, and whether there is nothing left that may go."""
    before = audit.clock.now() - timedelta(days=audit.settings.days)
    async with audit.db.reading() as tx:
        upto = await queries.read_by_all(tx)
        rows = [] if upto is None else await queries.oldest(tx, upto, batch)
    old = [row.seq for row in rows if row.time < before]
    if old:
        async with audit.db.writing() as tx:
            await queries.forget(tx, old)
    return len(old), len(rows) < batch or not old
