"""When a rule of synchronisation works: at each change, every so often or at a time of day, within its windows.

All times are UTC. Values in, value or error out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from entrepot.values.errors import ParameterInvalid, quoted, worded

EVERY_SECONDS_MIN: Final = 10
EVERY_SECONDS_MAX: Final = 31 * 86_400
WINDOWS_MAX: Final = 10
_DAY: Final = timedelta(days=1)
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """From one time of day up to another, which may be on the next day; in minutes after midnight."""

    opens: int
    closes: int

    @classmethod
    def parse(cls, text: str) -> "Window":
        """A window as `22:00-06:00`. Raises ParameterInvalid."""
        first, dash, last = text.partition("-")
        if not dash or not _TIME.fullmatch(first) or not _TIME.fullmatch(last) or first == last:
            raise ParameterInvalid(
                worded("A window is written as 22:00-06:00, in UTC; not {text}.", text=quoted(text)), field="windows"
            )
        return cls(_minutes(first), _minutes(last))

    def __str__(self) -> str:
        return f"{_clock(self.opens)}-{_clock(self.closes)}"

    def end(self, at: datetime) -> datetime | None:
        """When it closes, if it is open; else None."""
        midnight = _midnight(at)
        for day in (midnight - _DAY, midnight):
            opens = day + timedelta(minutes=self.opens)
            closes = day + timedelta(minutes=self.closes) + (_DAY if self.closes < self.opens else timedelta())
            if opens <= at < closes:
                return closes
        return None

    def next_opening(self, at: datetime) -> datetime:
        """The first time from `at` on at which it opens."""
        opens = _midnight(at) + timedelta(minutes=self.opens)
        return opens if opens >= at else opens + _DAY


@dataclass(frozen=True, slots=True)
class When:
    """`every_seconds` or `at` (minutes after midnight) or, with neither, at each change; `windows`: () is always."""

    every_seconds: int | None = None
    at: int | None = None
    windows: tuple[Window, ...] = ()

    @classmethod
    def parse(cls, every_seconds: int | None, at: str | None, windows: Sequence[str] = ()) -> "When":
        """Raises ParameterInvalid."""
        if every_seconds is not None and at is not None:
            raise ParameterInvalid("A rule works every so often or at a time of day, not both.", field="at")
        if every_seconds is not None and not EVERY_SECONDS_MIN <= every_seconds <= EVERY_SECONDS_MAX:
            raise ParameterInvalid(
                worded("every_seconds is from {least} to {most}.", least=EVERY_SECONDS_MIN, most=EVERY_SECONDS_MAX),
                field="every_seconds",
            )
        if at is not None and not _TIME.fullmatch(at):
            raise ParameterInvalid(
                worded("A time of day is written as 02:30, in UTC; not {text}.", text=quoted(at)), field="at"
            )
        if len(windows) > WINDOWS_MAX:
            raise ParameterInvalid(worded("A rule has at most {limit} windows.", limit=WINDOWS_MAX), field="windows")
        made = cls(every_seconds, None if at is None else _minutes(at), tuple(map(Window.parse, windows)))
        if made.at is not None and not made._is_open_at(made.at):
            raise ParameterInvalid(
                worded("{at} is in none of the windows: the rule would never begin.", at=at or ""), field="at"
            )
        return made

    @property
    def is_at_each_change(self) -> bool:
        return self.every_seconds is None and self.at is None

    @property
    def time_of_day(self) -> str | None:
        return None if self.at is None else _clock(self.at)

    def opening(self, now: datetime) -> datetime:
        """From when on it may work: `now` when a window is open."""
        if not self.windows or self.closing(now) is not None:
            return now
        return min(one.next_opening(now) for one in self.windows)

    def closing(self, now: datetime) -> datetime | None:
        """When the window that is open closes; None when none is open, and when it may always work."""
        ends = [end for one in self.windows if (end := one.end(now)) is not None]
        return max(ends, default=None)

    def next_due(self, now: datetime) -> datetime | None:
        """When it works the next time after it worked at `now`; None: when something changes."""
        if self.every_seconds is not None:
            return self.opening(now + timedelta(seconds=self.every_seconds))
        if self.at is not None:
            return Window(self.at, self.at).next_opening(now + timedelta(microseconds=1))
        return None

    def first_due(self, now: datetime) -> datetime:
        """When a new rule works for the first time: what is there already is looked at, too."""
        if self.at is not None:
            return Window(self.at, self.at).next_opening(now)
        return self.opening(now)

    def _is_open_at(self, minute: int) -> bool:
        some_day = datetime(2000, 1, 2, tzinfo=UTC) + timedelta(minutes=minute)
        return self.opening(some_day) == some_day


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
