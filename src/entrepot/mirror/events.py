"""What became of regions and of synchronisation. `subject` is the region, or the repository."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from entrepot.jobs.events import Event
from entrepot.registry.events import OfOrganization


@dataclass(frozen=True, slots=True)
class RegionCreated(Event):
    """`cidrs` and `location`: its place, as far as it was said."""

    type: ClassVar[str] = "region.created"
    url: str
    username: str = ""
    cidrs: Sequence[str] = ()
    location: str = ""


@dataclass(frozen=True, slots=True)
class RegionChanged(Event):
    """`secrets`: those that are others now, by name; what they are is told nowhere."""

    type: ClassVar[str] = "region.changed"
    now: Mapping[str, Any]
    secrets: Sequence[str]
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RegionDeleted(Event):
    """`rules` went with it, and `cancelled` copies that were waiting or under way."""

    type: ClassVar[str] = "region.deleted"
    rules: int
    cancelled: int
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SyncRuleCreated(OfOrganization):
    type: ClassVar[str] = "sync-rule.created"
    region: str
    remote_organization: str
    is_automatic: bool
    overrides: bool


@dataclass(frozen=True, slots=True)
class SyncRuleDeleted(OfOrganization):
    """`cancelled` copies that it had asked for were waiting or under way."""

    type: ClassVar[str] = "sync-rule.deleted"
    region: str
    remote_organization: str
    before: Mapping[str, Any]
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class WideSyncCreated(Event):
    """A rule of our own, by whose name it is called, as the API tells it."""

    type: ClassVar[str] = "wide-sync-rule.created"
    rule: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WideSyncChanged(Event):
    """`cancelled` copies and deletions of it were waiting or under way, and were called off."""

    type: ClassVar[str] = "wide-sync-rule.changed"
    now: Mapping[str, Any]
    before: Mapping[str, Any]
    cancelled: int


@dataclass(frozen=True, slots=True)
class WideSyncDeleted(Event):
    type: ClassVar[str] = "wide-sync-rule.deleted"
    before: Mapping[str, Any]
    cancelled: int


@dataclass(frozen=True, slots=True)
class WideSyncAsked(Event):
    """Somebody wants it looked for what differs now."""

    type: ClassVar[str] = "wide-sync-rule.asked"


@dataclass(frozen=True, slots=True)
class SyncRequested(OfOrganization):
    """Somebody wants these tags copied now."""

    type: ClassVar[str] = "sync.requested"
    region: str
    remote_organization: str
    tags: Sequence[str]
    overrides: bool


@dataclass(frozen=True, slots=True)
class SyncCopied(OfOrganization):
    """A tag is at its region as it is here. `bytes_sent`: the rest was there, or was mounted there."""

    type: ClassVar[str] = "sync.copied"
    copy: int
    tag: str
    digest: str
    region: str
    remote_organization: str
    bytes_sent: int


@dataclass(frozen=True, slots=True)
class SyncPulled(OfOrganization):
    """A tag is here as it is at its region. `bytes_received`: the rest was here."""

    type: ClassVar[str] = "sync.pulled"
    copy: int
    tag: str
    digest: str
    region: str
    remote_organization: str
    bytes_received: int


@dataclass(frozen=True, slots=True)
class SyncDeleted(OfOrganization):
    """A tag that had been copied is gone where it was copied to: from a region, `direction` push, or from here."""

    type: ClassVar[str] = "sync.deleted"
    copy: int
    tag: str
    digest: str
    region: str
    remote_organization: str
    direction: str


@dataclass(frozen=True, slots=True)
class SyncFailed(OfOrganization):
    """A copy ended without: `status` is `failed`, `timeout` or `existed`; `error` says why."""

    type: ClassVar[str] = "sync.failed"
    copy: int
    tag: str
    region: str
    remote_organization: str
    status: str
    error: str


@dataclass(frozen=True, slots=True)
class SyncCancelled(OfOrganization):
    """Somebody called a copy off."""

    type: ClassVar[str] = "sync.cancelled"
    copy: int
    tag: str
    region: str
    remote_organization: str


@dataclass(frozen=True, slots=True)
class SyncRetried(OfOrganization):
    """Somebody wants a copy tried again, which had ended with this `status`."""

    type: ClassVar[str] = "sync.retried"
    copy: int
    tag: str
    region: str
    remote_organization: str
    status: str


@dataclass(frozen=True, slots=True)
class MirrorCreated(OfOrganization):
    """The organization brings images of the registry that clients call `host`."""

    type: ClassVar[str] = "mirror.created"
    host: str
    endpoints: Sequence[str]


@dataclass(frozen=True, slots=True)
class MirrorChanged(OfOrganization):
    """`secrets`: those that are others now, by name; what they are is told nowhere."""

    type: ClassVar[str] = "mirror.changed"
    now: Mapping[str, Any]
    secrets: Sequence[str]
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MirrorPinned(OfOrganization):
    """Images in repositories like `repositories`, with tags like `tags` if there are any, are not trimmed."""

    type: ClassVar[str] = "mirror.pinned"
    repositories: str
    tags: str


@dataclass(frozen=True, slots=True)
class MirrorUnpinned(OfOrganization):
    type: ClassVar[str] = "mirror.unpinned"
    repositories: str
    tags: str


@dataclass(frozen=True, slots=True)
class MirrorTrimmed(OfOrganization):
    """More was held than the limit: so many images went, and so many bytes are of nothing that is left."""

    type: ClassVar[str] = "mirror.trimmed"
    images: int
    freed_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class MirrorDeleted(OfOrganization):
    """What was brought stays, in an organization like others."""

    type: ClassVar[str] = "mirror.deleted"
    before: Mapping[str, Any]
