"""This room's settings, filled by the roof."""

from dataclasses import dataclass, field
from pathlib import Path

from entrepot.archives.settings import ArchiveSettings


@dataclass(frozen=True, slots=True)
class IntakeSettings:
    archives_open_max: int = 20
    """For each account: archives that are under way."""
    wait_seconds: int = 7 * 86_400
    """How long an archive that was handed in waits for a worker, and what became of it is told."""
    scratch: Path | None = None
    """Where temporary files go; None: where this system keeps them."""
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
