"""Locations on the globe, and how far they are from each other."""

import math
from dataclasses import dataclass
from typing import Final

from entrepot.values.errors import ParameterInvalid, quoted, worded

_EARTH_KM: Final = 6_371.0
_DECIMALS: Final = 4
"""About ten metres: nobody's place on the net is known better."""


@dataclass(frozen=True, slots=True)
class Location:
    """`latitude`: degrees to the north, `longitude`: degrees to the east."""

    latitude: float
    longitude: float

    def __str__(self) -> str:
        return f"{self.latitude:g},{self.longitude:g}"

    @classmethod
    def parse(cls, text: str) -> "Location":
        """`52.52,13.4`: degrees north and east, to four decimals. Raises ParameterInvalid."""
        try:
            latitude, longitude = (float(part) for part in text.split(","))
        except ValueError:
            latitude = longitude = math.nan
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):
            raise ParameterInvalid(
                worded(
                    "A location is written as degrees north and degrees east, as 52.52,13.4 or -33.87,151.2; "
                    "not {text}.",
                    text=quoted(text),
                ),
                kind="location",
            )
        return cls(round(latitude, _DECIMALS) + 0.0, round(longitude, _DECIMALS) + 0.0)

    @property
    def vector(self) -> tuple[float, float, float]:
        """Where it is on a globe of radius 1: the nearer two of them, the greater their dot product."""
        north, east = math.radians(self.latitude), math.radians(self.longitude)
        level = math.cos(north)
        return level * math.cos(east), level * math.sin(east), math.sin(north)

    def distance_km(self, other: "Location") -> float:
        """Along the great circle."""
        north, to_north = math.radians(self.latitude), math.radians(other.latitude)
        half = math.radians(other.longitude - self.longitude) / 2
        chord = math.sin((to_north - north) / 2) ** 2 + math.cos(north) * math.cos(to_north) * math.sin(half) ** 2
        return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))
