"""Retain: policies are carried out: those that are due, and at once those that were made, changed or asked for.

What is to be done waits in a table, written in the commit that makes it so. One process of the installation does it,
one repository after the other; wherever it is broken off, whoever comes next goes on there.
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.jobs.notes import SYSTEM
from entrepot.plumbing.logging import get_logger
from entrepot.upkeep import carrying, undoing
from entrepot.upkeep.causes import Cause
from entrepot.upkeep.queries import facts, retained, wishes
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.safety import Stopped, last_due, watch_clock

HELD: Final = "retention"
ATTEMPTS_MAX: Final = 5
_REPOSITORIES: Final = 100
_FORGET_BATCH: Final = 500

_log = get_logger()


async def retain_due(upkeep: Upkeep) -> None:
    """Once a day have every policy carried out; then do what waits."""
    async with upkeep.db.writing() as tx:
        now = upkeep.clock.now()
        await watch_clock(tx, now, upkeep.settings)
        row = await wishes.clock(tx)
        assert row is not None, "it was looked at above"
        if row.due_at < last_due(now, upkeep.settings.retention_hour):
            await wishes.set_clock(tx, seen_at=now, due_at=now)
            await wishes.save_due(tx, Cause.DUE, SYSTEM, now)
    await retain(upkeep)


async def retain(upkeep: Upkeep) -> None:
    """Do all that waits. Returns at once while somebody else does; that one looks again at its end."""
    if upkeep.retaining.locked():
        return
    async with upkeep.retaining:
        while await _next(upkeep) is not None:
            if not await upkeep.holder.try_hold(HELD):
                return
            try:
                while (wish := await _next(upkeep)) is not None:
                    await _fulfil(upkeep, wish)
            finally:
                await upkeep.holder.release(HELD)


async def _next(upkeep: Upkeep) -> Row[Any] | None:
    async with upkeep.db.reading() as tx:
        return await wishes.first_wish(tx)


async def _fulfil(upkeep: Upkeep, wish: Row[Any]) -> None:
    async with upkeep.db.writing() as tx:
        paused = await watch_clock(tx, upkeep.clock.now(), upkeep.settings)
        await wishes.begin_attempt(tx, wish.id)
    is_hopeless = wish.attempts >= ATTEMPTS_MAX
    if is_hopeless:
        _log.error("retention was broken off too often; it is left for the next time", wish=wish.id)
    if wish.cause == Cause.UNDO:
        await undoing.bring_back(upkeep, wish, is_hopeless)
    elif wish.repository_id is not None:
        await carrying.carry_out(upkeep, wish, wish.repository_id, paused, is_hopeless)
    else:
        await _fulfil_everywhere(upkeep, wish, paused, is_hopeless)
    async with upkeep.db.writing() as tx:
        await wishes.delete_wish(tx, wish.id)


async def _fulfil_everywhere(upkeep: Upkeep, wish: Row[Any], paused: Stopped | None, is_hopeless: bool) -> None:
    """In every repository of the organization; the one that was tried too often is left out."""
    after = wish.after
    while True:
        async with upkeep.db.reading() as tx:
            found = await facts.repositories_of(tx, wish.organization_id, after, _REPOSITORIES)
        for repository_id in found:
            if await carrying.carry_out(upkeep, wish, repository_id, paused, is_hopeless):
                is_hopeless = False
                async with upkeep.db.writing() as tx:
                    await wishes.move_on(tx, wish.id, repository_id)
        if len(found) < _REPOSITORIES:
            return
        after = found[-1]


async def forget_runs(upkeep: Upkeep) -> None:
    """Forget runs that ended too long ago, and which tags they deleted."""
    before = upkeep.clock.now() - timedelta(days=upkeep.settings.retention_history_days)
    while True:
        async with upkeep.db.reading() as tx:
            old = await retained.old_runs(tx, before, 1)
        if not old:
            return
        async with upkeep.db.writing() as tx:
            if await retained.forget_deletions(tx, old[0], _FORGET_BATCH) < _FORGET_BATCH:
                await retained.delete_run(tx, old[0])
