"""What the registry tells others. `subject` is the organization or repository."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from entrepot.jobs.events import Event
from entrepot.jobs.notes import Noted


@dataclass(frozen=True, slots=True)
class OfOrganization(Event):
    """About an organization or something in it, as its name begins with."""

    @property
    def organization(self) -> str:
        return self.subject.partition("/")[0]


@dataclass(frozen=True, slots=True)
class OrganizationCreated(OfOrganization):
    type: ClassVar[str] = "organization.created"
    public_by_default: bool = False


@dataclass(frozen=True, slots=True)
class OrganizationChanged(OfOrganization):
    type: ClassVar[str] = "organization.changed"
    allows_sparse: bool
    public_by_default: bool
    history_days: int | None
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OrganizationClosed(OfOrganization):
    """Nothing in it is changed from now on; `before`: what was said when it was closed already."""

    type: ClassVar[str] = "organization.closed"
    message: str
    before: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OrganizationOpened(OfOrganization):
    type: ClassVar[str] = "organization.opened"
    before: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OrganizationTransferred(OfOrganization):
    """An organization belongs to `domain` and its `owner`, who may be nobody in particular. Told in both domains."""

    type: ClassVar[str] = "organization.transferred"
    domain: str
    owner: str
    before: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OrganizationDeleted(OfOrganization):
    type: ClassVar[str] = "organization.deleted"


@dataclass(frozen=True, slots=True)
class ImmutabilityCreated(OfOrganization):
    """A rule by which tags stay where they are, as the API tells it."""

    type: ClassVar[str] = "immutability.created"
    rule_id: int
    rule: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ImmutabilityChanged(OfOrganization):
    type: ClassVar[str] = "immutability.changed"
    rule_id: int
    rule: Mapping[str, Any]
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ImmutabilityDeleted(OfOrganization):
    type: ClassVar[str] = "immutability.deleted"
    rule_id: int
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RepositoryCreated(OfOrganization):
    type: ClassVar[str] = "repository.created"
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class RepositoryChanged(OfOrganization):
    """Of a long description only the beginning is told."""

    type: ClassVar[str] = "repository.changed"
    is_public: bool
    category: str
    description: str
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RepositoryRenamed(OfOrganization):
    """The subject is the new name; `before` has the old `path`."""

    type: ClassVar[str] = "repository.renamed"
    before: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RepositoryDeleted(OfOrganization):
    type: ClassVar[str] = "repository.deleted"


@dataclass(frozen=True, slots=True)
class GrantSet(OfOrganization):
    """`expires_at`: the first moment it does not count any more; None: it has no end."""

    type: ClassVar[str] = "grant.set"
    grantee: str
    level: int
    expires_at: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GrantRemoved(OfOrganization):
    type: ClassVar[str] = "grant.removed"
    grantee: str
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShareSet(OfOrganization):
    """A repository is shared with the domain `receiver`, through the day `deadline` or for ever."""

    type: ClassVar[str] = "share.set"
    receiver: str
    receiver_id: str
    deadline: str
    description: str
    before: dict[str, str]


@dataclass(frozen=True, slots=True)
class ShareRemoved(OfOrganization):
    type: ClassVar[str] = "share.removed"
    receiver: str
    receiver_id: str
    before: dict[str, str]


@dataclass(frozen=True, slots=True)
class BlobPushed(OfOrganization):
    """The repository holds the blob from now on.

    Whether its bytes were sent or lay in another repository already (a mount) makes no difference to who
    reacts, so it is one fact: nobody has to listen to two, or misses what was mounted. Where they lay is
    not told, because who may read this repository need not know that one.
    """

    type: ClassVar[str] = "blob.pushed"
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class BlobMended(Event):
    """What was found of a blob's bytes, whose digest is the subject, is so no more.

    `how`: they were `pushed` again, `found` to be right after all, or `collected`, as nothing refers to them.
    """

    type: ClassVar[str] = "blob.mended"
    kind: str
    how: str


@dataclass(frozen=True, slots=True)
class BlobDeleted(OfOrganization):
    type: ClassVar[str] = "blob.deleted"
    digest: str


@dataclass(frozen=True, slots=True)
class ManifestPushed(OfOrganization):
    """`before`: what those of its tags that moved pointed at."""

    type: ClassVar[str] = "manifest.pushed"
    digest: str
    media_type: str
    tags: list[str]
    before: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ManifestPulled(Noted):
    """One pull of the so many that the setting `audit_pulls_every` says; `reference` is what was asked for."""

    type: ClassVar[str] = "manifest.pulled"
    digest: str
    reference: str

    @property
    def organization(self) -> str:
        return self.subject.partition("/")[0]


@dataclass(frozen=True, slots=True)
class QuotaRefused(Noted):
    """More was wanted for the subject, a repository or organization, than a quota of its organization or domain has.

    `quota`: of what; `of`: whose, `organization` or `domain`. Told once in ten minutes: clients try again.
    """

    type: ClassVar[str] = "quota.exceeded"
    quiet_seconds: ClassVar[float] = 600.0
    quota: str
    of: str
    limit: int

    @property
    def organization(self) -> str:
        return self.subject.partition("/")[0]


@dataclass(frozen=True, slots=True)
class ManifestDeleted(OfOrganization):
    type: ClassVar[str] = "manifest.deleted"
    digest: str
    tags: list[str]


@dataclass(frozen=True, slots=True)
class TagMoved(OfOrganization):
    """A tag points at a manifest that was there already. `before` has the digest it pointed at, if it did.

    A tag that comes with a push is told by `ManifestPushed`.
    """

    type: ClassVar[str] = "tag.moved"
    tag: str
    digest: str
    media_type: str
    before: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TagDeleted(OfOrganization):
    type: ClassVar[str] = "tag.deleted"
    tag: str
    digest: str


@dataclass(frozen=True, slots=True)
class QuotaNearlyUsed(Event):
    """Of a quota of the subject, an organization or domain (`of` says which kind), nearly all is used."""

    type: ClassVar[str] = "quota.warning"
    quota: str
    of: str
    used: int
    limit: int

    @property
    def organization(self) -> str:
        return self.subject if self.of == "organization" else ""


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
