"""Webhooks: what happens is told to other programs. The contract has no calls; these are in its manner."""

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall, TheOrganization, TheWebhook
from entrepot.doors.manage.fields import Body, Empty, Flag, Text, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit, parse_marker, parse_row_number
from entrepot.doors.manage.paths import repository_text
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.values.names import OrganizationName, RepositoryName, WebhookName
from entrepot.values.words import one_of
from entrepot.webhooks import definitions, deliveries
from entrepot.webhooks.definitions import Change
from entrepot.webhooks.deliveries import Delivery
from entrepot.webhooks.rules import Definition, Filter, Kind, State
from entrepot.webhooks.rules import Word as EventWord
from entrepot.webhooks.shown import Webhook

_Events = Annotated[list[Word], Field(description=f"What to tell, of {', '.join(EventWord)}.")]
_Pattern = Annotated[
    Word | None, Field(description="Only those that fit; `*` stands for any characters. All, if empty.")
]
_Url = Annotated[Text, Field(max_length=512, description="Where to POST to. Its query is kept secret.")]
_Authorization = Annotated[Text | None, Field(description="Value of the header `Authorization`; kept secret.")]
_Recipients = Annotated[list[Word] | None, Field(description="Of `mail`: addresses, instead of a url.")]
_Secret = Annotated[Text | None, Field(description="Of `dingtalk` and `feishu`: what the chat gave to sign with.")]
_Number = Annotated[str, Path(description="A delivery's number.")]


class CreateWebhook(Body):
    """Without `repository` it is about all of the organization; `repositories` is then a pattern over their names."""

    name: Word
    kind: Annotated[Word, Field(description=f"What a delivery looks like: {', '.join(Kind)}.")] = Kind.CLOUDEVENTS.value
    repository: Word | None = None
    url: _Url | None = None
    recipients: _Recipients = None
    secret: _Secret = None
    events: _Events
    repositories: _Pattern = None
    tags: _Pattern = None
    authorization: _Authorization = None
    is_enabled: Flag = True


class UpdateWebhook(Body):
    """What is absent stays. `is_enabled: true` lets a webhook that paused deliver again."""

    url: _Url | None = None
    recipients: _Recipients = None
    secret: _Secret = None
    events: _Events | None = None
    repositories: _Pattern = None
    tags: _Pattern = None
    authorization: _Authorization = None
    is_enabled: Flag | None = None


class WebhookRow(BaseModel):
    """`target` is where it delivers to, without secrets. While all is well, `paused_why` is empty."""

    name: str
    namespace: str
    repository: str
    kind: str
    target: str
    events: list[str]
    repositories: str
    tags: str
    has_authorization: bool
    is_enabled: bool
    state: Annotated[str, Field(description="`active`, `failing`, `paused` or `disabled`")]
    failing_since: str | None
    paused_at: str | None
    paused_why: str
    old_secret_until: str | None
    creator_name: str
    created_at: str


class CreatedWebhook(WebhookRow):
    """`secret` is told this once; empty where nothing is signed with a secret of ours."""

    secret: str


class Webhooks(BaseModel):
    webhooks: list[WebhookRow]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class WebhookSecret(BaseModel):
    secret: str


class DeliveryNumber(BaseModel):
    delivery: int


class DeliveryRow(BaseModel):
    """`state`: `waiting`, `delivered`, or `failed`, which only a test is. `problem` is of the last attempt."""

    delivery: int
    message_id: str
    event: str
    subject: str
    state: str
    attempts: int
    created_at: str
    tried_at: str | None = None
    next_at: str | None = None
    status: int | None = None
    problem: str
    milliseconds: int | None = None


class Deliveries(BaseModel):
    deliveries: list[DeliveryRow]
    nextMarker: str | None = None  # noqa: N815


class ExchangeRow(DeliveryRow):
    """`headers` and `target` with secrets masked; `answer` is the first KiB."""

    target: str
    headers: dict[str, str]
    body: str
    answer: str


async def create_webhook(call: TheCall, namespace: TheOrganization, body: CreateWebhook) -> CreatedWebhook:
    """Tell what happens from now on. The answer has the secret that deliveries are signed with, this once."""
    kind = one_of(Kind, body.kind, "kind")
    chosen = Filter.parse(kind, body.events, body.repositories or "", body.tags or "")
    path = _path(namespace, body.repository)
    definition = Definition(WebhookName.parse(body.name), path, kind, chosen, body.is_enabled)
    made = await definitions.create_webhook(
        call.rooms.webhooks,
        call.actor,
        namespace,
        definition,
        body.url or "",
        body.authorization or "",
        body.secret or "",
        body.recipients or (),
    )
    return CreatedWebhook(**_fields(namespace, made.webhook), secret=made.secret)


async def list_webhooks(
    call: TheCall,
    namespace: TheOrganization,
    repository: Annotated[Word | None, Query(description="Only those of this repository.")] = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
) -> Webhooks:
    """The webhooks of an organization and its repositories, or of one repository, by name."""
    page = await definitions.list_webhooks(
        call.rooms.webhooks, call.actor, namespace, _path(namespace, repository), marker or "", parse_limit(limit)
    )
    rows = [WebhookRow(**_fields(namespace, one)) for one in page.items]
    return Webhooks(webhooks=rows, nextMarker=page.after)


