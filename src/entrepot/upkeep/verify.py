"""Verify: what was acknowledged is still there.

A verification looks again at what was found before, then compares manifests with links and blobs with the store
(`comparing.py`); a deep one reads all bytes, too (`hashing.py`). What is wrong becomes a finding (`findings.py`), and
wrong bytes leave their place (`aside.py`). Wherever it is broken off by a crash, it goes on: in the same phase, and
reading bytes at the same blob.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.upkeep import comparing, hashing
from entrepot.upkeep.aside import set_aside_wrong
from entrepot.upkeep.events import VerificationEnded
from entrepot.upkeep.findings import Kind, look_again
from entrepot.upkeep.queries import findings, verification
from entrepot.upkeep.reading import Pace
from entrepot.upkeep.room import Upkeep
from entrepot.values.errors import Broken, EntrepotError

COUNTED_MAX: Final = 100_000
_RUNS_KEPT: Final = timedelta(days=400)

RESULT_OF: Final[Mapping[Kind, str]] = {
    Kind.MISSING: "missing_blobs",
    Kind.CORRUPT: "corrupt_blobs",
    Kind.SIZE: "wrong_size_blobs",
    Kind.UNLINKED: "unlinked_blobs",
}
"""What a run calls the number of findings of a kind."""


class Phase(StrEnum):
    """`broken_off`: by an error of the storage, which is told. `cancelled`: somebody called it off."""

    WAITING = "waiting"
    FINDINGS = "findings"
    LINKS = "links"
    STORE = "store"
    BYTES = "bytes"
    DONE = "done"
    BROKEN_OFF = "broken_off"
    CANCELLED = "cancelled"


_WORK: Final = (Phase.FINDINGS, Phase.LINKS, Phase.STORE, Phase.BYTES)


async def verify(upkeep: Upkeep, run_id: str, pace: Pace) -> None:
    """Carry out a run that was asked for, from where it is; harmless when it has ended.

    Raises Stopped, and DatabaseUnreachable or StorageUnreachable: it can go on later.
    """
    async with upkeep.db.writing() as tx:
        run = await verification.run_by_id(tx, run_id)
        if run is None or run.ended_at is not None:
            return
        if run.started_at is None:
            await verification.set_run(tx, run_id, started_at=upkeep.clock.now())
    reached = Phase(run.phase)
    try:
        for phase in _WORK[_WORK.index(reached) if reached in _WORK else 0 :]:
            if phase is not Phase.BYTES or run.is_deep:
                await _enter(upkeep, run_id, phase)
                await _carry_out(upkeep, run_id, phase, pace)
        await set_aside_wrong(upkeep, pace)
    except Broken as error:
        await break_off(upkeep, run_id, error)
    else:
        await _end(upkeep, run_id, Phase.DONE, "")


async def count_open(tx: Reader) -> Mapping[str, int]:
    """Findings that are open now, by the name that runs have for their kind."""
    open_now = await findings.count(tx, COUNTED_MAX)
    return {name: open_now.get(kind, 0) for kind, name in RESULT_OF.items()}


async def break_off(upkeep: Upkeep, run_id: str, error: EntrepotError) -> None:
    """It does not go on. What it found so far is found."""
    await _end(upkeep, run_id, Phase.BROKEN_OFF, error.message)


async def _carry_out(upkeep: Upkeep, run_id: str, phase: Phase, pace: Pace) -> None:
    match phase:
        case Phase.FINDINGS:
            await look_again(upkeep, pace)
        case Phase.LINKS:
            await comparing.compare_links(upkeep, run_id, pace)
        case Phase.STORE:
            await comparing.compare_store(upkeep, run_id, pace)
        case _:
            await hashing.hash_blobs(upkeep, run_id, pace)


async def _enter(upkeep: Upkeep, run_id: str, phase: Phase) -> None:
    anew: dict[str, Any] = {Phase.LINKS: {"manifests_checked": 0}, Phase.STORE: {"blobs_checked": 0}}.get(phase, {})
    async with upkeep.db.writing() as tx:
        await verification.set_run(tx, run_id, phase=phase, **anew)


async def _end(upkeep: Upkeep, run_id: str, phase: Phase, error: str) -> None:
    async with upkeep.db.writing() as tx:
        run = await verification.run_by_id(tx, run_id)
        if run is None or run.ended_at is not None:
            return  # somebody called it off meanwhile
        now, counts = upkeep.clock.now(), await count_open(tx)
        await verification.set_run(tx, run_id, phase=phase, error=error, ended_at=now, **counts)
        await verification.forget_runs(tx, now - _RUNS_KEPT)
        ended = VerificationEnded(run_id, bool(run.is_deep), counts, error)
        await publish(tx, ended, actor=run.requested_by, at=now, domain_id="", though_closed=True)
