"""Verifications, for operators: one now, how far it is, and what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.accounts.operators import require_operator
from entrepot.db.database import Database
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.plumbing.ids import new_id
from entrepot.upkeep.asked import askers_of, find_run, no_marker, page_of_runs
from entrepot.upkeep.events import VerificationCancelled, VerificationRequested
from entrepot.upkeep.findings import Kind
from entrepot.upkeep.queries import findings, verification
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.tables import verify_run
from entrepot.upkeep.verify import COUNTED_MAX, Phase, count_open
from entrepot.values.digest import Digest
from entrepot.values.errors import DigestInvalid, ParameterInvalid, RunUnknown, quoted, worded

_RUNNING_MAX: Final = 20
_REPOSITORIES_MAX: Final = 20
_HEX_DIGITS: Final = 8
_EARLY: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Verification:
    """`progress` and `results` by name. `by`: who asked, empty when that account is gone; `system` when it was due.

    `share_read`: of a deep one, how much of all blobs it has read, from 0 to 1. `error`: why it was broken off.
    """

    id: str
    is_deep: bool
    by: str
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    phase: Phase
    error: str
    share_read: float | None
    progress: Mapping[str, int]
    results: Mapping[str, int]

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None

    @property
    def is_good(self) -> bool:
        """It has ended, and found nothing wrong."""
        return self.phase is Phase.DONE and not any(self.results.values())


@dataclass(frozen=True, slots=True)
class Standing:
    """How verification stands: findings that are open now by name, exact up to `COUNTED_MAX` in all, and what runs."""

    open_now: Mapping[str, int]
    running: Sequence[Verification]


@dataclass(frozen=True, slots=True)
class Finding:
    """A blob that is not as it was acknowledged. `size`: what it should have; None for what is no blob.

    `seen`: its digest or size as found. `aside_at`: since when its wrong bytes are out of the way. `repositories` that
    it touches, at most 20.
    """

    digest: str
    kind: Kind
    size: int | None
    seen: str
    found_at: datetime
    aside_at: datetime | None
    repositories: Sequence[str]


async def request_verification(upkeep: Upkeep, actor: Actor, is_deep: bool = False) -> Verification:
    """Have everything verified now, also while nothing is changed. Raises Unauthenticated or AccessDenied."""
    async with upkeep.db.writing() as tx:
        await require_operator(tx, actor)
        run_id, now = new_id(), upkeep.clock.now()
        await verification.save_run(tx, run_id, is_deep, actor.subject, now, Phase.WAITING)
        asked = VerificationRequested(run_id, is_deep)
        await publish(tx, asked, actor=actor.subject, at=now, though_closed=True)
        row = await verification.run_by_id(tx, run_id)
        assert row is not None, "it was saved above"
        return (await _told(tx, [row]))[0]


async def request_due(upkeep: Upkeep) -> None:
    """Have everything verified when the last time was `verify_every_seconds` ago."""
    every = timedelta(seconds=upkeep.settings.verify_every_seconds)
    async with upkeep.db.writing() as tx:
        last, now = await verification.last_request(tx), upkeep.clock.now()
        # It is looked at once an hour, and never on the second.
        if not every or (last is not None and now - last < every - _EARLY):
            return
        run_id = new_id()
        await verification.save_run(tx, run_id, False, SYSTEM, now, Phase.WAITING)
        due = VerificationRequested(run_id, is_deep=False)
        await publish(tx, due, actor=SYSTEM, at=now, domain_id="", though_closed=True)


async def cancel_verification(upkeep: Upkeep, actor: Actor, run_id: str) -> Verification:
    """Call a verification off that has not ended; what it found stays found. Who carries it out stops soon.

    Raises Unauthenticated, AccessDenied, RunUnknown, or ParameterInvalid when it has ended.
    """
    async with upkeep.db.writing() as tx:
        await require_operator(tx, actor)
        row = await _existing(tx, run_id)
        if row.ended_at is not None:
            raise ParameterInvalid(
                worded("The verification has ended already: it is {phase}.", phase=row.phase), kind="state"
            )
        now, counts = upkeep.clock.now(), await count_open(tx)
        await verification.set_run(tx, run_id, phase=Phase.CANCELLED, ended_at=now, **counts)
        cancelled = VerificationCancelled(run_id, bool(row.is_deep), counts)
        await publish(tx, cancelled, actor=actor.subject, at=now, though_closed=True)
        return (await _told(tx, [await _existing(tx, run_id)]))[0]


async def show_verification(upkeep: Upkeep, actor: Actor, run_id: str) -> Verification:
    """Raises Unauthenticated, AccessDenied or RunUnknown."""
    async with upkeep.db.reading() as tx:
        await require_operator(tx, actor)
        return (await _told(tx, [await _existing(tx, run_id)]))[0]


async def list_verifications(
    upkeep: Upkeep, actor: Actor, after: str = "", limit: int = 50
) -> tuple[Sequence[Verification], str]:
    """Verifications, the newest first; where to go on, empty at the end.

    Raises Unauthenticated, AccessDenied, or ParameterInvalid for a marker that no list gave.
    """
    async with upkeep.db.reading() as tx:
        await require_operator(tx, actor)
        rows, following = await page_of_runs(tx, verify_run, after, limit)
        return await _told(tx, rows), following


async def show_standing(upkeep: Upkeep, actor: Actor) -> Standing:
    """What is wrong now, and what runs. Raises Unauthenticated or AccessDenied."""
    async with upkeep.db.reading() as tx:
        await require_operator(tx, actor)
        open_now = await count_open(tx)
        running = await _told(tx, await verification.open_runs(tx, _RUNNING_MAX))
    return Standing(open_now, running)


async def list_findings(
    upkeep: Upkeep, actor: Actor, after: str = "", limit: int = 50
) -> tuple[Sequence[Finding], str]:
    """What is wrong now, by digest; where to go on, empty at the end.

    Raises Unauthenticated, AccessDenied, or ParameterInvalid for a marker that no list gave.
    """
    try:
        marker = str(Digest.parse(after)) if after else ""
    except DigestInvalid:
        raise no_marker(after) from None
    async with upkeep.db.reading() as tx:
        await require_operator(tx, actor)
        rows = await findings.after(tx, marker, limit + 1)
        found = [
            Finding(
                row.digest,
                Kind(row.kind),
                row.size,
                row.seen,
                row.found_at,
                row.aside_at,
                await findings.repositories_with(tx, row.digest, row.kind, _REPOSITORIES_MAX),
            )
            for row in rows[:limit]
        ]
    return found, rows[limit - 1].digest if len(rows) > limit else ""


async def count_findings(db: Database) -> Mapping[str, int]:
    """Blobs that are not as they were acknowledged, by kind; exact up to `COUNTED_MAX` in all."""
    async with db.reading() as tx:
        open_now = await findings.count(tx, COUNTED_MAX)
    return {str(kind): open_now.get(kind, 0) for kind in Kind}


async def _existing(tx: Reader, run_id: str) -> Row[Any]:
    row = await find_run(tx, verify_run, run_id)
    if row is None:
        raise RunUnknown(worded("There is no verification {run_id}, or it ended too long ago.", run_id=quoted(run_id)))
    return row


async def _told(tx: Reader, rows: Sequence[Row[Any]]) -> Sequence[Verification]:
    askers = await askers_of(tx, rows)
    return [_verification(row, askers[row.id]) for row in rows]


def _verification(row: Row[Any], by: str) -> Verification:
    return Verification(
        row.id,
        bool(row.is_deep),
        by,
        row.requested_at,
        row.started_at,
        row.ended_at,
        Phase(row.phase),
        row.error,
        _share(row),
        {name: int(getattr(row, name)) for name in verification.PROGRESS},
        {name: int(getattr(row, name)) for name in verification.RESULTS},
    )


def _share(row: Row[Any]) -> float | None:
    """Digests are spread evenly, and read in their order: the last one says how many of all it was."""
    if not row.is_deep:
        return None
    if row.phase == Phase.DONE:
        return 1.0
    digits = row.cursor.partition(":")[2][:_HEX_DIGITS]
    return int(digits, 16) / 16**_HEX_DIGITS if digits else 0.0
