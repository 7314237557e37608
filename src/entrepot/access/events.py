"""What this room tells others."""

from dataclasses import dataclass
from typing import ClassVar

from entrepot.jobs.notes import Noted


@dataclass(frozen=True, slots=True)
class AccessRefused(Noted):
    """Somebody who signed in was refused `action` on the subject; empty when it is about no name."""

    type: ClassVar[str] = "access.refused"
    quiet_seconds: ClassVar[float] = 600.0
    action: str

    @property
    def organization(self) -> str:
        return self.subject.partition("/")[0]
