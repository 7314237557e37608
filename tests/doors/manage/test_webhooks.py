"""Webhooks on the management API, field by field."""

from typing import Any

import httpx2
import pytest

from tests.make.fresh import KINDS
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

WEBHOOKS = "/v2/manage/namespaces/acme/webhooks"
BODY = {
    "name": "tell",
    "kind": "cloudevents",
    "repository": "team/web",
    "url": "https://hooks.example/images?key=hidden",
    "events": ["image_pushed", "tag_deleted"],
    "tags": "v*",
    "authorization": "Bearer hidden",
}


@pytest.fixture(autouse=True)
async def furnished(rooms: Rooms) -> None:
    await rooms.organization("acme")
    await rooms.repository("acme/team/web")


async def test_a_webhook_goes_its_way(api: httpx2.AsyncClient) -> None:
    created = await api.post(WEBHOOKS, json=BODY)
    assert created.status_code == 201
    row = created.json()
    assert row.pop("secret").startswith("whsec_")
    assert row == {
        "name": "tell",
        "namespace": "acme",
        "repository": "team/web",
        "kind": "cloudevents",
        "target": "https://hooks.example/images?key=…",
        "events": ["image_pushed", "tag_deleted"],
        "repositories": "",
        "tags": "v*",
        "has_authorization": True,
        "is_enabled": True,
        "state": "active",
        "failing_since": None,
        "paused_at": None,
        "paused_why": "",
        "old_secret_until": None,
        "creator_name": "admin",
        "created_at": "2026-01-01T00:00:00.000000Z",
    }
    assert (await api.get(f"{WEBHOOKS}/tell")).json() == row
    [listed] = (await api.get(WEBHOOKS, params={"repository": "team/web"})).json()["webhooks"]
    assert listed == {key: value for key, value in row.items() if value is not None}

    changed = await api.patch(f"{WEBHOOKS}/tell", json={"tags": "", "is_enabled": False})
    assert (changed.status_code, changed.json()["state"], changed.json()["events"]) == (200, "disabled", row["events"])
    rotated = await api.post(f"{WEBHOOKS}/tell/secret")
    assert rotated.json()["secret"].startswith("whsec_")
    assert (await api.get(f"{WEBHOOKS}/tell")).json()["old_secret_until"] == "2026-01-02T00:00:00.000000Z"

    deleted = await api.delete(f"{WEBHOOKS}/tell")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await api.get(WEBHOOKS)).json() == {"webhooks": []}


async def test_deliveries_are_listed_shown_and_sent_again(api: httpx2.AsyncClient) -> None:
    await api.post(WEBHOOKS, json=BODY)
    for number in (1, 2, 3):
        sent = await api.post(f"{WEBHOOKS}/tell/test")
        assert (sent.status_code, sent.json()) == (202, {"delivery": number})

    first = (await api.get(f"{WEBHOOKS}/tell/deliveries", params={"limit": "2"})).json()
    assert [one["delivery"] for one in first["deliveries"]] == [3, 2]
    rest = await api.get(f"{WEBHOOKS}/tell/deliveries", params={"limit": "2", "marker": first["nextMarker"]})
    assert [one["delivery"] for one in rest.json()["deliveries"]] == [1]
    assert "nextMarker" not in rest.json()
    assert (await api.get(f"{WEBHOOKS}/tell/deliveries", params={"state": "failed"})).json() == {"deliveries": []}
    shown = (await api.get(f"{WEBHOOKS}/tell/deliveries/1")).json()
    assert (shown["state"], shown["event"], shown["attempts"], shown["subject"]) == (
        "waiting", "test", 0, "acme/team/web"
    )  # fmt: skip
    assert shown["target"] == "https://hooks.example/images?key=…"
    again = await api.post(f"{WEBHOOKS}/tell/deliveries/1/redeliver")
    assert (again.status_code, again.json()) == (202, {})


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "carrier-pigeon"},
        {"events": []},
        {"events": ["PUSH"]},
        {"url": "http://hooks@example"},
        {"url": "x" * 600},
        {"tags": "two words"},
        {"authorization": "two\nlines"},
        {"name": "../tell"},
        {"repository": "Web"},
        {"is_enabled": "yes"},
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_kept(api: httpx2.AsyncClient, changes: dict[str, Any]) -> None:
    refused = await api.post(WEBHOOKS, json=BODY | changes)

    assert refused.status_code == 400, refused.text
    assert (await api.get(WEBHOOKS)).json() == {"webhooks": []}


async def test_what_is_there_or_not_is_told(api: httpx2.AsyncClient) -> None:
    await api.post(WEBHOOKS, json=BODY)

    twice = await api.post(WEBHOOKS, json=BODY)
    assert (twice.status_code, twice.json()["error_code"]) == (409, "ENTREPOT.4090023")
    for path, code in ((f"{WEBHOOKS}/nothing", "4040023"), (f"{WEBHOOKS}/tell/deliveries/9", "4040024")):
        gone = await api.get(path)
        assert (gone.status_code, gone.json()["error_code"]) == (404, f"ENTREPOT.{code}")
