"""Deep verifications: the worker that reads all bytes again, one run after the other, beside everything else.

Not a run of the engine's: it takes days, and stops at once when its worker does.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

from entrepot.db.holding import Holder
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.plumbing.ids import new_id
from entrepot.plumbing.logging import get_logger
from entrepot.upkeep.aside import set_aside_wrong
from entrepot.upkeep.events import VerificationRequested
from entrepot.upkeep.queries import verification
from entrepot.upkeep.reading import Pace, Stopped
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.verify import Phase, verify
from entrepot.values.errors import Broken, Elsewhere

_NAME: Final = "verifier"
_IDLE_SECONDS: Final = 1.0
_AWAY_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 1.0
"""How often it is looked whether a run was called off."""

_log = get_logger()


async def keep_verifying(upkeep: Upkeep, holder: Holder, stop: asyncio.Event) -> None:
    """Carry out deep verifications, asked for or due, until `stop` is set. One worker does.

    What is away is waited for.
    """
    while not stop.is_set():
        seconds = _IDLE_SECONDS
        try:
            if await holder.try_hold(_NAME):
                await verify_deep(upkeep, stop)
        except (Elsewhere, Broken) as error:
            _log.warning("the verification cannot go on; trying again", error=error.message)
            seconds = _AWAY_SECONDS
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


async def verify_deep(upkeep: Upkeep, stop: asyncio.Event) -> None:
    """Go on with the deep verification that was asked for first, or is due; leave when `stop` is set.

    Without one, what a verification could not move aside is moved now. Raises DatabaseUnreachable, StorageUnreachable.
    """
    run_id = await _next(upkeep)
    if run_id is not None:
        await verify_until(upkeep, run_id, upkeep.settings.verify_bytes_per_second, stop)
        return
    with suppress(Stopped):
        await set_aside_wrong(upkeep, Pace(0, stop))


async def verify_until(upkeep: Upkeep, run_id: str, bytes_per_second: int, stop: asyncio.Event) -> None:
    """Carry out a run to its end, until `stop` is set, or until somebody calls it off.

    Raises DatabaseUnreachable or StorageUnreachable: it can go on later.
    """
    called_off = asyncio.Event()
    working = asyncio.create_task(verify(upkeep, run_id, Pace(bytes_per_second, stop, called_off)))
    try:
        while not (await asyncio.wait([working], timeout=_LOOK_SECONDS))[0]:
            if await _has_ended(upkeep, run_id):
                called_off.set()
        with suppress(Stopped):
            await working
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def _has_ended(upkeep: Upkeep, run_id: str) -> bool:
    async with upkeep.db.reading() as tx:
        run = await verification.run_by_id(tx, run_id)
    return run is None or run.ended_at is not None


async def _next(upkeep: Upkeep) -> str | None:
    async with upkeep.db.reading() as tx:
        found = await verification.open_deep_run(tx)
        last = None if found or not upkeep.settings.verify_deep_days else await verification.last_deep_request(tx)
    now = upkeep.clock.now()
    days = upkeep.settings.verify_deep_days
    if found is not None or not days or (last is not None and now - last < timedelta(days=days)):
        return found
    run_id = new_id()
    async with upkeep.db.writing() as tx:
        await verification.save_run(tx, run_id, True, SYSTEM, now, Phase.WAITING)
        due = VerificationRequested(run_id, is_deep=True)
        await publish(tx, due, actor=SYSTEM, at=now, domain_id="", though_closed=True)
    return run_id
