"""This room's settings, filled by the roof."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UpkeepSettings:
    gc_grace_seconds: int = 86_400
    """How long what lost its last reference stays before it is reviewed."""
    history_days: int = 14
    """For how long tags that were closed can be had back."""
    accounting_days: int = 400
    """For how many days it is known when tags were pulled."""
    retention_hour: int = 3
    """The hour, in UTC, from which on retention policies are due each day."""
    retention_share_percent: int = 50
    """A run that nobody asked for, and that would delete more than this of a repository's tags, stops."""
    retention_jump_days: int = 7
    """So long nothing was carried out: then the clock jumped, or nothing ran; 0: never mind."""
    retention_pause_days: int = 3
    """For how long nothing is carried out after that."""
    retention_history_days: int = 90
    """For how long it is kept what runs did."""
    retention_preview_tags: int = 200_000
    """A preview of rules that are not in force yet looks at no more repositories after so many tags."""
    verify_bytes_per_second: int = 50 << 20
    """How fast a deep verification reads; 0: as fast as it can."""
    verify_every_seconds: int = 86_400
    """A verification begins when the last one was begun so long ago; 0: never by itself."""
    verify_deep_days: int = 0
    """A deep verification begins when the last one was begun so long ago; 0: never by itself."""
