"""Aging: history of tags that is older than it is kept is forgotten, and what it named is reviewed."""

from datetime import timedelta
from typing import Final

from entrepot.registry.queries import dropped
from entrepot.upkeep.queries import aged
from entrepot.upkeep.round import Round

BATCH: Final = 500


async def forget_history(round_: Round) -> None:
    """Forget every tag that was moved or deleted longer ago than its organization keeps history."""
    days, last = round_.upkeep.settings.history_days, None
    while True:
        async with round_.upkeep.db.reading() as tx:
            own = await aged.shortest_days(tx)
            shortest = days if own is None else min(days, own)
            closed_before = round_.began - timedelta(days=shortest)
            rows = await aged.closed_tags(tx, closed_before, last, BATCH)
        old = [
            row.id
            for row in rows
            if row.valid_until <= round_.began - timedelta(days=days if row.days is None else row.days)
        ]
        if old:
            async with round_.pacer.batch() as tx:
                forgotten = await dropped.forget_tags(tx, old, round_.upkeep.clock.now())
                await round_.count(tx, tags_forgotten=forgotten)
        if len(rows) < BATCH:
            return
        last = rows[-1]
