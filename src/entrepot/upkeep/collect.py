"""Collect: what nothing needs any more goes, while everybody works on.

One collection goes through four phases, each in short transactions with a rest after each: history that is too old is
forgotten; manifests are reviewed; blobs are reviewed, and with their last link they become bytes that are left
over; bytes left over long enough are removed from the store. Wherever it is broken off, the next one goes
on. One process of the installation collects at a time, as removing from the store is no part of any
transaction (docs/decisions/0021).
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row

from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.plumbing.ids import new_id
from entrepot.upkeep import aging, blob_reviews, manifest_reviews, removal, strays
from entrepot.upkeep.events import CollectionEnded
from entrepot.upkeep.queries import collections
from entrepot.upkeep.removal import HELD
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.round import Round

_RUNS_KEPT: Final = timedelta(days=90)


class Phase(StrEnum):
    """`broken_off`: by a crash or an error; the next collection goes on where it was."""

    WAITING = "waiting"
    HISTORY = "history"
    MANIFESTS = "manifests"
    BLOBS = "blobs"
    STRAYS = "strays"
    BYTES = "bytes"
    DONE = "done"
    BROKEN_OFF = "broken_off"


_ALWAYS: Final = (
    (Phase.MANIFESTS, manifest_reviews.review_manifests),
    (Phase.BLOBS, blob_reviews.review_blobs),
    (Phase.BYTES, removal.remove_bytes),
)
# Walks of what may be large have jobs of their own; who asks for a collection gets them with it.
_ASKED: Final = (
    (Phase.HISTORY, aging.forget_history),
    *_ALWAYS[:2],
    (Phase.STRAYS, strays.find_strays),
    _ALWAYS[2],
)


async def collect(upkeep: Upkeep) -> None:
    """Collect once, and again for everyone who asked. Returns at once while somebody else collects."""
    if upkeep.collecting.locked():
        return
    async with upkeep.collecting:
        once = True
        while once or await is_wanted(upkeep):
            if not await upkeep.holder.try_hold(HELD):
                return
            try:
                while (wanted := await _wanted(upkeep)) is not None or once:
                    once = False
                    await _collect_once(upkeep, wanted)
            finally:
                await upkeep.holder.release(HELD)
            # Whoever asked between the last look and the release found somebody collecting, so it is looked again.


async def is_wanted(upkeep: Upkeep) -> bool:
    """Whether somebody asked for a collection that nobody has begun."""
    return await _wanted(upkeep) is not None


async def _wanted(upkeep: Upkeep) -> str | None:
    async with upkeep.db.reading() as tx:
        return await collections.wanted_run(tx)


async def _collect_once(upkeep: Upkeep, wanted: str | None) -> None:
    now = upkeep.clock.now()
    round_ = Round(upkeep, wanted or new_id())
    async with upkeep.db.writing() as tx:
        await collections.end_abandoned(tx, now, Phase.BROKEN_OFF)
        await collections.forget_runs(tx, now - _RUNS_KEPT)
        if wanted is None:
            if not await collections.is_due(tx, round_.dropped_before, round_.left_before):
                return
            await collections.save_run(tx, round_.run, SYSTEM, now, Phase.WAITING)
        await collections.set_run(tx, round_.run, started_at=now)
    for phase, work in _ASKED if wanted else _ALWAYS:
        await round_.enter(phase)
        await work(round_)
    await _end(upkeep, round_.run)


async def _end(upkeep: Upkeep, run_id: str) -> None:
    async with upkeep.db.writing() as tx:
        now = upkeep.clock.now()
        await collections.set_run(tx, run_id, phase=Phase.DONE, ended_at=now)
        row = await collections.run_by_id(tx, run_id)
        assert row is not None, "it was begun above"
        ended = CollectionEnded(run_id, counts_of(row))
        await publish(tx, ended, actor=row.requested_by, at=now, though_closed=True)


def counts_of(row: Row[Any]) -> dict[str, int]:
    """What a collection did, by counter."""
    return {name: int(getattr(row, name)) for name in collections.COUNTERS}
