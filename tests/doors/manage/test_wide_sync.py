"""Rules of synchronisation of our own on the management API, and the copies of all repositories."""

from typing import Any

import httpx2
import pytest

from tests.make.fresh import KINDS
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

RULES = "/v2/manage/sync/rules"
COPIES = "/v2/manage/sync/copies"
LEAST = {"name": "releases", "direction": "push", "regions": ["north-1"], "repositories": ["acme/*"]}
NOW = "2026-01-01T00:00:00.000000Z"
WHOLE: dict[str, Any] = {
    **LEAST,
    "tags": ["v*"],
    "exclusions": ["*-rc*"],
    "namespace": "copies",
    "override": True,
    "referrers": False,
    "deletes": True,
    "at": "02:30",
    "windows": ["22:00-06:00"],
    "bytes_per_second": 1_000_000,
    "enabled": True,
}


@pytest.fixture(autouse=True)
async def furnished(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    await rooms.push("acme/web", "v1")
    await api.post("/v2/manage/regions", json={"regionID": "north-1", "url": "https://north.example"})


async def test_a_rule_is_told_as_it_was_said(api: httpx2.AsyncClient) -> None:
    made = await api.post(RULES, json=WHOLE)

    assert made.status_code == 201
    assert made.json() == {
        **WHOLE,
        "known_regions": ["north-1"],
        "creator_name": "admin",
        "created_at": NOW,
        "updated_at": NOW,
        "due_at": "2026-01-01T02:30:00.000000Z",
        "under_way": 0,
    }
    assert (await api.get(f"{RULES}/releases")).json() == made.json()
    assert (await api.get(RULES)).json() == {"rules": [made.json()]}


async def test_what_is_not_said_is_careful(api: httpx2.AsyncClient) -> None:
    made = (await api.post(RULES, json=LEAST)).json()

    assert (made["override"], made["deletes"], made["referrers"], made["enabled"]) == (False, False, True, True)
    assert (made["tags"], made["windows"], made["bytes_per_second"], made["due_at"]) == ([], [], 0, NOW)


async def test_a_change_leaves_what_it_does_not_say_and_null_takes_a_time_away(api: httpx2.AsyncClient) -> None:
    made = (await api.post(RULES, json=WHOLE)).json()

    changed = await api.patch(f"{RULES}/releases", json={"at": None, "every_seconds": 60, "windows": []})

    assert changed.status_code == 200
    del made["at"]
    assert changed.json() == {**made, "every_seconds": 60, "windows": [], "due_at": NOW}


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"direction": "sideways"}, 400, "SVCSTG.SWR.4000014"),
        ({"direction": "pull"}, 400, "SVCSTG.SWR.4000014"),
        ({"windows": ["always"]}, 400, "SVCSTG.SWR.4000014"),
        ({"name": "?"}, 400, "SVCSTG.SWR.4000014"),
        ({"regions": ["nowhere"]}, 404, "ENTREPOT.4040025"),
        ({"regions": 5}, 400, "SVCSTG.SWR.4000014"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    api: httpx2.AsyncClient, given: dict[str, Any], status: int, code: str
) -> None:
    refused = await api.post(RULES, json={**LEAST, **given})

    assert (refused.status_code, refused.json()["error_code"]) == (status, code)


async def test_a_rule_is_run_forgotten_and_unknown_then(api: httpx2.AsyncClient) -> None:
    await api.post(RULES, json=WHOLE)
    again = await api.post(RULES, json=WHOLE)
    assert (again.status_code, again.json()["error_code"]) == (409, "ENTREPOT.4090050")
    run = await api.post(f"{RULES}/releases/run")
    assert (run.status_code, run.json()["due_at"]) == (202, NOW)

    assert (await api.delete(f"{RULES}/releases")).status_code == 204
    gone = await api.post(f"{RULES}/releases/run")
    assert (gone.status_code, gone.json()["error_code"]) == (404, "ENTREPOT.4040050")


async def test_all_copies_are_listed_called_off_and_tried_again(api: httpx2.AsyncClient) -> None:
    await api.post(RULES, json=LEAST)
    asked = {"remoteRegionId": "north-1", "remoteNamespace": "copies", "imageTag": ["v1"], "override": False}
    await api.post("/v2/manage/namespaces/acme/repos/web/sync_images", json=asked)

    [copy] = (await api.get(COPIES)).json()["copies"]
    assert (copy["repository"], copy["place"], copy["direction"], copy["action"], copy["rule"]) == (
        "acme/web",
        "copies/web",
        "push",
        "copy",
        "",
    )
    assert (await api.get(COPIES, params={"rule": "releases"})).json()["copies"] == []
    assert (await api.post(f"{COPIES}/{copy['id']}/cancel")).status_code == 200
    assert (await api.get(COPIES, params={"status": "waiting"})).json()["copies"] == []
    assert (await api.post(f"{COPIES}/{copy['id']}/retry")).status_code == 202
    assert len((await api.get(COPIES, params={"status": "waiting"})).json()["copies"]) == 1
    refused = [
        (await api.get(COPIES, params={"status": "odd"})).status_code,
        (await api.get(COPIES, params={"rule": "unknown"})).status_code,
        (await api.post(f"{COPIES}/99/retry")).status_code,
    ]
    assert refused == [400, 404, 404]
