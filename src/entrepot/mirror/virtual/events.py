"""What became of virtual organizations. `subject` is the organization."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from entrepot.jobs.notes import Noted
from entrepot.registry.events import OfOrganization


@dataclass(frozen=True, slots=True)
class VirtualCreated(OfOrganization):
    """The organization merges its `members`, each with rules of its own."""

    type: ClassVar[str] = "virtual.created"
    members: Sequence[Mapping[str, Any]]
    allow: Sequence[str]
    deny: Sequence[str]
    quarantine_seconds: int


@dataclass(frozen=True, slots=True)
class VirtualChanged(OfOrganization):
    """`forgotten`: so many names belong to no member any more."""

    type: ClassVar[str] = "virtual.changed"
    now: Mapping[str, Any]
    before: Mapping[str, Any]
    forgotten: int = 0


@dataclass(frozen=True, slots=True)
class VirtualDeleted(OfOrganization):
    """It merges nothing any more, and stays as an empty organization."""

    type: ClassVar[str] = "virtual.deleted"
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ImageRefused(Noted):
    """A rule refused an image of the subject, a repository of a virtual organization.

    `digest`: of one that is too young. Told once in ten minutes: machines try again.
    """

    type: ClassVar[str] = "virtual.refused"
    quiet_seconds: ClassVar[float] = 600.0
    rule: str
    digest: str

    @property
    def organization(self) -> str:
        return self.subject.partition("/")[0]
