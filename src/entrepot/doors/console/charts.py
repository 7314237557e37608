"""Charts as pages draw them: numbers become places in a picture that is stretched to where it stands. Pure.

What is written around it stands beside it in the page, so that it can be read at every width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 100
_AXIS: Final = 1  # beneath the bars
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
    is_second: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars by day, one or two for each. `most`: what the highest stands for; `first`, `last`: the days at both ends.

    `names`: of the first and the second bars, where there are two, each with its sum.
    """

    bars: Sequence[Bar]
    most: str
    first: str
    last: str
    total: str
    names: Sequence[str] = ()
    width: int = WIDTH
    height: int = HEIGHT
    floor: int = HEIGHT - _AXIS


def bars_by_day(
    values: Sequence[tuple[date, int]], say_value: Callable[[int], str], say_day: Callable[[date], str]
) -> Chart:
    """A chart of one value for each day, in the order given; an empty one without values."""
    return _chart([(day, [("", value)]) for day, value in values], say_value, say_day)


def pairs_by_day(
    values: Sequence[tuple[date, int, int]],
    names: tuple[str, str],
    say_value: Callable[[int], str],
    say_day: Callable[[date], str],
) -> Chart:
    """The same of two values for each day, which `names` are the names of."""
    pairs = [(day, list(zip(names, both, strict=True))) for day, *both in values]
    sums = [sum(both[number] for _day, *both in values) for number in (0, 1)]
    said = [f"{name}: {say_value(total)}" for name, total in zip(names, sums, strict=True)]
    return replace(_chart(pairs, say_value, say_day), names=said, total=", ".join(said))


def _chart(
    days: Sequence[tuple[date, Sequence[tuple[str, int]]]],
    say_value: Callable[[int], str],
    say_day: Callable[[date], str],
) -> Chart:
    most = max((value for _day, values in days for _name, value in values), default=0)
    each = WIDTH / max(len(days), 1)
    room = HEIGHT - _AXIS
    bars = []
    for number, (day, values) in enumerate(days):
        width = each * (1 - _GAP) / len(values)
        for place, (name, value) in enumerate(values):
            height = max(room * value / most, _LEAST) if value else 0.0
            bars.append(
                Bar(
                    x=round(each * (number + _GAP / 2) + place * width, 1),
                    y=round(HEIGHT - _AXIS - height, 1),
                    width=round(width, 1),
                    height=round(height, 1),
                    said=f"{say_day(day)}: {name} {say_value(value)}"
                    if name
                    else f"{say_day(day)}: {say_value(value)}",
                    is_second=place > 0,
                )
            )
    ends = [say_day(days[0][0]), say_day(days[-1][0])] if days else ["", ""]
    total = say_value(sum(value for _day, values in days for _name, value in values))
    return Chart(bars, say_value(most), ends[0], ends[1], total)
