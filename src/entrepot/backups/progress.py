"""How far a long piece of work is, told to whoever shows it."""

from enum import StrEnum
from typing import Protocol


class Phase(StrEnum):
    """FACTS is counted in rows, the others in bytes."""

    FACTS = "facts"
    BLOBS = "blobs"
    CHECK = "check"


class Progress(Protocol):
    def begin(self, phase: Phase, total: int | None) -> None:
        """A phase begins; `total` of what it counts, where that is known."""
        ...

    def add(self, count: int) -> None:
        """So much more was done."""
        ...


class Silent:
    """Progress that nobody looks at."""

    def begin(self, phase: Phase, total: int | None) -> None: ...

    def add(self, count: int) -> None: ...
