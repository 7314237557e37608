"""What mirrors hold, what they save, and how much their upstreams may still be asked."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.mirrors import TheMirror
from entrepot.mirror import usage
from entrepot.mirror.usage import Address, Day
from entrepot.plumbing.clock import rfc3339


class MirrorDay(BaseModel):
    """Blobs that were sent to clients, and those that were fetched; requests to the upstream by what they are about.

    `limited`: requests that it refused for now, with 429.
    """

    day: str
    served: int
    served_bytes: int
    fetched: int
    fetched_bytes: int
    manifest_heads: int
    manifest_gets: int
    blobs: int
    tokens: int
    others: int
    limited: int


class MirrorAddress(BaseModel):
    """`remaining` of `limit` requests may still be asked within `window_seconds`, as the address said at `heard_at`.

    `again_at`: it is left alone until then. What was not said is null.
    """

    address: str
    limit: int | None
    remaining: int | None
    window_seconds: int | None
    again_at: str | None
    heard_at: str | None


class MirrorUsage(BaseModel):
    held_bytes: int
    limit_bytes: Annotated[int, Field(description="0: as much as comes.")]
    measured_at: Annotated[str | None, Field(description="When `held_bytes` were added up; null: now.")]
    days: list[MirrorDay]
    addresses: list[MirrorAddress]


async def show_mirror_usage(call: TheCall, mirror: TheMirror) -> MirrorUsage:
    """What a mirror holds, what it sent and fetched in the last 30 days, and what its upstream says may be asked."""
    found = await usage.show_usage(call.rooms.mirror, call.actor, mirror)
    return MirrorUsage(
        held_bytes=found.held_bytes,
        limit_bytes=found.limit_bytes,
        measured_at=_time(found.measured_at),
        days=[_day(one) for one in found.days],
        addresses=[_address(one) for one in found.addresses],
    )


def _day(day: Day) -> MirrorDay:
    return MirrorDay(**{**asdict(day), "day": day.day.isoformat()})


def _address(one: Address) -> MirrorAddress:
    return MirrorAddress(**{**asdict(one), "again_at": _time(one.again_at), "heard_at": _time(one.heard_at)})


def _time(time: datetime | None) -> str | None:
    return None if time is None else rfc3339(time)
