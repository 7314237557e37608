"""What became of webhooks. `subject` is the organization or repository; addresses and secrets are not told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from entrepot.registry.events import OfOrganization


@dataclass(frozen=True, slots=True)
class WebhookCreated(OfOrganization):
    type: ClassVar[str] = "webhook.created"
    webhook: str
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WebhookChanged(OfOrganization):
    """`definition` as it is now; `before` has what was different. A rotated secret is told as `secret`."""

    type: ClassVar[str] = "webhook.changed"
    webhook: str
    definition: Mapping[str, Any]
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WebhookDeleted(OfOrganization):
    type: ClassVar[str] = "webhook.deleted"
    webhook: str
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WebhookPaused(OfOrganization):
    """The courier gave up; what waits is kept."""

    type: ClassVar[str] = "webhook.paused"
    webhook: str
    why: str


@dataclass(frozen=True, slots=True)
class WebhookTested(OfOrganization):
    """Somebody had a test sent, or a delivery sent again; `delivery` is its number."""

    type: ClassVar[str] = "webhook.sent-by-hand"
    webhook: str
    delivery: int
    is_test: bool
