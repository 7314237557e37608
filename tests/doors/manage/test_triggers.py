"""Triggers on the management API, field by field as the contract has them."""

from typing import Any

import httpx2
import pytest

from entrepot.access.levels import Level
from tests.doors.manage.conftest import As
from tests.make.fresh import KINDS
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

TRIGGERS = "/v2/manage/namespaces/acme/repos/team$web/triggers"
BODY = {
    "name": "deploy",
    "action": "update",
    "trigger_type": "regular",
    "condition": r"v\d+",
    "app_type": "deployments",
    "application": "web",
    "cluster_ns": "default",
    "cluster_id": "c-1",
    "cluster_name": "prod",
    "enable": "true",
}


@pytest.fixture(autouse=True)
async def furnished(rooms: Rooms) -> None:
    await rooms.organization("acme")
    await rooms.repository("acme/team/web")


async def test_a_trigger_goes_its_way(api: httpx2.AsyncClient) -> None:
    created = await api.post(TRIGGERS, json=BODY)
    assert (created.status_code, created.json()) == (201, {})

    row = BODY | {
        "trigger_mode": "cce",
        "container": "",
        "creator_name": "admin",
        "created_at": "2026-01-01T00:00:00.000000Z",
    }
    listed = await api.get(TRIGGERS)
    assert (listed.status_code, listed.json()) == (200, [row | {"trigger_history": None}])
    shown = await api.get(f"{TRIGGERS}/deploy")
    assert (shown.status_code, shown.json()) == (200, row | {"trigger_history": []})

    changed = await api.patch(f"{TRIGGERS}/deploy", json={"enable": "false"})
    assert changed.status_code == 201
    assert (await api.get(f"{TRIGGERS}/deploy")).json()["enable"] == "false"

    deleted = await api.delete(f"{TRIGGERS}/deploy")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await api.get(TRIGGERS)).json() == []


async def test_only_enable_can_be_changed(api: httpx2.AsyncClient) -> None:
    await api.post(TRIGGERS, json=BODY)

    await api.patch(f"{TRIGGERS}/deploy", json={"enable": "true", "condition": ".*", "creator_name": "root", "id": 7})

    shown = (await api.get(f"{TRIGGERS}/deploy")).json()
    assert (shown["condition"], shown["creator_name"]) == (BODY["condition"], "admin")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": "delete"}, "4000014"),
        ({"trigger_type": "some"}, "4000014"),
        ({"condition": "["}, "4000014"),
        ({"condition": "(a+)+" * 200}, "4000014"),
        ({"trigger_type": "tag", "condition": "v1; v2"}, "4009021"),
        ({"trigger_type": "all", "condition": "v1"}, "4000014"),
        ({"app_type": "pods"}, "4000014"),
        ({"application": "we b"}, "4000014"),
        ({"cluster_ns": "../kube-system"}, "4000014"),
        ({"cluster_id": None}, "4000014"),
        ({"trigger_mode": "vm"}, "4000014"),
        ({"trigger_mode": "cci"}, "4000014"),
        ({"enable": "yes"}, "4000014"),
        ({"enable": True}, "4000014"),
        ({"name": "../deploy"}, "4000014"),
        ({"name": "a" * 65}, "4000014"),
        ({"name": "deploy"}, "4000014"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_kept(
    api: httpx2.AsyncClient, changes: dict[str, Any], code: str
) -> None:
    await api.post(TRIGGERS, json=BODY)

    refused = await api.post(TRIGGERS, json=BODY | {"name": "another"} | changes)

    assert (refused.status_code, refused.json()["error_code"]) == (400, f"SVCSTG.SWR.{code}")
    assert len((await api.get(TRIGGERS)).json()) == 1


@pytest.mark.parametrize("missing", ["name", "action", "condition", "cluster_ns", "enable"])
async def test_a_field_that_is_missing_is_named(api: httpx2.AsyncClient, missing: str) -> None:
    refused = await api.post(TRIGGERS, json={key: value for key, value in BODY.items() if key != missing})

    assert (refused.status_code, refused.json()["error_code"]) == (400, "SVCSTG.SWR.4001014")
    assert f"{missing} is missing" in refused.json()["error_msg"]


async def test_what_is_not_there_is_not_found(api: httpx2.AsyncClient) -> None:
    for method, body in (("GET", None), ("PATCH", {"enable": "true"}), ("DELETE", None)):
        answer = await api.request(method, f"{TRIGGERS}/nothing", json=body)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "SVCSTG.SWR.4040083")
    nowhere = await api.get("/v2/manage/namespaces/acme/repos/nowhere/triggers")
    assert (nowhere.status_code, nowhere.json()["error_code"]) == (404, "SVCSTG.SWR.4040113")


async def test_a_trigger_is_reached_through_its_own_repository_only(
    rooms: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    """The path names a repository the caller manages, and a trigger of another."""
    await rooms.organization("other")
    await rooms.repository("other/own")
    await rooms.user("eve")
    await rooms.grant("other/own", "eve", Level.MANAGE)
    await api.post(TRIGGERS, json=BODY)
    own, eve = "/v2/manage/namespaces/other/repos/own/triggers", as_user("eve")

    for path in (
        f"{own}/deploy",
        f"{TRIGGERS}/deploy",
        "/v2/manage/namespaces/other/repos/own$..$team$web/triggers/deploy",
    ):
        for method, body in (("GET", None), ("PATCH", {"enable": "false"}), ("DELETE", None)):
            answer = await eve.request(method, path, json=body)
            assert answer.status_code in (400, 404), f"{method} {path}"

    assert (await api.get(f"{TRIGGERS}/deploy")).json()["enable"] == "true"
