"""Webhooks are kept as they were defined, by those who manage what they are about; their secrets are sealed."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from entrepot.access.actor import Actor
from entrepot.access.levels import Level
from entrepot.plumbing.sealing import Sealer
from entrepot.values.errors import (
    AccessDenied,
    OrganizationUnknown,
    ParameterInvalid,
    RepositoryUnknown,
    RuleExists,
    RuleUnknown,
    TooMany,
    Unauthenticated,
)
from entrepot.values.names import OrganizationName, RepositoryName, WebhookName
from entrepot.webhooks.definitions import (
    Change,
    change_webhook,
    create_webhook,
    delete_webhook,
    list_webhooks,
    rotate_secret,
    show_webhook,
)
from entrepot.webhooks.deliveries import list_deliveries, send_test
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.secrets import SEALED, unseal
from entrepot.webhooks.tables import webhook
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event
from tests.webhooks.conftest import ACME, APP, wanted

URL, NAME = "https://hooks.example/images?key=hidden", WebhookName("hook")


async def test_a_webhook_is_shown_as_it_was_defined_without_its_secrets(webhooks: Webhooks, cast: Cast) -> None:
    definition = wanted(repositories="team-*", tags="v*")
    made = await create_webhook(webhooks, cast["admin"], ACME, definition, URL, "Bearer hidden")

    shown = await show_webhook(webhooks, cast["admin"], ACME, NAME)
    assert made.webhook == shown
    assert (shown.definition, shown.target) == (definition, "https://hooks.example/images?key=…")
    assert (shown.has_authorization, shown.creator_name) == (True, "admin")
    assert made.secret.startswith("whsec_")
    assert "hidden" not in repr(shown)
    assert made.secret not in repr(made)


async def test_secrets_are_sealed_at_rest(webhooks: Webhooks, cast: Cast) -> None:
    made = await create_webhook(webhooks, cast["admin"], ACME, wanted(), URL, "Bearer hidden")

    async with webhooks.db.reading() as tx:
        row = await tx.row(select(webhook))
    assert row is not None
    assert b"hidden" not in row.sealed
    assert unseal(webhooks.sealer, row).secret == made.secret
    assert SEALED.purpose(row) == f"webhook:{row.id}"
    with pytest.raises(Exception, match="secret"):
        unseal(Sealer(b"1" * 32), row)


async def test_lists_go_by_name_and_page(webhooks: Webhooks, cast: Cast) -> None:
    for name, repository in (("b", None), ("a", APP), ("c", None)):
        await create_webhook(webhooks, cast["admin"], ACME, wanted(name, repository), URL)

    async def names(*args: Any) -> list[str]:
        page = await list_webhooks(webhooks, cast["admin"], ACME, *args)
        return [one.definition.name for one in page.items]

    assert await names() == ["a", "b", "c"]
    assert await names(None, "a", 1) == ["b"]
    assert await names(APP) == ["a"]
    assert (await list_webhooks(webhooks, cast["admin"], ACME, None, "", 2)).after == "b"
    assert (await list_webhooks(webhooks, cast["admin"], ACME, None, "b", 2)).after is None


async def test_a_name_is_taken_once_in_an_organization(webhooks: Webhooks, cast: Cast) -> None:
    await create_webhook(webhooks, cast["admin"], ACME, wanted(), URL)

    with pytest.raises(RuleExists, match="acme has a webhook named hook already"):
        await create_webhook(webhooks, cast["admin"], ACME, wanted(repository=APP), URL)


async def test_an_organization_has_so_many(webhooks: Webhooks, cast: Cast) -> None:
    few = replace(webhooks, settings=replace(webhooks.settings, webhooks_max=1))

    made = await asyncio.gather(
        *(create_webhook(few, cast["admin"], ACME, wanted(f"w{number}"), URL) for number in range(3)),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in made) == ["NewWebhook", "TooMany", "TooMany"]
    assert TooMany in {type(one) for one in made}


@pytest.mark.parametrize(
    "url", ["http://user@hooks.example", "ftp://hooks.example", "hooks.example", "https://", "file:///etc/passwd"]
)
async def test_what_is_no_address_is_refused(webhooks: Webhooks, cast: Cast, url: str) -> None:
    with pytest.raises(ParameterInvalid):
        await create_webhook(webhooks, cast["admin"], ACME, wanted(), url)


async def test_without_networks_of_its_own_an_address_begins_with_https(webhooks: Webhooks, cast: Cast) -> None:
    public = replace(webhooks, settings=replace(webhooks.settings, near=()))

    with pytest.raises(ParameterInvalid, match="https://"):
        await create_webhook(public, cast["admin"], ACME, wanted(), "http://hooks.example")


@pytest.mark.parametrize("text", ["two\r\nlines", " padded", "ümlaut", "x" * 5000])
async def test_what_is_no_header_is_refused(webhooks: Webhooks, cast: Cast, text: str) -> None:
    with pytest.raises(ParameterInvalid):
        await create_webhook(webhooks, cast["admin"], ACME, wanted(), URL, text)


async def test_what_is_changed_is_told_without_secrets(webhooks: Webhooks, cast: Cast) -> None:
    await create_webhook(webhooks, cast["admin"], ACME, wanted(), URL, "Bearer hidden")
    seen = await last_event(webhooks.db)

    change = Change(url="https://other.example/?key=hidden", authorization="Bearer another", is_enabled=False)
    await change_webhook(webhooks, cast["admin"], ACME, NAME, change)
    await change_webhook(webhooks, cast["admin"], ACME, NAME, change)
    await rotate_secret(webhooks, cast["admin"], ACME, NAME)
    await delete_webhook(webhooks, cast["admin"], ACME, NAME)

    changed, rotated, deleted = await events_after(webhooks.db, seen)
    assert (changed.type, changed.subject, changed.organization) == ("webhook.changed", "acme", "acme")
    assert changed.data["before"] == {
        "target": "https://hooks.example/images?key=…", "is_enabled": True, "authorization": "another"
    }  # fmt: skip
    assert rotated.data["before"] == {"secret": "another"}
    assert (deleted.type, deleted.data["before"]["target"]) == ("webhook.deleted", "https://other.example/?key=…")
    assert "hidden" not in str([changed, rotated, deleted])


async def test_what_is_not_there_is_not_found(webhooks: Webhooks, cast: Cast) -> None:
    with pytest.raises(RuleUnknown, match="acme has no webhook named hook"):
        await show_webhook(webhooks, cast["admin"], ACME, NAME)
    with pytest.raises(OrganizationUnknown):
        await list_webhooks(webhooks, cast["admin"], OrganizationName("nothing"))
    with pytest.raises(RepositoryUnknown):
        await list_webhooks(webhooks, cast["admin"], ACME, RepositoryName("acme/nothing"))
    with pytest.raises(ParameterInvalid):
        await list_webhooks(webhooks, cast["admin"], ACME, RepositoryName("other/app"))


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("anonymous", Unauthenticated),
        ("stranger", RepositoryUnknown),
        ("reader", AccessDenied),
        ("editor", AccessDenied),
        ("manager", None),
        ("admin", None),
    ],
)
async def test_a_repository_s_webhooks_are_for_who_manages_it(
    webhooks: Webhooks, cast: Cast, who: str, expected: type[Exception] | None
) -> None:
    await create_webhook(webhooks, cast["admin"], ACME, wanted(repository=APP), URL)
    actor = cast[who]

    for verb in (
        list_webhooks(webhooks, actor, ACME, APP),
        show_webhook(webhooks, actor, ACME, NAME),
        list_deliveries(webhooks, actor, ACME, NAME),
        send_test(webhooks, actor, ACME, NAME),
        create_webhook(webhooks, actor, ACME, wanted("another", APP), URL),
        change_webhook(webhooks, actor, ACME, NAME, Change(is_enabled=False)),
        rotate_secret(webhooks, actor, ACME, NAME),
        delete_webhook(webhooks, actor, ACME, NAME),
    ):
        [outcome] = await asyncio.gather(verb, return_exceptions=True)
        assert (type(outcome) if isinstance(outcome, Exception) else None) is expected


async def test_who_manages_a_repository_does_not_see_those_of_its_organization(webhooks: Webhooks, cast: Cast) -> None:
    await create_webhook(webhooks, cast["admin"], ACME, wanted(), URL)

    with pytest.raises((AccessDenied, OrganizationUnknown)):
        await show_webhook(webhooks, cast["manager"], ACME, NAME)
    with pytest.raises((AccessDenied, OrganizationUnknown)):
        await list_webhooks(webhooks, cast["manager"], ACME)
    await cast.rooms.grant("acme", "manager", Level.MANAGE)
    manager: Actor = await cast.rooms.sign_in("manager")
    assert [one.definition.name for one in (await list_webhooks(webhooks, manager, ACME)).items] == ["hook"]
