"""What workers do for upkeep."""

import asyncio

from entrepot.jobs.events import Recorded
from entrepot.jobs.reactions import Run, job, reaction
from entrepot.upkeep import aging, collect, deep, retain, strays, verification, verify
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.round import Round
from entrepot.values.errors import StorageUnreachable


@job("upkeep.collect", Upkeep)
async def collect_due(upkeep: Upkeep, run: Run) -> None:
    await run.step("collect", collect.collect, upkeep)


@reaction("upkeep.collect_asked", Upkeep)
async def collect_asked(upkeep: Upkeep, _event: Recorded, run: Run) -> None:
    await run.step("collect", collect.collect, upkeep)


@reaction("upkeep.verify_asked", Upkeep)
async def verify_asked(upkeep: Upkeep, event: Recorded, run: Run) -> None:
    """Deep ones take days; `deep.py` sees to them."""
    if not event.data["is_deep"]:
        await run.step("verify", _verify, upkeep, event.subject)


@job("upkeep.verify_due", Upkeep)
async def verify_due(upkeep: Upkeep, run: Run) -> None:
    """What follows from that is `verify_asked`, on whichever worker."""
    await run.step("request", verification.request_due, upkeep)


@job("upkeep.forget_history", Upkeep)
async def forget_history(upkeep: Upkeep, run: Run) -> None:
    await run.step("forget", _forget_history, upkeep)


@job("upkeep.find_strays", Upkeep)
async def find_strays(upkeep: Upkeep, run: Run) -> None:
    await run.step("find", _find_strays, upkeep)


@job("upkeep.retain", Upkeep)
async def retain_due(upkeep: Upkeep, run: Run) -> None:
    await run.step("retain", retain.retain_due, upkeep)


@reaction("upkeep.retain_asked", Upkeep)
async def retain_asked(upkeep: Upkeep, _event: Recorded, run: Run) -> None:
    await run.step("retain", retain.retain, upkeep)


@job("upkeep.forget_retained", Upkeep)
async def forget_retained(upkeep: Upkeep, run: Run) -> None:
    await run.step("forget", retain.forget_runs, upkeep)


async def _verify(upkeep: Upkeep, run_id: str) -> None:
    try:
        await deep.verify_until(upkeep, run_id, 0, asyncio.Event())
    except StorageUnreachable as error:  # whoever waits for it is told now
        await verify.break_off(upkeep, run_id, error)


async def _forget_history(upkeep: Upkeep) -> None:
    await aging.forget_history(Round(upkeep))


async def _find_strays(upkeep: Upkeep) -> None:
    await strays.find_strays(Round(upkeep))
