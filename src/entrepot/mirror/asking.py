"""Asking: what one process asks of an upstream, how fast, and what it heard of how much it still may.

Counted in memory; `books.py` takes it to the database.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from entrepot.plumbing import metrics
from entrepot.plumbing.clock import Clock
from entrepot.remote.allowance import Allowance, parse_allowance
from entrepot.remote.watching import Kind
from entrepot.values.errors import RemoteUnreachable, worded

_MINUTE: Final = 60.0
_TOO_MANY: Final = 429
_MANIFESTS: Final = (Kind.MANIFEST_HEAD, Kind.MANIFEST_GET)


@dataclass(slots=True)
class Tally:
    """What was asked of an upstream, and what came of it, since it was last taken. `limited`: answers with 429."""

    requests: Counter[Kind] = field(default_factory=Counter)
    limited: int = 0
    fetched: int = 0
    fetched_bytes: int = 0

    def take(self) -> "Tally":
        """All of it; counting goes on from nothing."""
        taken = Tally(self.requests, self.limited, self.fetched, self.fetched_bytes)
        self.requests, self.limited, self.fetched, self.fetched_bytes = Counter(), 0, 0, 0
        return taken

    def add(self, other: "Tally") -> None:
        """Count again what could not be kept."""
        self.requests.update(other.requests)
        self.limited += other.limited
        self.fetched += other.fetched
        self.fetched_bytes += other.fetched_bytes

    def __bool__(self) -> bool:
        return bool(self.requests) or self.fetched > 0 or self.fetched_bytes > 0


class Pace:
    """So many requests in any minute; 0: as many as come."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._times: deque[float] = deque(maxlen=per_minute or 1)

    @property
    def wait_seconds(self) -> float:
        """How long the next one has to wait."""
        if not self._per_minute or len(self._times) < self._per_minute:
            return 0.0
        return max(self._times[0] + _MINUTE - self._clock(), 0.0)

    def take(self) -> float:
        """Take the next place in line; how long to wait for it."""
        wait = self.wait_seconds
        if self._per_minute:
            self._times.append(self._clock() + wait)
        return wait


@dataclass(slots=True)
class Heard:
    """What an address said last of how much may still be asked; `again_at`: before then nothing is."""

    address: str
    allowance: Allowance = field(default_factory=Allowance)
    heard_at: datetime | None = None
    again_at: datetime | None = None
    is_kept: bool = True
    """Whether it stands in the database."""

    def take(self, allowance: Allowance, now: datetime) -> None:
        self.allowance, self.heard_at, self.is_kept = allowance, now, False
        wait = allowance.wait_seconds
        self.again_at = None if wait is None else now + timedelta(seconds=wait)

    def is_silent(self, now: datetime) -> bool:
        """Whether it is to be left alone."""
        return self.again_at is not None and now < self.again_at


@dataclass(slots=True)
class Asking:
    """The `Watch` over one address of an upstream; `tally` and `pace` are those of the upstream.

    `wait_seconds_max`: whoever would have to wait longer for the pace is refused. `unsaid_seconds`: so long an address
    is left alone that said no and not for how long.
    """

    heard_of: Heard
    tally: Tally
    pace: Pace
    clock: Clock
    wait_seconds_max: float
    unsaid_seconds: float
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def before(self, kind: Kind) -> None:
        """Raises RemoteUnreachable when too many wait already."""
        if self.pace.wait_seconds > self.wait_seconds_max:
            metrics.mirror_requests.labels(kind, "held back").inc()
            raise RemoteUnreachable(
                worded("This mirror asks {url} no more often for now. Try again later.", url=self.heard_of.address),
                retry_after=self.pace.wait_seconds,
            )
        if wait := self.pace.take():
            await self.sleep(wait)

    def heard(self, kind: Kind, status: int, headers: Mapping[str, str]) -> None:
        self.tally.requests[kind] += 1
        self.tally.limited += status == _TOO_MANY
        metrics.mirror_requests.labels(kind, _result(status)).inc()
        now = self.clock.now()
        allowance = parse_allowance(status, headers, now, self.unsaid_seconds)
        if allowance is not None:
            self.heard_of.take(allowance, now)
        elif self.heard_of.again_at is not None and kind in _MANIFESTS and 0 < status < 400:
            # It said no before, and says nothing of the kind any more. Layers and tokens often do not count.
            self.heard_of.take(Allowance(), now)


def _result(status: int) -> str:
    if status == _TOO_MANY:
        return "limited"
    if 0 < status < 400:
        return "answered"
    return "refused" if 400 <= status < 500 else "failed"
