"""What became of archives. `subject` is the organization; `archive` the archive's id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from entrepot.registry.events import OfOrganization


@dataclass(frozen=True, slots=True)
class ArchiveHandedIn(OfOrganization):
    """All bytes are here; a worker looks at them."""

    type: ClassVar[str] = "archive.handed-in"
    archive: str
    file_name: str
    size: int


@dataclass(frozen=True, slots=True)
class ArchiveImported(OfOrganization):
    """`images`: for each its repository, tags and digest."""

    type: ClassVar[str] = "archive.imported"
    archive: str
    file_name: str
    images: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ArchiveRefused(OfOrganization):
    """Nothing of it was pushed, unless `problem` came up while pushing."""

    type: ClassVar[str] = "archive.refused"
    archive: str
    file_name: str
    problem: str
    message: str


@dataclass(frozen=True, slots=True)
class ArchiveCancelled(OfOrganization):
    type: ClassVar[str] = "archive.cancelled"
    archive: str
    file_name: str
