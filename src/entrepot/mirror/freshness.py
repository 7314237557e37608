"""When an upstream is asked about a tag. Values in, verdict out."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from entrepot.values.errors import ParameterInvalid, worded

_SECONDS_MAX: Final = 365 * 86_400
_FETCHES_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Policy:
    """How a mirror treats what it holds, in seconds.

    For `fresh_seconds` after the upstream was asked, a tag is served without asking. For `stale_seconds` more it is
    served at once and asked about meanwhile; after that, asked about first. `absent_seconds`: so long it is believed
    that something is not there. `fetches_max`: blobs that one process fetches at the same time.
    """

    fresh_seconds: int = 300
    stale_seconds: int = 3_600
    absent_seconds: int = 30
    fetches_max: int = 16


class Verdict(Enum):
    SERVE = auto()
    SERVE_STALE = auto()
    SERVE_AND_ASK = auto()
    ASK_FIRST = auto()


def judge(policy: Policy, fresh_until: int | None, ask_after: int | None, now: float) -> Verdict:
    """What to do about a tag that is held, fresh until then (None: for ever), and not to be asked about before
    `ask_after`, as the upstream just failed."""
    if fresh_until is None or now < fresh_until:
        return Verdict.SERVE
    if ask_after is not None and now < ask_after:
        return Verdict.SERVE_STALE
    return Verdict.SERVE_AND_ASK if now < fresh_until + policy.stale_seconds else Verdict.ASK_FIRST


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
    return policy
