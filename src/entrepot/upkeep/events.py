"""What became of retention policies, and what they did.

`subject` is the repository; rules are told as the contract writes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from entrepot.jobs.events import Event
from entrepot.registry.events import OfOrganization


@dataclass(frozen=True, slots=True)
class RetentionCreated(OfOrganization):
    type: ClassVar[str] = "retention.created"
    policy_id: int
    rules: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class RetentionChanged(OfOrganization):
    type: ClassVar[str] = "retention.changed"
    policy_id: int
    rules: Sequence[Mapping[str, Any]]
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RetentionDeleted(OfOrganization):
    type: ClassVar[str] = "retention.deleted"
    policy_id: int
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WideRetentionCreated(OfOrganization):
    """A policy of an organization, which is the subject; so it is of the next two."""

    type: ClassVar[str] = "retention.policy_created"
    policy_id: int
    policy: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WideRetentionChanged(OfOrganization):
    type: ClassVar[str] = "retention.policy_changed"
    policy_id: int
    policy: Mapping[str, Any]
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WideRetentionDeleted(OfOrganization):
    type: ClassVar[str] = "retention.policy_deleted"
    policy_id: int
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RetentionAsked(OfOrganization):
    """Somebody asked for rules to be carried out; the subject is a repository, or an organization."""

    type: ClassVar[str] = "retention.asked"
    is_forced: bool


@dataclass(frozen=True, slots=True)
class RetentionRan(OfOrganization):
    """Rules were carried out. `stopped_by`: what spoke against it (`safety.Stop`), empty when nothing did."""

    type: ClassVar[str] = "retention.ran"
    run_id: int
    state: str
    deleted: int
    stopped_by: str


@dataclass(frozen=True, slots=True)
class RetentionUndone(OfOrganization):
    """What a run deleted is to come back."""

    type: ClassVar[str] = "retention.undone"
    run_id: int


@dataclass(frozen=True, slots=True)
class CollectionRequested(Event):
    """Somebody asked for a collection, whose id is the subject."""

    type: ClassVar[str] = "gc.requested"


@dataclass(frozen=True, slots=True)
class VerificationRequested(Event):
    """Somebody asked for a verification, whose id is the subject, or it was due."""

    type: ClassVar[str] = "verify.requested"
    is_deep: bool


@dataclass(frozen=True, slots=True)
class VerificationCancelled(Event):
    """Somebody called a verification off. `counts` of what is wrong with blobs now, by kind."""

    type: ClassVar[str] = "verify.cancelled"
    is_deep: bool
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class VerificationEnded(Event):
    """`counts` of what is wrong with blobs now, by kind. `error`: why it was broken off; empty as a rule."""

    type: ClassVar[str] = "verify.ended"
    is_deep: bool
    counts: Mapping[str, int]
    error: str


@dataclass(frozen=True, slots=True)
class BlobLost(Event):
    """A blob, whose digest is the subject, is not as it was acknowledged. `seen`: what was there instead."""

    type: ClassVar[str] = "blob.lost"
    kind: str
    seen: str


@dataclass(frozen=True, slots=True)
class CollectionEnded(Event):
    """A collection ended that found something to do, or was asked for. `counts` of what it did, by name."""

    type: ClassVar[str] = "gc.ended"
    counts: Mapping[str, int]
