"""Safety: what speaks against carrying a policy out. Rules are pure; the clock is watched in the database.

Ages are told by the machine's clock. One that is set forward by years makes every tag old. So it is remembered when
the clock was last looked at, which is at least once an hour while a worker runs; when it is days ahead of that at
once, nothing is deleted for some days, and every run says so. Nobody who asks for a run by hand and insists is held up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Writer
from entrepot.plumbing.clock import rfc3339
from entrepot.plumbing.logging import get_logger
from entrepot.upkeep.planning import Tally
from entrepot.upkeep.queries import wishes
from entrepot.upkeep.settings import UpkeepSettings
from entrepot.values.errors import Worded, worded

FEW: Final = 10
"""So many tags may go at any time, whatever share of the repository they are."""
_PERCENT: Final = 100

_log = get_logger()


class Stop(StrEnum):
    """Why a run ended before it had deleted all that it would have."""

    SHARE = "share"
    CLOCK = "clock"
    HELD = "held"
    CLOSED = "closed"
    OVERTAKEN = "overtaken"
    BROKEN_OFF = "broken_off"


@dataclass(frozen=True, slots=True)
class Stopped:
    """`detail`: what the sentence of `said` names."""

    by: Stop
    detail: Mapping[str, Any]

    @property
    def said(self) -> Worded:
        return said(self.by, self.detail)


def said(by: Stop, detail: Mapping[str, Any]) -> Worded:
    """The sentence that tells why."""
    match by:
        case Stop.SHARE:
            return worded(
                "It would delete {deleted} of {looked_at} tags, more than {percent} percent. Look at the plan, and run "
                "it yourself if that is right.",
                **detail,
            )
        case Stop.CLOCK:
            return worded(
                "The clock went from {before} to {now} at once, or no worker ran in between. Nothing is deleted until "
                "{until}; look at the clock.",
                **detail,
            )
        case Stop.HELD:
            return worded(
                "A run was undone here. Nothing is deleted until a rule that reaches this repository is changed, or "
                "somebody runs it and insists."
            )
        case Stop.CLOSED:
            return worded("It was closed meanwhile: nothing is changed there for now.")
        case Stop.OVERTAKEN:
            return worded("Tags and rules changed again and again meanwhile. It goes on the next time.")
        case Stop.BROKEN_OFF:
            return worded("It was broken off {attempts} times; the log of the worker says by what.", **detail)


def check_share(tally: Tally, settings: UpkeepSettings) -> Stopped | None:
    """What stops a run that nobody asked for: it would delete too large a share."""
    percent = settings.retention_share_percent
    if tally.deleted <= FEW or tally.deleted * _PERCENT <= tally.looked_at * percent:
        return None
    return Stopped(Stop.SHARE, {"deleted": tally.deleted, "looked_at": tally.looked_at, "percent": percent})


async def watch_clock(tx: Writer, now: datetime, settings: UpkeepSettings) -> Stopped | None:
    """Look at the clock; what stops all runs while it is not trusted. Call it before anything is carried out."""
    await tx.lock("retention clock")
    row = await wishes.clock(tx)
    if row is None:
        await wishes.set_clock(tx, seen_at=now, due_at=now)
        return None
    jumped_from, until = row.jumped_from, row.paused_until
    if settings.retention_jump_days and now - row.seen_at > timedelta(days=settings.retention_jump_days):
        jumped_from, until = row.seen_at, now + timedelta(days=settings.retention_pause_days)
        _log.warning("the clock jumped: retention deletes nothing for now", before=rfc3339(jumped_from))
    elif now < row.seen_at or (until is not None and now >= until):
        jumped_from = until = None  # it was set back, or nobody has minded for long enough
    due_at = min(row.due_at, now)
    await wishes.set_clock(tx, seen_at=now, due_at=due_at, jumped_from=jumped_from, paused_until=until)
    return paused_by(await wishes.clock(tx), now, settings)


def paused_by(row: Row[Any] | None, now: datetime, settings: UpkeepSettings) -> Stopped | None:
    """What stops runs while the clock is not trusted, by the row of it, for who only looks."""
    if row is None or row.paused_until is None or now >= row.paused_until:
        return None
    times = {"before": row.jumped_from, "until": row.paused_until}
    times["now"] = row.paused_until - timedelta(days=settings.retention_pause_days)
    return Stopped(Stop.CLOCK, {name: rfc3339(at) for name, at in times.items()})


def last_due(now: datetime, hour: int) -> datetime:
    """When policies were due last, by the hour of the day in UTC."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)
