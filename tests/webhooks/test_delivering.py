"""What happens is delivered: signed, in order, again until it gets through; who is slow holds up nobody else."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from entrepot.registry.deletion import delete_tags
from entrepot.registry.events import QuotaRefused
from entrepot.registry.repositories import delete_repository
from entrepot.values.names import RepositoryName, TagName, WebhookName
from entrepot.webhooks import definitions
from entrepot.webhooks.deliveries import list_deliveries, redeliver, send_test, show_delivery
from entrepot.webhooks.jobs import forget
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.rules import State
from entrepot.webhooks.tables import delivery, lane
from tests.make.cast import Cast
from tests.make.looking import events_after, rows_in
from tests.make.target import Target, hang
from tests.make.waiting import until
from tests.webhooks.conftest import ACME, APP, Work, wanted

Hook = Callable[..., Any]
NAME = WebhookName("hook")


async def states(webhooks: Webhooks, cast: Cast, name: str = "hook") -> list[State]:
    """The newest first."""
    page = await list_deliveries(webhooks, cast["admin"], ACME, WebhookName(name))
    return [one.state for one in page.items]


async def test_a_push_is_delivered_as_a_cloud_event(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook()
    image = await cast.rooms.push("acme/app", "v2")

    async with working():
        [asked] = await target.was_asked(1)

    assert asked.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    event = asked.json
    assert (event["specversion"], event["type"], event["subject"], event["organization"]) == (
        "1.0", "io.entrepot.manifest.pushed", "acme/app", "acme"
    )  # fmt: skip
    assert (event["data"]["digest"], event["data"]["tags"]) == (str(image.digest), ["v2"])
    assert (event["source"], event["actor"]) == (webhooks.settings.source, cast["admin"].subject)
    assert asked.headers["webhook-id"] == event["id"]


async def test_a_quota_that_is_used_up_is_delivered(cast: Cast, hook: Hook, target: Target, working: Work) -> None:
    await hook(events=["quota_exceeded"])
    await cast.rooms.push("acme/app", "v2")
    full = QuotaRefused("acme/app", "tags", "organization", 1)
    cast.rooms.accounts.notes.note(full, cast["admin"].subject)
    await cast.rooms.accounts.notes.flush()

    async with working():
        [asked] = await target.was_asked(1)

    event = asked.json
    assert (event["type"], event["subject"], event["data"]["quota"]) == (
        "io.entrepot.quota.exceeded", "acme/app", "tags"
    )  # fmt: skip


async def test_a_delivery_is_signed_as_the_standard_says(cast: Cast, hook: Hook, target: Target, working: Work) -> None:
    secret = await hook()
    await cast.rooms.push("acme/app", "v2")

    async with working():
        [asked] = await target.was_asked(1)

    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert asked.headers["webhook-signature"] == f"v1,{expected}"


async def test_while_a_secret_is_rotated_the_old_one_signs_beside_it(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    old = await hook()
    new = await definitions.rotate_secret(webhooks, cast["admin"], ACME, NAME)

    async with working():
        await cast.rooms.push("acme/app", "v2")
        await target.was_asked(1)
        cast.rooms.clock.advance(days=1)
        await cast.rooms.push("acme/app", "v3")
        first, second = await target.was_asked(2)

    assert old != new
    assert len(first.headers["webhook-signature"].split(" ")) == 2
    assert len(second.headers["webhook-signature"].split(" ")) == 1


async def test_only_what_fits_is_delivered(cast: Cast, hook: Hook, target: Target, working: Work) -> None:
    await hook("/tags", name="tags", events=["image_pushed"], tags="v*")
    await hook("/open", name="open", events=["image_pushed"], repositories="op*")
    await hook("/app", name="app", repository=APP, events=["tag_deleted", "image_deleted"])

    async with working():
        await cast.rooms.push("acme/app", "latest")
        await cast.rooms.push("acme/open", "v9")
        await delete_tags(cast.rooms.registry, cast["admin"], APP, [TagName("latest")])
        await target.was_asked(1, "/tags")
        await target.was_asked(1, "/open")
        await target.was_asked(1, "/app")

    assert [one.json["data"]["tags"] for one in target.at("/tags")] == [["v9"]]
    assert [one.json["subject"] for one in target.at("/open")] == ["acme/open"]
    assert {one.json["subject"] for one in target.at("/app")} == {"acme/app"}


async def test_what_fails_is_sent_again_and_holds_back_what_came_after_it(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook()
    target.answers["/"] = 503

    async with working():
        await cast.rooms.push("acme/app", "v2")
        await target.was_asked(1)
        await cast.rooms.push("acme/app", "v3")
        await until(lambda: _count_is(webhooks, 2))
        assert len(target.asked) == 1
        target.answers["/"] = 200
        cast.rooms.clock.advance(minutes=1)
        asked = await target.was_asked(3)
        await until(lambda: _is_over(webhooks))

    assert [one.json["data"]["tags"] for one in asked] == [["v2"], ["v2"], ["v3"]]
    assert asked[0].headers["webhook-id"] == asked[1].headers["webhook-id"]
    assert await states(webhooks, cast) == [State.DELIVERED, State.DELIVERED]
    [_, first] = (await list_deliveries(webhooks, cast["admin"], ACME, NAME)).items
    assert (first.attempts, first.status, first.problem) == (2, 200, "")


async def test_a_target_that_says_when_to_come_again_is_left_alone_until_then(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook()
    target.answers["/"], target.retry_after["/"] = 429, 600

    async with working():
        await cast.rooms.push("acme/app", "v2")
        await target.was_asked(1)
        await until(lambda: _tried(webhooks, cast))
        async with webhooks.db.reading() as tx:
            next_at = await tx.value(select(lane.c.next_at))

    assert next_at == cast.rooms.clock.now() + timedelta(seconds=600)


async def test_what_fails_in_one_repository_holds_back_no_other(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook()
    target.answers["/"] = 503
    async with working():
        await cast.rooms.push("acme/app", "v2")
        await target.was_asked(1)
        await until(lambda: _tried(webhooks, cast))
        target.answers["/"] = 200
        await cast.rooms.push("acme/open", "v3")
        asked = await target.was_asked(2)

    assert [one.json["subject"] for one in asked] == ["acme/app", "acme/open"]


async def test_a_target_that_hangs_holds_up_no_other(cast: Cast, hook: Hook, target: Target, working: Work) -> None:
    target.manners["/slow"] = hang
    await hook("/slow", name="slow")
    await hook("/quick", name="quick")

    async with working():
        await cast.rooms.push("acme/app", "v2")
        await target.was_asked(1, "/slow")
        await cast.rooms.push("acme/app", "v3")
        await target.was_asked(2, "/quick", seconds_max=0.4)

    assert len(target.at("/slow")) == 1


async def test_a_webhook_that_fails_for_three_days_pauses_and_says_so(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook()
    target.answers["/"] = 500

    async with working():
        await cast.rooms.push("acme/app", "v2")
        await until(lambda: _tried(webhooks, cast))
        cast.rooms.clock.advance(days=3)
        await until(lambda: _is_paused(webhooks, cast))
        await cast.rooms.push("acme/app", "v3")
        await until(lambda: _count_is(webhooks, 2))
        cast.rooms.clock.advance(days=1)
        asked = len(target.asked)
        target.answers["/"] = 200
        await definitions.change_webhook(webhooks, cast["admin"], ACME, NAME, definitions.Change(is_enabled=True))
        await target.was_asked(asked + 2)
        await until(lambda: _is_over(webhooks))

    events = {one.type: one for one in await events_after(webhooks.db)}
    paused = events["webhook.paused"]
    assert (paused.subject, paused.actor, paused.data) == (
        "acme", "system", {"webhook": "hook", "why": "It answered with status 500."}
    )  # fmt: skip
    assert events["webhook.changed"].data["before"] == {"is_paused": True}
    assert [one.json["data"]["tags"] for one in target.asked[asked:]] == [["v2"], ["v3"]]


async def test_a_target_that_is_gone_for_good_pauses_its_webhook_at_once(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook()
    target.answers["/"] = 410

    async with working():
        await cast.rooms.push("acme/app", "v2")
        await until(lambda: _is_paused(webhooks, cast))

    assert len(target.asked) == 1


async def test_a_test_is_sent_once_whatever_waits(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook(is_enabled=False)
    target.answers["/"] = 404
    number = await send_test(webhooks, cast["admin"], ACME, NAME)

    async with working():
        await until(lambda: _is_over(webhooks))

    found = await show_delivery(webhooks, cast["admin"], ACME, NAME, number)
    assert (found.delivery.state, found.delivery.event, found.delivery.status) == (State.FAILED, "test", 404)
    assert [one.json["type"] for one in target.asked] == ["io.entrepot.webhook.test"]


async def test_the_log_shows_what_was_sent_without_secrets_and_the_beginning_of_the_answer(
    webhooks: Webhooks, cast: Cast, target: Target, working: Work
) -> None:
    target.says["/"] = b"thanks " * 1000
    url = f"{target.url}/?token=hidden"
    cast.rooms.clock.advance(seconds=1)
    await definitions.create_webhook(webhooks, cast["admin"], ACME, wanted(), url, "Bearer hidden")
    number = await send_test(webhooks, cast["admin"], ACME, NAME)

    async with working():
        [asked] = await target.was_asked(1)
        await until(lambda: _is_over(webhooks))

    found = await show_delivery(webhooks, cast["admin"], ACME, NAME, number)
    assert asked.headers["authorization"] == "Bearer hidden"
    assert asked.path == "/?token=hidden"
    assert (found.target, found.body.encode()) == (f"{target.url}/?token=…", asked.body)
    assert "hidden" not in str(found)
    assert (found.headers["authorization"], found.headers["webhook-signature"]) == ("…", "…")
    assert len(found.answer) == 1024
    assert found.answer.startswith("thanks")


async def test_a_delivery_is_sent_again_by_hand_under_the_same_id(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook()
    async with working():
        await cast.rooms.push("acme/app", "v2")
        await target.was_asked(1)
        await until(lambda: _is_over(webhooks))
        [one] = (await list_deliveries(webhooks, cast["admin"], ACME, NAME)).items

        await redeliver(webhooks, cast["admin"], ACME, NAME, one.number)
        first, second = await target.was_asked(2)

    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])


async def test_what_happened_before_a_webhook_was_there_is_not_told(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await cast.rooms.push("acme/app", "v2")
    await hook()

    async with working():
        await cast.rooms.push("acme/app", "v3")
        await target.was_asked(1)

    assert [one.json["data"]["tags"] for one in target.asked] == [["v3"]]


async def test_a_courier_that_stops_leaves_the_rest_to_the_next(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook()
    for number in range(5):
        await cast.rooms.push("acme/app", f"v{number + 2}")
    async with working():
        await target.was_asked(1)
    async with working():
        await target.was_asked(5)
        await until(lambda: _is_over(webhooks))

    told = [one.json["data"]["tags"][0] for one in target.asked]
    assert list(dict.fromkeys(told)) == ["v2", "v3", "v4", "v5", "v6"]


async def test_many_deliveries_go_over_few_connections(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook()
    for number in range(30):
        await cast.rooms.push("acme/app", f"v{number}")

    async with working():
        await target.was_asked(30)
        await until(lambda: _is_over(webhooks))

    assert target.connections <= 2
    assert await rows_in(webhooks.db, lane) == 0


async def test_old_deliveries_are_forgotten(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook()
    async with working():
        await cast.rooms.push("acme/app", "v2")
        await target.was_asked(1)
        await until(lambda: _is_over(webhooks))
    cast.rooms.clock.advance(days=31)

    assert await forget(webhooks) == 1
    assert await rows_in(webhooks.db, delivery) == 0


async def test_a_webhook_goes_with_its_repository(
    webhooks: Webhooks, cast: Cast, hook: Hook, target: Target, working: Work
) -> None:
    await hook("/own", name="own", repository=APP)
    await hook("/all", name="all")

    async with working():
        await delete_repository(cast.rooms.registry, cast["admin"], RepositoryName("acme/app"))
        [asked] = await target.was_asked(1, "/all")
        await asyncio.sleep(0)

    assert asked.json["type"] == "io.entrepot.repository.deleted"
    assert target.at("/own") == []


async def _count_is(webhooks: Webhooks, count: int) -> bool:
    return await rows_in(webhooks.db, delivery) == count


async def _is_over(webhooks: Webhooks) -> bool:
    return await rows_in(webhooks.db, delivery) > 0 and await rows_in(webhooks.db, lane) == 0


async def _tried(webhooks: Webhooks, cast: Cast) -> bool:
    page = await list_deliveries(webhooks, cast["admin"], ACME, NAME)
    return any(one.attempts for one in page.items)


async def _is_paused(webhooks: Webhooks, cast: Cast) -> bool:
    found = await definitions.show_webhook(webhooks, cast["admin"], ACME, NAME)
    return found.paused_at is not None
