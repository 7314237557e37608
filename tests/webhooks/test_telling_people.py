"""Chats and mail: what each is given, and what is kept secret."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from entrepot.plumbing.mailing import MailServer, Security
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import WebhookName
from entrepot.webhooks import definitions
from entrepot.webhooks.deliveries import Delivery, list_deliveries
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.rules import State
from tests.make.cast import Cast
from tests.make.mailbox import running_mailbox
from tests.make.target import Target
from tests.make.waiting import until
from tests.webhooks.conftest import ACME, Work, at_work, wanted

NAME = WebhookName("hook")
PUSHES = ["image_pushed"]


@pytest.mark.parametrize("kind", ["slack", "dingtalk", "wecom", "feishu", "generic", "harbor", "docker"])
async def test_each_kind_is_delivered(webhooks: Webhooks, cast: Cast, target: Target, working: Work, kind: str) -> None:
    target.says["/robot/secret"] = b'{"errcode":0,"code":0}'
    secret = "chat" if kind in ("dingtalk", "feishu") else ""
    cast.rooms.clock.advance(seconds=1)
    made = await definitions.create_webhook(
        webhooks, cast["admin"], ACME, wanted(kind=kind, events=PUSHES), f"{target.url}/robot/secret?key=1", "", secret
    )
    await cast.rooms.push("acme/app", "v2")

    async with working():
        [asked] = await target.was_asked(1, "/robot/secret")
        await until(lambda: _delivered(webhooks, cast))

    assert bool(made.secret) is (kind in ("generic", "harbor", "docker"))
    assert ("webhook-signature" in asked.headers) is bool(made.secret)
    assert ("sign=" in asked.path) is (kind == "dingtalk")
    assert "key=…" in made.webhook.target
    assert ("secret" in made.webhook.target) is (kind not in ("slack", "feishu"))


async def test_a_chat_that_refuses_is_told_again(webhooks: Webhooks, cast: Cast, target: Target, working: Work) -> None:
    target.says["/"] = b'{"errcode":310000}'
    cast.rooms.clock.advance(seconds=1)
    definition = wanted(kind="dingtalk", events=PUSHES)
    await definitions.create_webhook(webhooks, cast["admin"], ACME, definition, target.url)
    await cast.rooms.push("acme/app", "v2")

    async with working():
        await target.was_asked(1)
        await until(lambda: _failed(webhooks, cast))
        target.says["/"] = b'{"errcode":0}'
        cast.rooms.clock.advance(minutes=1)
        await until(lambda: _delivered(webhooks, cast))

    assert len(target.asked) == 2


async def test_mail_is_sent_to_its_recipients(webhooks: Webhooks, cast: Cast) -> None:
    with running_mailbox() as mailbox:
        server = MailServer("127.0.0.1", mailbox.port, Security.NONE, "images@example.org")
        mailing = replace(webhooks, settings=replace(webhooks.settings, mail=server, seconds_max=5))
        cast.rooms.clock.advance(seconds=1)
        to = ["alice@example.com", "bob@example.com"]
        definition = wanted(kind="mail", events=PUSHES)
        made = await definitions.create_webhook(mailing, cast["admin"], ACME, definition, "", recipients=to)
        await cast.rooms.push("acme/app", "v2")

        async with at_work(mailing):
            await until(lambda: _delivered(webhooks, cast))

    [message] = mailbox.messages
    assert (message["Subject"], mailbox.recipients) == ("Image pushed: acme/app:v2", [to])
    assert (made.webhook.target, made.secret) == ("alice@example.com, bob@example.com", "")


async def test_mail_needs_a_server_and_recipients(webhooks: Webhooks, cast: Cast) -> None:
    definition = wanted(kind="mail", events=PUSHES)
    with pytest.raises(ParameterInvalid, match="smtp_host"):
        await definitions.create_webhook(webhooks, cast["admin"], ACME, definition, "", recipients=["a@example.com"])

    server = MailServer("127.0.0.1", 1, Security.NONE, "images@example.org")
    mailing = replace(webhooks, settings=replace(webhooks.settings, mail=server))
    for recipients in ([], ["nobody"], ["a@b\r\nBcc: c@d"], ["a b@example.com"], ["a@example.com"] * 21):
        with pytest.raises(ParameterInvalid):
            await definitions.create_webhook(mailing, cast["admin"], ACME, definition, "", recipients=recipients)
    url = "https://a.example"
    with pytest.raises(ParameterInvalid):
        await definitions.create_webhook(mailing, cast["admin"], ACME, definition, url, recipients=["a@example.com"])


@pytest.mark.parametrize(
    ("kind", "events", "secret"),
    [("harbor", ["tag_deleted"], ""), ("docker", ["repository_created"], ""), ("cloudevents", PUSHES, "mine")],
)
async def test_what_a_kind_cannot_do_is_refused(
    webhooks: Webhooks, cast: Cast, kind: str, events: list[str], secret: str
) -> None:
    with pytest.raises(ParameterInvalid):
        await definitions.create_webhook(
            webhooks, cast["admin"], ACME, wanted(kind=kind, events=events), "https://a.example", "", secret
        )


async def test_a_chat_s_secret_is_changed_and_not_rotated(webhooks: Webhooks, cast: Cast) -> None:
    definition = wanted(kind="feishu", events=PUSHES)
    await definitions.create_webhook(webhooks, cast["admin"], ACME, definition, "https://a.example/x", "", "old")

    await definitions.change_webhook(webhooks, cast["admin"], ACME, NAME, definitions.Change(secret="new"))
    with pytest.raises(ParameterInvalid, match="signs nothing"):
        await definitions.rotate_secret(webhooks, cast["admin"], ACME, NAME)


async def _delivered(webhooks: Webhooks, cast: Cast) -> bool:
    return [one.state for one in (await _log(webhooks, cast))] == [State.DELIVERED]


async def _failed(webhooks: Webhooks, cast: Cast) -> bool:
    return any(one.problem for one in await _log(webhooks, cast))


async def _log(webhooks: Webhooks, cast: Cast) -> Sequence[Delivery]:
    return (await list_deliveries(webhooks, cast["admin"], ACME, NAME)).items
