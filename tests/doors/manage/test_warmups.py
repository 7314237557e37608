"""Warm-ups on the management API, and the rules by which they begin."""

from typing import Any

import httpx2
import pytest

from entrepot.regions.warming.orders import Warmed, follow_warming
from entrepot.regions.warming.rules import WarmState
from tests.make.edges import save_edge
from tests.make.fresh import KINDS
from tests.make.image import Image
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

WARMUPS, RULES = "/v2/manage/warmups", "/v2/manage/warm-rules"
NOW = "2026-01-01T00:00:00.000000Z"
LEAST = {"image": "acme/web:v1", "regions": ["north-1"]}
RULE = {"name": "releases", "scopes": ["acme/*"], "tags": ["v*"], "regions": ["north-1"], "platforms": [], "copies": 2}


@pytest.fixture
async def image(rooms: Rooms, api: httpx2.AsyncClient) -> Image:
    await rooms.organization("acme")
    await api.post("/v2/manage/regions", json={"regionID": "north-1", "url": ""})
    return await rooms.push("acme/web", "v1")


@pytest.fixture
async def edge_id(rooms: Rooms, image: Image) -> str:
    return await save_edge(rooms, "e1", "north-1")


async def test_a_warm_up_is_told_by_region_and_node(
    rooms: Rooms, api: httpx2.AsyncClient, image: Image, edge_id: str
) -> None:
    made = await api.post(WARMUPS, json={**LEAST, "copies": 3, "platforms": ["linux/amd64"]})

    assert made.status_code == 201
    bytes_known = {"bytes_done": 0, "bytes_total": 0}
    node = {"node": "e1", "state": "waiting", **bytes_known, "attempts": 0, "error": "", "updated_at": NOW}
    assert made.json() == {
        "id": 1,
        "image": "acme/web:v1",
        "digest": str(image.digest),
        "platforms": ["linux/amd64"],
        "copies": 3,
        "rule": "",
        "state": "waiting",
        **bytes_known,
        "creator_name": "admin",
        "created_at": NOW,
        "regions": [{"region": "north-1", "state": "waiting", **bytes_known, "nodes": [node]}],
    }
    assert (await api.get(WARMUPS)).json() == {"warmups": [made.json()]}

    async with rooms.db.writing() as tx:
        said = Warmed(1, WarmState.FAILED, 5, 10, "The center is away.")
        await follow_warming(tx, edge_id, [said], rooms.clock.now())
    [region] = (await api.get(f"{WARMUPS}/1")).json()["regions"]
    assert (region["state"], region["bytes_done"], region["bytes_total"]) == ("failed", 5, 10)
    assert (region["nodes"][0]["error"], region["nodes"][0]["attempts"]) == ("The center is away.", 1)
    assert region["nodes"][0]["next_at"] == "2026-01-01T00:00:05.000000Z"


async def test_an_image_is_named_by_its_digest_too_and_latest_without_both(
    rooms: Rooms, api: httpx2.AsyncClient, image: Image, edge_id: str
) -> None:
    made = await api.post(WARMUPS, json={**LEAST, "image": f"acme/web@{image.digest}"})
    assert (made.status_code, made.json()["image"]) == (201, f"acme/web@{image.digest}")
    missing = await api.post(WARMUPS, json={**LEAST, "image": "acme/web"})
    assert (missing.status_code, missing.json()["error_code"]) == (404, "SVCSTG.SWR.4040115")
    await rooms.push("acme/web", "latest")
    assert (await api.post(WARMUPS, json={**LEAST, "image": "acme/web"})).json()["image"] == "acme/web:latest"


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"regions": []}, 400, "SVCSTG.SWR.4000014"),
        ({"regions": ["nowhere"]}, 404, "ENTREPOT.4040025"),
        ({"copies": 0}, 400, "SVCSTG.SWR.4000014"),
        ({"platforms": ["amd64"]}, 400, "SVCSTG.SWR.4000014"),
        ({"image": "acme/none:v1"}, 404, "SVCSTG.SWR.4040113"),
        ({"image": "?"}, 400, "SVCSTG.SWR.4001029"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    api: httpx2.AsyncClient, edge_id: str, given: dict[str, Any], status: int, code: str
) -> None:
    refused = await api.post(WARMUPS, json={**LEAST, **given})

    assert (refused.status_code, refused.json()["error_code"]) == (status, code)


async def test_one_is_called_off_once(api: httpx2.AsyncClient, edge_id: str) -> None:
    await api.post(WARMUPS, json=LEAST)

    assert (await api.delete(f"{WARMUPS}/1")).status_code == 204
    shown = (await api.get(f"{WARMUPS}/1")).json()
    assert (shown["state"], shown["ended_at"]) == ("cancelled", NOW)
    assert (await api.delete(f"{WARMUPS}/1")).status_code == 400
    unknown = await api.get(f"{WARMUPS}/2")
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, "ENTREPOT.4040060")


async def test_rules_are_made_listed_and_forgotten(api: httpx2.AsyncClient, image: Image) -> None:
    made = await api.post(RULES, json=RULE)
    assert (made.status_code, made.json()) == (201, {**RULE, "creator_name": "admin", "created_at": NOW})
    assert (await api.get(RULES)).json() == {"rules": [made.json()]}

    again = await api.post(RULES, json=RULE)
    assert (again.status_code, again.json()["error_code"]) == (409, "ENTREPOT.4090061")
    assert (await api.post(RULES, json={**RULE, "name": "other", "scopes": ["?"]})).status_code == 400
    assert (await api.delete(f"{RULES}/releases")).status_code == 204
    gone = await api.delete(f"{RULES}/releases")
    assert (gone.status_code, gone.json()["error_code"]) == (404, "ENTREPOT.4040061")
