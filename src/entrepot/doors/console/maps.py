"""Maps as pages draw them: places become points of a picture, equirectangular. Pure.

What it shows stands in words beside it, for who does not see it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from entrepot.doors.console.outlines import outlines
from entrepot.values.location import Location

WIDTH: Final = 720
HEIGHT: Final = 320
_NORTH: Final = 84
"""The highest latitude that is shown; the lowest follows from the height: nobody pulls from the south pole."""
_SCALE: Final = WIDTH / 360
_STEPS: Final = 48
"""Points of a great circle."""
_NAME_WIDTH: Final = 90
_NAME_HEIGHT: Final = 13
_NAME_BELOW: Final = 4
_EVERY: Final = 30
"""Degrees between the lines of the grid."""


@dataclass(frozen=True, slots=True)
class Dot:
    """`kind`: how it is drawn. `said`: what it stands for, in words."""

    x: float
    y: float
    kind: str
    name: str
    said: str
    name_y: float = 0.0
    """Where its name stands: beside it, or beneath the name of one near it."""

    @property
    def is_right(self) -> bool:
        """Whether its name stands to the left of it, to be within the picture."""
        return self.x > WIDTH * 0.85


@dataclass(frozen=True, slots=True)
class Map:
    """`land` and `way` are SVG paths; `meridians` and `parallels`: where lines stand."""

    dots: Sequence[Dot]
    way: str
    land: str
    meridians: Sequence[float]
    parallels: Sequence[float]
    width: int = WIDTH
    height: int = HEIGHT


def map_of(places: Sequence[tuple[Location, str, str, str]], way: tuple[Location, Location] | None = None) -> Map:
    """Places with their kind, name and words; and the way between two of them, along the great circle."""
    dots = _named([Dot(*_point(at), kind, name, said) for at, kind, name, said in places])
    south = _NORTH - HEIGHT / _SCALE
    return Map(
        dots,
        "" if way is None else _great_circle(*way),
        _land(),
        [(degrees + 180) * _SCALE for degrees in range(-150, 180, _EVERY)],
        [_y(degrees) for degrees in range(-60, _NORTH, _EVERY) if degrees > south],
    )


def _named(dots: Sequence[Dot]) -> Sequence[Dot]:
    """Names that would stand upon each other stand beneath each other, from the north."""
    found: list[Dot] = []
    for dot in sorted(dots, key=lambda one: (one.y, one.x)):
        near = [one.name_y for one in found if abs(one.x - dot.x) < _NAME_WIDTH]
        found.append(replace(dot, name_y=round(max([dot.y + _NAME_BELOW, *(y + _NAME_HEIGHT for y in near)]), 1)))
    return found


def _point(at: Location) -> tuple[float, float]:
    return round((at.longitude + 180) * _SCALE, 1), min(max(_y(at.latitude), 0.0), float(HEIGHT))


def _y(latitude: float) -> float:
    return round((_NORTH - latitude) * _SCALE, 1)


@cache
def _land() -> str:
    """All outlines, once."""
    return "".join(
        "M" + "L".join(f"{(east + 180) * _SCALE:g} {_y(north):g}" for east, north in outline) + "Z"
        for outline in outlines()
    )


def _great_circle(start: Location, end: Location) -> str:
    """The shortest way, in two pieces where it goes over the edge of the picture."""
    first, last = start.vector, end.vector
    angle = math.acos(min(1.0, max(-1.0, sum(one * other for one, other in zip(first, last, strict=True)))))
    if math.sin(angle) < 1e-6:  # the same place, or the one across the globe, where every way is the shortest
        points = [start, end]
    else:
        points = [_between(first, last, angle, step / _STEPS) for step in range(_STEPS + 1)]
    drawn, before = "", None
    for at in points:
        x, y = _point(at)
        goes_on = before is not None and abs(x - before) <= WIDTH / 2
        drawn += f"{'L' if goes_on else 'M'}{x:g} {y:g}"
        before = x
    return drawn


def _between(
    first: tuple[float, float, float], last: tuple[float, float, float], angle: float, share: float
) -> Location:
    near, far = math.sin((1 - share) * angle) / math.sin(angle), math.sin(share * angle) / math.sin(angle)
    x, y, z = (near * one + far * other for one, other in zip(first, last, strict=True))
    return Location(math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x)))
