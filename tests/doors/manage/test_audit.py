"""The audit and the feed on the wire: rows, filters, pages, lines, CloudEvents."""

import json
from typing import Any

import httpx2
import pytest

from entrepot.access.levels import Level
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.rooms import Rooms

AUDIT, EVENTS, EXPORT = "/v2/manage/audit", "/v2/manage/events", "/v2/manage/audit/export"


async def test_a_change_is_told_whole(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    await rooms.repository("acme/app")
    await api.patch("/v2/manage/namespaces/acme/repos/app", json={"is_public": True})

    answer = await api.get(AUDIT, params={"subject": "acme/app", "type": "repository.changed"})

    (row,) = answer.json()["events"]
    assert row.pop("marker") and row.pop("id")
    assert row == {
        "time": "2026-01-01T00:00:00.000000Z",
        "type": "repository.changed",
        "result": "done",
        "subject": "acme/app",
        "actor": rooms.admin.subject,
        "actor_name": "admin",
        "address": "127.0.0.1",
        "credential": "password",
        "organization": "acme",
        "domain_id": rooms.admin.domain_id,
        "domain_name": "default",
        "data": {"is_public": True, "category": "other", "description": "", "before": {"is_public": False}},
    }
    assert "nextMarker" not in answer.json()


async def pages(api: httpx2.AsyncClient, path: str, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = (await api.get(path, params={"limit": 3, **parameters})).json()
        assert len(page["events"]) <= 3
        found += page["events"]
        if not page["events"]:
            return found
        parameters["marker"] = page.get("nextMarker") or page["events"][-1]["marker"]


async def test_all_three_ways_tell_the_same(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    for number in range(8):
        await rooms.repository(f"acme/r{number}")

    exported = await api.get(EXPORT, params={"organization": "acme"})
    assert exported.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in exported.text.splitlines()]
    assert [line["subject"] for line in lines] == ["acme", *(f"acme/r{number}" for number in range(8))]
    assert await pages(api, AUDIT, organization="acme") == lines[::-1]
    fed = await pages(api, EVENTS, organization="acme")
    assert [one["id"] for one in fed] == [line["id"] for line in lines]
    resumed = await api.get(EXPORT, params={"organization": "acme", "marker": lines[4]["marker"]})
    assert [json.loads(line) for line in resumed.text.splitlines()] == lines[5:]


async def test_programs_are_fed_cloud_events(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    page = (await api.get(EVENTS, params={"type": "organization.*"})).json()

    (one,) = page["events"]
    assert (one["specversion"], one["type"], one["subject"]) == ("1.0", "io.entrepot.organization.created", "acme")
    assert (one["source"], one["datacontenttype"]) == ("http://registry.test", "application/json")
    assert all(key.isalnum() and key.islower() for key in one)
    assert page["nextMarker"] == one["marker"]

    nothing = (await api.get(EVENTS, params={"type": "organization.*", "marker": page["nextMarker"]})).json()
    assert nothing == {"events": [], "nextMarker": page["nextMarker"]}


async def test_managers_see_their_organization_and_nothing_else(rooms: Rooms, as_user: As) -> None:
    for name in ("acme", "lab"):
        await rooms.organization(name)
    await rooms.user("mary")
    await rooms.grant("acme", "mary", Level.MANAGE)
    mary = as_user("mary")

    for path in (AUDIT, EVENTS, EXPORT):
        assert (await mary.get(path, params={"organization": "acme"})).status_code == 200
        assert_problem(await mary.get(path), 403, "SVCSTG.SWR.4039002")
        hidden = assert_problem(await mary.get(path, params={"organization": "lab"}), 404, "SVCSTG.SWR.4040058")
        absent = assert_problem(await mary.get(path, params={"organization": "bal"}), 404, "SVCSTG.SWR.4040058")
        assert hidden.replace("lab", "bal") == absent


async def test_a_refusal_of_mine_is_found_by_those_who_look_for_it(
    rooms: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    await rooms.organization("acme")
    await rooms.user("ann")
    assert (await as_user("ann").get("/v2/manage/namespaces/acme")).status_code == 404
    await rooms.accounts.notes.flush()

    asked = {"result": "refused", "actor": "ann", "address": "127.0.0.1", "credential": "password"}
    (row,) = (await api.get(AUDIT, params=asked)).json()["events"]

    assert (row["type"], row["subject"], row["result"], row["data"]["action"]) == (
        "access.refused",
        "acme",
        "refused",
        "organization:read",
    )


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"limit": "0"}, "4000056"),
        ({"limit": "9999"}, "4000056"),
        ({"marker": "x"}, "4000056"),
        ({"organization": "NO"}, "4001028"),
        ({"since": "yesterday"}, "4001024"),
        ({"until": "2026-01-01T00:00:00"}, "4001024"),
        ({"result": "maybe"}, "4001024"),
        ({"subject": "a\0b"}, "4001024"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_a_sentence(
    api: httpx2.AsyncClient, parameters: dict[str, str], code: str
) -> None:
    assert_problem(await api.get(AUDIT, params=parameters), 400, f"SVCSTG.SWR.{code}")
