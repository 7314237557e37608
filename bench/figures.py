"""A figure: one line of the table."""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` of `server` in `unit`; `ratio` to docker-registry's in the same run, where it was measured."""

    measurement: str
    server: str
    value: float
    unit: str
    ratio: float | None = None
    note: str = ""

    def json(self) -> dict[str, Any]:
        return asdict(self)


def compared(measurement: str, unit: str, values: dict[str, list[float]], notes: dict[str, str]) -> list[Figure]:
    """The median of each server's values; the others as multiples of docker-registry's."""
    medians = {server: median(several) for server, several in values.items()}
    reference = medians.get("docker-registry")
    return [
        Figure(
            measurement,
            server,
            value,
            unit,
            value / reference if reference and server != "docker-registry" else None,
            notes.get(server, ""),
        )
        for server, value in medians.items()
    ]
