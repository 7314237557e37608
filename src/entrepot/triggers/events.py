"""What became of triggers. `subject` is the repository."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from entrepot.registry.events import OfOrganization


@dataclass(frozen=True, slots=True)
class TriggerCreated(OfOrganization):
    type: ClassVar[str] = "trigger.created"
    trigger: str
    is_enabled: bool
    definition: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TriggerChanged(OfOrganization):
    type: ClassVar[str] = "trigger.changed"
    trigger: str
    is_enabled: bool
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TriggerDeleted(OfOrganization):
    """`before` is all of it, as it was."""

    type: ClassVar[str] = "trigger.deleted"
    trigger: str
    before: Mapping[str, Any]
