"""Report: what became of each image, as a program reads it and as a person does."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from entrepot.values.digest import Digest


class Outcome(StrEnum):
    """`TO_COPY` stands in plans only."""

    TO_COPY = "to copy"
    COPIED = "copied"
    PRESENT = "there already"
    FAILED = "failed"


@dataclass(slots=True)
class Line:
    """One image. `target` is empty where its name cannot be one here."""

    source: str
    target: str
    outcome: Outcome = Outcome.TO_COPY
    reason: str = ""
    """Why it failed, in a sentence; of one that did not, what is worth knowing."""

    digest: Digest | None = None
    attached: int = 0
    blobs: Counter[str] = field(default_factory=Counter)
    bytes_sent: int = 0
    bytes_to_copy: int = 0

    def document(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "source": self.source,
            "target": self.target or None,
            "digest": str(self.digest) if self.digest else None,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "referrers": self.attached,
        }
        if self.outcome is Outcome.TO_COPY:
            return {**said, "bytes_to_copy": self.bytes_to_copy}
        blobs = {how: self.blobs[how] for how in ("sent", "mounted", "present")}
        return {**said, "blobs": blobs, "bytes_sent": self.bytes_sent}


@dataclass(slots=True)
class Report:
    """Of a whole import, or of the plan of one."""

    source: str
    lines: list[Line]
    people: list[dict[str, Any]]
    seconds: float
    people_unread: str = ""
    """Why the source did not tell of its people, in a sentence."""

    def count(self, outcome: Outcome) -> int:
        return sum(line.outcome is outcome for line in self.lines)

    @property
    def is_whole(self) -> bool:
        """Whether nothing failed."""
        return not self.count(Outcome.FAILED)

    def document(self) -> dict[str, Any]:
        totals = {one.name.lower(): self.count(one) for one in Outcome}
        return {
            "source": self.source,
            **totals,
            "bytes_to_copy": sum(line.bytes_to_copy for line in self.lines),
            "bytes_sent": sum(line.bytes_sent for line in self.lines),
            "seconds": round(self.seconds, 3),
            "images": [line.document() for line in self.lines],
            "people": self.people,
            "people_unread": self.people_unread,
        }
