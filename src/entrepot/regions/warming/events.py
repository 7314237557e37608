"""What became of warm-ups. `subject` is the repository, or the rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from entrepot.jobs.events import Event
from entrepot.registry.events import OfOrganization


@dataclass(frozen=True, slots=True)
class WarmupCreated(OfOrganization):
    """Nodes begin to fetch an image. `rule`: the name of the rule that wants it; empty: somebody asked."""

    type: ClassVar[str] = "warmup.created"
    warmup: int
    reference: str
    digest: str
    regions: Sequence[str]
    nodes: Sequence[str]
    rule: str


@dataclass(frozen=True, slots=True)
class WarmupCancelled(OfOrganization):
    """Somebody called it off; `nodes` of it had not ended."""

    type: ClassVar[str] = "warmup.cancelled"
    warmup: int
    reference: str
    digest: str
    nodes: int


@dataclass(frozen=True, slots=True)
class WarmupEnded(OfOrganization):
    """So many nodes have the image, and so many do not and are not tried again."""

    type: ClassVar[str] = "warmup.ended"
    warmup: int
    reference: str
    digest: str
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class WarmRuleCreated(Event):
    """A rule of warming up, as the API tells it."""

    type: ClassVar[str] = "warm-rule.created"
    rule: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WarmRuleDeleted(Event):
    type: ClassVar[str] = "warm-rule.deleted"
    before: Mapping[str, Any]
