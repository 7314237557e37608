"""Webhooks as they are defined: created, listed, shown, changed, given a new secret, deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.accounts.users import names_of
from entrepot.db.resealing import keep_sealed
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id
from entrepot.plumbing.posting import check_target
from entrepot.registry import organizations, reach
from entrepot.values.errors import ParameterInvalid, RuleExists, RuleUnknown, worded
from entrepot.values.names import OrganizationName, RepositoryName, WebhookName
from entrepot.webhooks import lanes, queries, rules
from entrepot.webhooks.events import WebhookChanged, WebhookCreated, WebhookDeleted
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.rules import TRAITS, Definition, Filter, Kind
from entrepot.webhooks.secrets import Secrets, new_signing_secret, seal, shown_url, unseal
from entrepot.webhooks.shown import Webhook, WebhookPage, columns_of, definition_of, told_of, webhook_of


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook and its secret, which is told this once; empty when it signs nothing or was given the secret."""

    webhook: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; None stays. `secret`: the one that a chat gave."""

    filter: Filter | None = None
    url: str | None = None
    authorization: str | None = field(default=None, repr=False)
    is_enabled: bool | None = None
    secret: str | None = field(default=None, repr=False)
    recipients: Sequence[str] | None = None


async def create_webhook(
    webhooks: Webhooks,
    actor: Actor,
    organization: OrganizationName,
    definition: Definition,
    url: str,
    authorization: str = "",
    secret: str = "",
    recipients: Sequence[str] = (),
) -> NewWebhook:
    """Tell what happens from now on. `authorization`: the value of that header, sent with each delivery.

    A chat's `secret` is the one that it gave. Mail has `recipients` instead of a `url`.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, RepositoryUnknown, ParameterInvalid, RuleExists or
    TooMany.
    """
    rules.check_secret(definition.kind, secret)
    fresh = new_signing_secret() if TRAITS[definition.kind].signs else ""
    secrets = Secrets(url, secret or fresh, authorization=authorization, recipients=tuple(recipients))
    shown = _checked(webhooks, definition.kind, secrets)
    webhook_id = new_id()

    async with webhooks.db.writing() as tx:
        await keep_sealed(tx)
        place = await _changing(tx, actor, organization, definition.repository)
        await tx.lock(_webhooks_of(place.organization_id))
        count = await queries.webhooks_count(tx, place.organization_id)
        rules.check_count(count, webhooks.settings.webhooks_max)
        now = webhooks.clock.now()
        row = {
            "id": webhook_id,
            "organization_id": place.organization_id,
            "repository_id": place.id if definition.repository else None,
            "name": definition.name,
            "kind": definition.kind,
            "sealed": seal(webhooks.sealer, webhook_id, secrets),
            "shown_target": shown,
            "paused_why": "",
            "creator_id": actor.id,
            "created_at": now,
            **columns_of(definition.filter, definition.is_enabled),
        }
        if not await queries.save_webhook(tx, row):
            raise RuleExists(
                worded(
                    "{organization} has a webhook named {name} already.",
                    organization=organization,
                    name=definition.name,
                ),
                kind="webhook-exists",
            )
        told = told_of(definition, shown)
        event = WebhookCreated(definition.repository or organization, definition.name, told)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=place.domain_id)
        made = await existing(tx, actor, organization, definition.name)
    return NewWebhook(webhook_of(webhooks, made, {actor.id: actor.name}, None), fresh)


async def list_webhooks(
    webhooks: Webhooks,
    actor: Actor,
    organization: OrganizationName,
    repository: RepositoryName | None = None,
    after: str = "",
    limit: int = 100,
) -> WebhookPage:
    """Those of a repository, or all of an organization and its repositories: by name, those after one.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown or RepositoryUnknown.
    """
    async with webhooks.db.reading() as tx:
        place = await _reading(tx, actor, organization, repository)
        of = place.id if repository else None
        rows = await queries.webhooks_of(tx, place.organization_id, of, after, limit + 1)
        creators = await names_of(tx, list({row.creator_id for row in rows}))
        standings = await lanes.standings(tx, [row.id for row in rows])
    shown = [webhook_of(webhooks, row, creators, standings.get(row.id)) for row in rows[:limit]]
    return WebhookPage(shown, shown[-1].definition.name if len(rows) > limit else None)


async def show_webhook(webhooks: Webhooks, actor: Actor, organization: OrganizationName, name: WebhookName) -> Webhook:
    """Raises Unauthenticated, AccessDenied, OrganizationUnknown or RuleUnknown."""
    async with webhooks.db.reading() as tx:
        row = await existing(tx, actor, organization, name)
        creators = await names_of(tx, [row.creator_id])
        standings = await lanes.standings(tx, [row.id])
    return webhook_of(webhooks, row, creators, standings.get(row.id))


async def change_webhook(
    webhooks: Webhooks, actor: Actor, organization: OrganizationName, name: WebhookName, change: Change
) -> None:
    """Change what is given. Switched on, also when it was on, a webhook that paused delivers again, what waits first.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, RuleUnknown or ParameterInvalid.
    """
    async with webhooks.db.writing() as tx:
        await keep_sealed(tx)
        row = await existing(tx, actor, organization, name)
        await tx.lock(lanes.LANES, _webhooks_of(row.organization_id))
        row = await existing(tx, actor, organization, name)
        secrets = unseal(webhooks.sealer, row)
        given: dict[str, Any] = {
            "url": change.url,
            "authorization": change.authorization,
            "secret": change.secret,
            "recipients": None if change.recipients is None else tuple(change.recipients),
        }
        changed = replace(secrets, **{key: value for key, value in given.items() if value is not None})
        before = definition_of(row)
        if change.secret is not None:
            rules.check_secret(before.kind, change.secret)
        is_enabled = before.is_enabled if change.is_enabled is None else change.is_enabled
        after = replace(before, filter=change.filter or before.filter, is_enabled=is_enabled)
        shown = row.shown_target if changed == secrets else _checked(webhooks, before.kind, changed)
        values = columns_of(after.filter, is_enabled) | {"shown_target": shown}
        if changed != secrets:
            values["sealed"] = seal(webhooks.sealer, row.id, changed)
        if change.is_enabled:
            values |= {"paused_at": None, "paused_why": ""}
        await queries.change_webhook(tx, row.id, **values)
        now = webhooks.clock.now()
        if change.is_enabled and (row.paused_at is not None or not row.is_enabled):
            await lanes.start_lanes(tx, row.id, now)
        elif change.is_enabled is False:
            await lanes.stop_lanes(tx, row.id)
        told, was = told_of(after, shown), told_of(before, row.shown_target) | {"is_paused": row.paused_at is not None}
        told["is_paused"] = was["is_paused"] and not change.is_enabled
        different = {key: was[key] for key in was if was[key] != told[key]}
        if changed.authorization != secrets.authorization:
            different["authorization"] = "another"
        if changed.secret != secrets.secret:
            different["secret"] = "another"  # noqa: S105  # not what it is
        if different:
            event = WebhookChanged(row.path or organization, name, told, different)
            await publish(tx, event, actor=actor.subject, at=now, domain_id=row.domain_id)


async def rotate_secret(webhooks: Webhooks, actor: Actor, organization: OrganizationName, name: WebhookName) -> str:
    """A new secret, told this once. The one before signs beside it for a day, so receivers can follow.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, RuleUnknown or ParameterInvalid.
    """
    async with webhooks.db.writing() as tx:
        await keep_sealed(tx)
        row = await existing(tx, actor, organization, name)
        await tx.lock(_webhooks_of(row.organization_id))
        row = await existing(tx, actor, organization, name)
        if not TRAITS[Kind(row.kind)].signs:
            raise ParameterInvalid(worded("{name} signs nothing with a secret of ours.", name=name))
        now, fresh = webhooks.clock.now(), new_signing_secret()
        until = now + timedelta(seconds=webhooks.settings.rotation_seconds)
        rotated = unseal(webhooks.sealer, row).rotated(fresh, until)
        await queries.change_webhook(tx, row.id, sealed=seal(webhooks.sealer, row.id, rotated))
        event = WebhookChanged(
            row.path or organization, name, told_of(definition_of(row), row.shown_target), {"secret": "another"}
        )
        await publish(tx, event, actor=actor.subject, at=now, domain_id=row.domain_id)
    return fresh


async def delete_webhook(webhooks: Webhooks, actor: Actor, organization: OrganizationName, name: WebhookName) -> None:
    """Delete a webhook with its log; what waits is not delivered.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown or RuleUnknown.
    """
    async with webhooks.db.writing() as tx:
        row = await existing(tx, actor, organization, name)
        await tx.lock(lanes.LANES, _webhooks_of(row.organization_id))
        await queries.delete_webhook(tx, row.id)
        event = WebhookDeleted(row.path or organization, name, told_of(definition_of(row), row.shown_target))
        await publish(tx, event, actor=actor.subject, at=webhooks.clock.now(), domain_id=row.domain_id)


async def existing(tx: Reader, actor: Actor, organization: OrganizationName, name: WebhookName) -> Row[Any]:
    """A webhook's row for who manages what it is about.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, RepositoryUnknown or RuleUnknown.
    """
    row = await queries.webhook_by_name(tx, organization, name)
    if row is None or row.path is None:
        await organizations.reachable(tx, actor, Action.ORGANIZATION_NOTIFY, organization)
    else:
        await reach.existing(tx, actor, Action.REPOSITORY_NOTIFY, RepositoryName(row.path))
    if row is None:
        raise RuleUnknown(
            worded("{organization} has no webhook named {name}.", organization=organization, name=name),
            kind="webhook-unknown",
        )
    return row


async def _changing(
    tx: Writer, actor: Actor, organization: OrganizationName, repository: RepositoryName | None
) -> Row[Any]:
    """The row of what a webhook is about, which stays; its `organization_id` and `domain_id`."""
    if repository is None:
        return await organizations.changing(tx, actor, Action.ORGANIZATION_NOTIFY, organization)
    _check_within(organization, repository)
    return await reach.changing(tx, actor, Action.REPOSITORY_NOTIFY, repository)


async def _reading(
    tx: Reader, actor: Actor, organization: OrganizationName, repository: RepositoryName | None
) -> Row[Any]:
    if repository is None:
        return await organizations.reachable(tx, actor, Action.ORGANIZATION_NOTIFY, organization)
    _check_within(organization, repository)
    return await reach.existing(tx, actor, Action.REPOSITORY_NOTIFY, repository)


def _check_within(organization: OrganizationName, repository: RepositoryName) -> None:
    if repository.organization != organization:
        raise ParameterInvalid(
            worded("{repository} is not in {organization}.", repository=repository, organization=organization)
        )


def _checked(webhooks: Webhooks, kind: Kind, secrets: Secrets) -> str:
    """What may be shown of where deliveries go. Raises ParameterInvalid where they cannot go."""
    rules.check_authorization(secrets.authorization)
    if kind is not Kind.MAIL:
        if secrets.recipients:
            raise ParameterInvalid(
                worded("recipients are for {mail} only; {kind} has a url.", mail=Kind.MAIL, kind=kind),
                kind="recipients",
            )
        return shown_url(check_target(secrets.url, webhooks.settings.near), TRAITS[kind].hides_path)
    if webhooks.settings.mail is None:
        raise ParameterInvalid("This installation sends no mail: its operator has not set smtp_host.")
    if secrets.url or secrets.authorization:
        raise ParameterInvalid(
            worded("{mail} has recipients, and neither url nor authorization.", mail=Kind.MAIL), kind="url"
        )
    rules.check_recipients(secrets.recipients)
    return ", ".join(secrets.recipients)


def _webhooks_of(organization_id: int) -> str:
    return f"webhooks:{organization_id}"
