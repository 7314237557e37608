"""Webhooks as they are kept and as they are shown: from rows to values, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from entrepot.values.names import RepositoryName, WebhookName
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.rules import Definition, Filter, Kind, Pattern, Word
from entrepot.webhooks.secrets import unseal


class Standing(StrEnum):
    """How a webhook fares: `failing` is tried again, `paused` waits for somebody to switch it on again."""

    ACTIVE = "active"
    FAILING = "failing"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Webhook:
    """`target` is where it delivers to, without what may be secret. `paused_why` is empty unless it paused.

    `failing_since`: when the oldest of its deliveries that fail failed first; None: none does.
    """

    id: str
    definition: Definition
    target: str
    has_authorization: bool
    old_secret_until: datetime | None
    paused_at: datetime | None
    paused_why: str
    failing_since: datetime | None
    creator_name: str
    created_at: datetime

    @property
    def state(self) -> Standing:
        if not self.definition.is_enabled:
            return Standing.DISABLED
        if self.paused_at is not None:
            return Standing.PAUSED
        return Standing.ACTIVE if self.failing_since is None else Standing.FAILING


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """`after`: the name to go on after; None at the end."""

    items: Sequence[Webhook]
    after: str | None


def definition_of(row: Row[Any]) -> Definition:
    chosen = Filter([Word(word) for word in row.events], Pattern(row.repositories), Pattern(row.tags))
    path = RepositoryName(row.path) if row.path else None
    return Definition(WebhookName(row.name), path, Kind(row.kind), chosen, row.is_enabled)


def columns_of(chosen: Filter, is_enabled: bool) -> dict[str, Any]:
    """What a row has of a definition, where it can change."""
    return {
        "events": [str(word) for word in chosen.words],
        "repositories": chosen.repositories.text,
        "tags": chosen.tags.text,
        "is_enabled": is_enabled,
    }


def told_of(definition: Definition, shown: str) -> dict[str, Any]:
    """A definition as an event tells it."""
    return {"kind": str(definition.kind), "target": shown, **columns_of(definition.filter, definition.is_enabled)}


def webhook_of(webhooks: Webhooks, row: Row[Any], creators: Mapping[str, str], standing: Row[Any] | None) -> Webhook:
    secrets = unseal(webhooks.sealer, row)
    until = datetime.fromisoformat(secrets.old_until) if secrets.old_until else None
    return Webhook(
        row.id,
        definition_of(row),
        row.shown_target,
        bool(secrets.authorization),
        until if until and until > webhooks.clock.now() else None,
        row.paused_at,
        row.paused_why,
        standing.failing if standing else None,
        creators.get(row.creator_id, ""),
        row.created_at,
    )
