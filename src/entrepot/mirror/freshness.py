"""When an upstream is asked about a tag, and how much is kept of it. Values in, verdict out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum, auto
from typing import Final

from entrepot.values.errors import ParameterInvalid, worded

_SECONDS_MAX: Final = 365 * 86_400
_FETCHES_MAX: Final = 256
_LIMIT_BYTES_MAX: Final = (1 << 63) - 1
_REQUESTS_MAX: Final = 100_000


class Prefetch(StrEnum):
    """What is fetched of an image for several platforms: what somebody asked for, or beside that all of it."""

    ASKED = "asked"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Policy:
    """How a mirror treats what it holds, in seconds.

    For `fresh_seconds` after the upstream was asked, a tag is served without asking. For `stale_seconds` more it is
    served at once and asked about meanwhile; after that, asked about first. `absent_seconds`: so long it is believed
    that something is not there. `fetches_max`: blobs that one process fetches at the same time. `limit_bytes`: a mirror
    that holds more is trimmed; 0: it is not. `requests_per_minute`: so often one process asks; 0: as often as it has
    to. `prefetch`: what comes of an image for several platforms.
    """

    fresh_seconds: int = 300
    stale_seconds: int = 3_600
    absent_seconds: int = 30
    fetches_max: int = 16
    limit_bytes: int = 0
    requests_per_minute: int = 0
    prefetch: Prefetch = Prefetch.ASKED


class Verdict(Enum):
    SERVE = auto()
    SERVE_STALE = auto()
    SERVE_AND_ASK = auto()
    ASK_FIRST = auto()


def judge(policy: Policy, asked_at: int | None, ask_after: int | None, now: float) -> Verdict:
    """What to do about a tag that is held, was asked about then (None: nobody is to be asked), and is not to be asked
    about before `ask_after`, as the upstream just failed."""
    if asked_at is None or now < asked_at + policy.fresh_seconds:
        return Verdict.SERVE
    fresh_until = asked_at + policy.fresh_seconds
    if ask_after is not None and now < ask_after:
        return Verdict.SERVE_STALE
    return Verdict.SERVE_AND_ASK if now < fresh_until + policy.stale_seconds else Verdict.ASK_FIRST


@dataclass(frozen=True, slots=True)
class Standing:
    """How a tag that is held stands to its upstream.

    `answered_at`: when the upstream last said what it names; None: it is asked before the tag is served again.
    `is_stale`: it was asked since then, and did not answer; `again_at`: it is left alone until then, None when the next
    pull asks.
    """

    answered_at: datetime | None
    is_stale: bool = False
    again_at: datetime | None = None


def standing(policy: Policy, asked_at: int | None, ask_after: int | None, now: float) -> Standing | None:
    """Of a tag with these marks; None for one that no upstream is asked about."""
    if asked_at is None:
        return None
    answered_at = _time(asked_at) if asked_at else None
    if ask_after is None or now < asked_at + policy.fresh_seconds:
        return Standing(answered_at)
    return Standing(answered_at, True, _time(ask_after) if now < ask_after else None)


def check(policy: Policy) -> Policy:
    """Raises ParameterInvalid."""
    for name in ("fresh_seconds", "stale_seconds", "absent_seconds"):
        seconds = getattr(policy, name)
        if not 0 <= seconds <= _SECONDS_MAX:
            raise ParameterInvalid(
                worded("{name} is 0 to {limit}, not {seconds}.", name=name, limit=_SECONDS_MAX, seconds=seconds),
                field=name,
            )
    if not 1 <= policy.fetches_max <= _FETCHES_MAX:
        raise ParameterInvalid(
            worded("fetches_max is 1 to {limit}, not {count}.", limit=_FETCHES_MAX, count=policy.fetches_max),
            field="fetches_max",
        )
    for name, limit in (("limit_bytes", _LIMIT_BYTES_MAX), ("requests_per_minute", _REQUESTS_MAX)):
        count = getattr(policy, name)
        if not 0 <= count <= limit:
            raise ParameterInvalid(
                worded("{name} is 0 to {limit}, not {count}.", name=name, limit=limit, count=count), field=name
            )
    return policy


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