async def show_webhook(call: TheCall, namespace: TheOrganization, webhook: TheWebhook) -> WebhookRow:
    """One webhook."""
    found = await definitions.show_webhook(call.rooms.webhooks, call.actor, namespace, webhook)
    return WebhookRow(**_fields(namespace, found))


async def update_webhook(
    call: TheCall, namespace: TheOrganization, webhook: TheWebhook, body: UpdateWebhook
) -> WebhookRow:
    """Change what is given; switch a webhook on or off."""
    rooms = call.rooms.webhooks
    chosen = None
    if (body.events, body.repositories, body.tags) != (None, None, None):
        now = (await definitions.show_webhook(rooms, call.actor, namespace, webhook)).definition
        chosen = Filter.parse(
            now.kind,
            now.filter.words if body.events is None else body.events,
            now.filter.repositories.text if body.repositories is None else body.repositories,
            now.filter.tags.text if body.tags is None else body.tags,
        )
    change = Change(chosen, body.url, body.authorization, body.is_enabled, body.secret, body.recipients)
    await definitions.change_webhook(rooms, call.actor, namespace, webhook, change)
    return WebhookRow(**_fields(namespace, await definitions.show_webhook(rooms, call.actor, namespace, webhook)))


async def delete_webhook(call: TheCall, namespace: TheOrganization, webhook: TheWebhook) -> None:
    """Delete a webhook with its log; what waits is not delivered."""
    await definitions.delete_webhook(call.rooms.webhooks, call.actor, namespace, webhook)


async def rotate_webhook_secret(call: TheCall, namespace: TheOrganization, webhook: TheWebhook) -> WebhookSecret:
    """A new secret, told this once; the one before signs beside it for a day."""
    fresh = await definitions.rotate_secret(call.rooms.webhooks, call.actor, namespace, webhook)
    return WebhookSecret(secret=fresh)


async def send_webhook_test(call: TheCall, namespace: TheOrganization, webhook: TheWebhook) -> DeliveryNumber:
    """Have a test delivered, once; what became of it stands in the log."""
    number = await deliveries.send_test(call.rooms.webhooks, call.actor, namespace, webhook)
    return DeliveryNumber(delivery=number)


async def list_webhook_deliveries(
    call: TheCall,
    namespace: TheOrganization,
    webhook: TheWebhook,
    state: Annotated[Word | None, Query(description="`waiting`, `delivered` or `failed`")] = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
) -> Deliveries:
    """What was delivered and what waits, the newest first."""
    wanted = None if state is None else one_of(State, state, "state")
    page = await deliveries.list_deliveries(
        call.rooms.webhooks, call.actor, namespace, webhook, wanted, parse_marker(marker), parse_limit(limit)
    )
    after = None if page.after is None else str(page.after)
    return Deliveries(deliveries=[DeliveryRow(**_of(one)) for one in page.items], nextMarker=after)


async def show_webhook_delivery(
    call: TheCall, namespace: TheOrganization, webhook: TheWebhook, delivery: _Number
) -> ExchangeRow:
    """A delivery with what was sent last, secrets masked, and the first KiB of the answer."""
    number = parse_row_number("delivery", delivery)
    found = await deliveries.show_delivery(call.rooms.webhooks, call.actor, namespace, webhook, number)
    return ExchangeRow(
        **_of(found.delivery), target=found.target, headers=dict(found.headers), body=found.body, answer=found.answer
    )


async def redeliver_webhook(call: TheCall, namespace: TheOrganization, webhook: TheWebhook, delivery: _Number) -> Empty:
    """Send a delivery again, with the same id and body; one that waits is tried right now."""
    number = parse_row_number("delivery", delivery)
    await deliveries.redeliver(call.rooms.webhooks, call.actor, namespace, webhook, number)
    return Empty()


def _path(namespace: OrganizationName, repository: str | None) -> RepositoryName | None:
    return None if repository is None else RepositoryName.parse(f"{namespace}/{repository_text(repository)}")


def _fields(namespace: OrganizationName, found: Webhook) -> dict[str, Any]:
    definition = found.definition
    return {
        "name": definition.name,
        "namespace": namespace,
        "repository": definition.repository.name if definition.repository else "",
        "kind": definition.kind,
        "target": found.target,
        "events": list(definition.filter.words),
        "repositories": definition.filter.repositories.text,
        "tags": definition.filter.tags.text,
        "has_authorization": found.has_authorization,
        "is_enabled": definition.is_enabled,
        "state": found.state,
        "failing_since": rfc3339_or_none(found.failing_since),
        "paused_at": rfc3339_or_none(found.paused_at),
        "paused_why": found.paused_why,
        "old_secret_until": rfc3339_or_none(found.old_secret_until),
        "creator_name": found.creator_name,
        "created_at": rfc3339(found.created_at),
    }


def _of(one: Delivery) -> dict[str, Any]:
    return {
        "delivery": one.number,
        "message_id": one.message_id,
        "event": one.event,
        "subject": one.subject,
        "state": one.state,
        "attempts": one.attempts,
        "created_at": rfc3339(one.created_at),
        "tried_at": rfc3339_or_none(one.tried_at),
        "next_at": rfc3339_or_none(one.next_at),
        "status": one.status,
        "problem": one.problem,
        "milliseconds": one.milliseconds,
    }
