"""What an edge is told; `application.py` makes it from the settings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """`url`: where clients reach it. It keeps at most `capacity_bytes`, and leaves `free_bytes_min` of the disk free.

    For `fresh_seconds` after the center said what a tag names, it is not asked again.
    """

    url: str
    capacity_bytes: int
    free_bytes_min: int
    fresh_seconds: int = 2
    trouble_seconds: int = 5
    fetches_max: int = 64
    keep_seconds: float = 10.0
    idle_seconds_min: int = 60
    """What was sent within this time is not removed."""
    presence_seconds: float = 10.0
