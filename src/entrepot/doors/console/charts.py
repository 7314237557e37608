"""Charts as pages draw them: numbers become places in a picture of fixed proportions. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 150
_TOP: Final = 24  # above the highest bar, for what it stands for
_BOTTOM: Final = 24  # beneath the axis, for days
_GAP: Final = 0.25  # of a day's width
_LEAST: Final = 2.0  # a bar that stands for something can be seen


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    said: str
    """What it stands for, in words."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars by day. `most`: what the highest stands for; `first` and `last`: the days at both ends."""

    bars: Sequence[Bar]
    most: str
    first: str
    last: str
    total: str
    width: int = WIDTH
    height: int = HEIGHT
    floor: int = HEIGHT - _BOTTOM


def bars_by_day(
    values: Sequence[tuple[date, int]], say_value: Callable[[int], str], say_day: Callable[[date], str]
) -> Chart:
    """A chart of one value for each day, in the order given; an empty one without values."""
    most = max((value for _day, value in values), default=0)
    each = WIDTH / max(len(values), 1)
    room = HEIGHT - _BOTTOM - _TOP
    bars = []
    for number, (day, value) in enumerate(values):
        height = max(room * value / most, _LEAST) if value else 0.0
        bars.append(
            Bar(
                x=round(each * (number + _GAP / 2), 1),
                y=round(HEIGHT - _BOTTOM - height, 1),
                width=round(each * (1 - _GAP), 1),
                height=round(height, 1),
                said=f"{say_day(day)}: {say_value(value)}",
            )
        )
    ends = [say_day(values[0][0]), say_day(values[-1][0])] if values else ["", ""]
    return Chart(bars, say_value(most), ends[0], ends[1], say_value(sum(value for _day, value in values)))
