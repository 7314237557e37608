"""The log of what was delivered, and what is to be: looked at, sent again, tried out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.db.transaction import Writer
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id_in_time
from entrepot.values.errors import RuleUnknown, worded
from entrepot.values.names import OrganizationName, WebhookName
from entrepot.webhooks import lanes
from entrepot.webhooks.definitions import existing
from entrepot.webhooks.events import WebhookTested
from entrepot.webhooks.gathering import waiting
from entrepot.webhooks.happenings import Happening
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.rules import TEST, TEST_LANE, State
from entrepot.webhooks.shown import definition_of


@dataclass(frozen=True, slots=True)
class Delivery:
    """`next_at`: when it is tried next, if it waits at the head of its lane; None: behind others, or not at all.

    `status` and `problem` are of the last attempt; `problem` is empty when that went well.
    """

    number: int
    message_id: str
    event: str
    subject: str
    state: State
    attempts: int
    created_at: datetime
    tried_at: datetime | None
    next_at: datetime | None
    status: int | None
    problem: str
    milliseconds: int | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent, with secrets masked, and the first KiB of the answer."""

    delivery: Delivery
    target: str
    headers: Mapping[str, str]
    body: str
    answer: str


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """`after`: where to go on; None at the end."""

    items: Sequence[Delivery]
    after: int | None


async def list_deliveries(
    webhooks: Webhooks,
    actor: Actor,
    organization: OrganizationName,
    name: WebhookName,
    state: State | None = None,
    before: int = 0,
    limit: int = 100,
) -> DeliveryPage:
    """The newest first, those with a number below `before` (0: from the newest on).

    Raises Unauthenticated, AccessDenied, OrganizationUnknown or RuleUnknown.
    """
    async with webhooks.db.reading() as tx:
        row = await existing(tx, actor, organization, name)
        rows = await lanes.deliveries_of(tx, row.id, state, before, limit + 1)
        heads = await lanes.heads_of(tx, row.id, {one.lane for one in rows if one.state == State.WAITING})
    shown = rows[:limit]
    return DeliveryPage([_delivery(one, heads) for one in shown], shown[-1].id if len(rows) > limit else None)


async def show_delivery(
    webhooks: Webhooks, actor: Actor, organization: OrganizationName, name: WebhookName, number: int
) -> Exchange:
    """Raises Unauthenticated, AccessDenied, OrganizationUnknown or RuleUnknown."""
    async with webhooks.db.reading() as tx:
        webhook = await existing(tx, actor, organization, name)
        row = await lanes.delivery_by_id(tx, webhook.id, number)
        if row is None:
            raise _unknown(name, number)
        heads = await lanes.heads_of(tx, webhook.id, {row.lane})
    return Exchange(_delivery(row, heads), webhook.shown_target, row.headers, row.body, row.answer)


async def redeliver(
    webhooks: Webhooks, actor: Actor, organization: OrganizationName, name: WebhookName, number: int
) -> None:
    """Send a delivery again, with the same id and body, or one that waits right now.

    It keeps its place in the order. Of a webhook that pauses or is switched off it waits. Raises Unauthenticated,
    AccessDenied, OrganizationUnknown or RuleUnknown.
    """
    async with webhooks.db.writing() as tx:
        webhook = await existing(tx, actor, organization, name)
        await tx.lock(lanes.LANES)
        row = await lanes.delivery_by_id(tx, webhook.id, number)
        if row is None:
            raise _unknown(name, number)
        now = webhooks.clock.now()
        await lanes.set_waiting(tx, number)
        delivers = row.lane == TEST_LANE or (webhook.is_enabled and webhook.paused_at is None)
        await lanes.hurry_lane(tx, webhook.id, row.lane, now if delivers else None)
        await _tell(tx, webhooks, actor, webhook, number, is_test=False)


async def send_test(webhooks: Webhooks, actor: Actor, organization: OrganizationName, name: WebhookName) -> int:
    """Have a test delivered, once, also by a webhook that pauses or is switched off; the number of the delivery.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown or RuleUnknown.
    """
    async with webhooks.db.writing() as tx:
        webhook = await existing(tx, actor, organization, name)
        await tx.lock(lanes.LANES)
        row = waiting(webhook.id, _test(webhooks, actor, webhook), definition_of(webhook).kind, webhooks)
        number = await lanes.add_delivery(tx, {**row, "lane": TEST_LANE})
        await lanes.hurry_lane(tx, webhook.id, TEST_LANE, webhooks.clock.now())
        await _tell(tx, webhooks, actor, webhook, number, is_test=True)
    return number


async def _tell(tx: Writer, webhooks: Webhooks, actor: Actor, webhook: Row[Any], number: int, is_test: bool) -> None:
    event = WebhookTested(webhook.path or webhook.organization, webhook.name, number, is_test)
    await publish(tx, event, actor=actor.subject, at=webhooks.clock.now(), domain_id=webhook.domain_id)


def _test(webhooks: Webhooks, actor: Actor, webhook: Row[Any]) -> Happening:
    return Happening(
        new_id_in_time(),
        TEST,
        "webhook.test",
        webhooks.clock.now(),
        webhook.path or webhook.organization,
        webhook.organization,
        webhook.domain_id,
        actor.subject,
        {"webhook": webhook.name},
        actor_name=actor.name,
    )


def _unknown(name: WebhookName, number: int) -> RuleUnknown:
    return RuleUnknown(
        worded("{name} has no delivery {number}, or not any more.", name=name, number=number), kind="delivery-unknown"
    )


def _delivery(row: Row[Any], heads: Mapping[str, Row[Any]]) -> Delivery:
    head = heads.get(row.lane) if row.state == State.WAITING else None
    return Delivery(
        row.id,
        row.event_id,
        row.event,
        row.subject,
        State(row.state),
        row.attempts,
        row.created_at,
        row.tried_at,
        head.next_at if head and head.first == row.id else None,
        row.status,
        row.problem,
        row.milliseconds,
    )
