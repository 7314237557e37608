"""What became of retention policies. `subject` is the repository; rules are told as the contract writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

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
