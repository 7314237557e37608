"""What the registry tells others. `subject` is the organization or repository."""

from dataclasses import dataclass
from typing import ClassVar

from entrepot.jobs.events import Event


@dataclass(frozen=True, slots=True)
class OrganizationCreated(Event):
    type: ClassVar[str] = "organization.created"


@dataclass(frozen=True, slots=True)
class OrganizationChanged(Event):
    type: ClassVar[str] = "organization.changed"
    allows_sparse: bool


@dataclass(frozen=True, slots=True)
class OrganizationDeleted(Event):
    type: ClassVar[str] = "organization.deleted"


@dataclass(frozen=True, slots=True)
class RepositoryCreated(Event):
    type: ClassVar[str] = "repository.created"


@dataclass(frozen=True, slots=True)
class RepositoryChanged(Event):
    type: ClassVar[str] = "repository.changed"
    is_public: bool


@dataclass(frozen=True, slots=True)
class RepositoryDeleted(Event):
    type: ClassVar[str] = "repository.deleted"


@dataclass(frozen=True, slots=True)
class GrantSet(Event):
    type: ClassVar[str] = "grant.set"
    grantee: str
    level: int


@dataclass(frozen=True, slots=True)
class GrantRemoved(Event):
    type: ClassVar[str] = "grant.removed"
    grantee: str


@dataclass(frozen=True, slots=True)
class BlobPushed(Event):
    """The repository holds the blob from now on.

    Whether its bytes were sent or lay in another repository already (a mount) makes no difference to who
    reacts, so it is one fact: nobody has to listen to two, or misses what was mounted. Where they lay is
    not told, because who may read this repository need not know that one.
    """

    type: ClassVar[str] = "blob.pushed"
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class BlobDeleted(Event):
    type: ClassVar[str] = "blob.deleted"
    digest: str


@dataclass(frozen=True, slots=True)
class ManifestPushed(Event):
    type: ClassVar[str] = "manifest.pushed"
    digest: str
    media_type: str
    tags: list[str]


@dataclass(frozen=True, slots=True)
class ManifestDeleted(Event):
    type: ClassVar[str] = "manifest.deleted"
    digest: str
    tags: list[str]


@dataclass(frozen=True, slots=True)
class TagDeleted(Event):
    type: ClassVar[str] = "tag.deleted"
    tag: str
    digest: str


@dataclass(frozen=True, slots=True)
class QuotaSet(Event):
    """Limits of a domain (`of` says which kind) or an organization; None: what it inherits, -1: none."""

    type: ClassVar[str] = "quota.set"
    of: str
    limits: dict[str, int | None]
    before: dict[str, dict[str, int | None]]

    @property
    def organization(self) -> str:
        return self.subject if self.of == "organization" else ""
