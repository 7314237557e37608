"""What workers do for webhooks by the clock; deliveries are the courier's."""

from datetime import timedelta
from typing import Final

from entrepot.jobs.reactions import Run, job
from entrepot.webhooks import lanes
from entrepot.webhooks.room import Webhooks

_ROWS_AT_ONCE: Final = 500


@job("webhooks.forget_deliveries", Webhooks)
async def forget_deliveries(webhooks: Webhooks, run: Run) -> None:
    await run.step("forget", forget, webhooks)


async def forget(webhooks: Webhooks) -> int:
    """Delete deliveries that are older than the log goes back, a few at a time; their number."""
    before = webhooks.clock.now() - timedelta(seconds=webhooks.settings.history_seconds)
    total = 0
    while True:
        async with webhooks.db.writing() as tx:
            await tx.lock(lanes.LANES)
            count = await lanes.forget_deliveries(tx, before, _ROWS_AT_ONCE)
            if count < _ROWS_AT_ONCE:
                await lanes.forget_empty_lanes(tx)
        total += count
        if count < _ROWS_AT_ONCE:
            return total
