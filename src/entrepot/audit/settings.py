"""This room's settings, filled by the roof."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditSettings:
    days: int = 365
    """For how long events are kept; 0: for ever."""
    page_max: int = 1_000
    looked_at_max: int = 10_000
    """How many events one question may look at; then it says where to go on."""
    looked_at_once: int = 1_000
    """And how many before others have their turn."""
