"""When jobs are due, as tables write it: `every(hours=1)`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Nightly jobs of all installations need not start at midnight sharp.
_NIGHTLY_HOUR, _NIGHTLY_MINUTE = 3, 17
_HOURLY_MINUTE = 7


@dataclass(frozen=True, slots=True)
class Schedule:
    """Due by the clock in UTC, on one worker whichever that is; `at_start` also whenever a worker starts.

    `cron` has six fields, seconds first. What was due while no worker ran is not made up for.
    """

    cron: str
    at_start: bool = False


def every(*, seconds: int = 0, minutes: int = 0, hours: int = 0, days: int = 0, at_start: bool = False) -> Schedule:
    """Exactly one of the units, and a number that divides the next larger one, so that the pace is even.

    Raises ValueError.
    """
    given = [(unit, count) for unit, count in _units(seconds, minutes, hours, days) if count]
    if len(given) != 1:
        raise ValueError("every() takes exactly one of seconds, minutes, hours, days")
    unit, count = given[0]
    if count < 0 or _ROUND[unit] % count:
        raise ValueError(f"every({unit}={count}) is uneven: it should divide {_ROUND[unit]}")
    return Schedule(_CRON[unit].format(count), at_start)


def next_due(cron: str, now: datetime) -> datetime:
    """When a schedule that `every` made is due next, after `now`.

    Raises ValueError for fields that are neither a number, `*` nor `*/N`, or that are about days.
    """
    seconds, minutes, hours, *days = cron.split()
    if days != ["*", "*", "*"]:
        raise ValueError(f"{cron} is about days")
    second, minute, hour = _fitting(seconds, 60), _fitting(minutes, 60), _fitting(hours, 24)
    at = now.replace(microsecond=0) + timedelta(seconds=1)
    if at.second not in second:
        at = at + _until(at.second, second, 60) * timedelta(seconds=1)
    if at.minute not in minute:
        at = at.replace(second=min(second)) + _until(at.minute, minute, 60) * timedelta(minutes=1)
    if at.hour not in hour:
        at = at.replace(minute=min(minute), second=min(second)) + _until(at.hour, hour, 24) * timedelta(hours=1)
    return at


def _fitting(field: str, end: int) -> Sequence[int]:
    star, _, step = field.partition("/")
    return range(0, end, int(step or 1)) if star == "*" else [int(field)]


def _until(now: int, fitting: Sequence[int], end: int) -> int:
    """How many units from `now` to the next that fits."""
    return min((one - now) % end for one in fitting)


def _units(seconds: int, minutes: int, hours: int, days: int) -> list[tuple[str, int]]:
    return [("seconds", seconds), ("minutes", minutes), ("hours", hours), ("days", days)]


_ROUND = {"seconds": 60, "minutes": 60, "hours": 24, "days": 1}
_CRON = {
    "seconds": "*/{} * * * * *",
    "minutes": "0 */{} * * * *",
    "hours": f"0 {_HOURLY_MINUTE} */{{}} * * *",
    "days": f"0 {_NIGHTLY_MINUTE} {_NIGHTLY_HOUR} * * *",
}
