"""What the jobs room is told; `app.py` makes it from the settings."""

from dataclasses import dataclass
from typing import Final

# What engine and lookers-on share.
NAME: Final = "entrepot"
SCHEMA: Final = "dbos"
QUEUE: Final = "entrepot"
VERSION: Final = "1"
"""The engine recovers only runs of its own version. Ours stay readable over releases, so the number stays."""


@dataclass(frozen=True, slots=True)
class JobSettings:
    """`system_url`: where the engine keeps its state, `sqlite:///FILE` or `postgresql://…`."""

    system_url: str
    at_once: int = 4
    idle_poll_seconds: float = 1.0
    busy_poll_seconds: float = 0.05
    batch: int = 100
    attempts: int = 8
    first_pause_seconds: float = 1.0
    history_seconds: float = 30 * 86_400
