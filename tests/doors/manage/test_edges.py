"""Edges over the management API, and why a client is sent to one."""

import httpx2
import pytest

from tests.make.edges import save_edge
from tests.make.rooms import Rooms

EDGES, EXPLAIN = "/v2/manage/edges", "/v2/manage/regions/-/explain"
BLOB = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.fixture(autouse=True)
async def furnished(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    place = {"cidrs": ["10.1.0.0/16"], "location": "50.11,8.68"}
    await api.post("/v2/manage/regions", json={"regionID": "europe", **place})
    await api.post("/v2/manage/regions", json={"regionID": "pacific", "location": "-33.87,151.21"})
    await save_edge(rooms, "e1", "europe", holds=(BLOB,), streams=2, round_trip_ms=12.5)
    await save_edge(rooms, "e2", "europe", patterns=["acme"])
    await rooms.regions.view.refresh()


async def test_edges_are_shown_drained_resumed_and_deleted(api: httpx2.AsyncClient) -> None:
    listed = (await api.get(EDGES)).json()["edges"]
    assert [one["name"] for one in listed] == ["e1", "e2"]
    assert listed[0] == (await api.get(f"{EDGES}/e1")).json()
    assert listed[0] == {
        "name": "e1",
        "region": "europe",
        "url": "https://e1.example",
        "state": "ready",
        "is_draining": False,
        "is_distrusted": False,
        "version": "1.2.3",
        "capacity_bytes": 1 << 40,
        "held_bytes": 3 << 30,
        "free_bytes": 1 << 39,
        "streams": 2,
        "round_trip_ms": 12.5,
        "joined_at": "2026-01-01T00:00:00.000000Z",
        "seen_at": "2026-01-01T00:00:00.000000Z",
    }
    assert listed[1]["only"] == ["acme"]

    drained = await api.patch(f"{EDGES}/e1", json={"is_draining": True})
    assert (drained.status_code, drained.json()["state"], drained.json()["is_draining"]) == (200, "draining", True)
    resumed = await api.patch(f"{EDGES}/e1", json={"is_draining": False})
    assert resumed.json()["state"] == "ready"

    assert (await api.delete(f"{EDGES}/e1")).status_code == 204
    for call in (api.get, api.delete):
        gone = await call(f"{EDGES}/e1")
        assert (gone.status_code, gone.json()["error_code"]) == (404, "ENTREPOT.4040034")
    wrong = await api.patch(f"{EDGES}/e2", json={})
    assert (wrong.status_code, wrong.json()["error_code"]) == (400, "SVCSTG.SWR.4001014")


async def test_a_choice_is_explained_step_by_step(api: httpx2.AsyncClient) -> None:
    found = (await api.get(EXPLAIN, params={"client": "10.1.2.3", "digest": f"sha256:{BLOB}"})).json()

    assert found == {
        "client": "10.1.2.3",
        "because": "The node e1 of the region europe serves.",
        "rule": "network",
        "region": "europe",
        "node": "e1",
        "url": "https://e1.example",
        "steps": [
            {
                "kind": "rule",
                "because": "The client's address is in the network 10.1.0.0/16, which is the region europe's.",
                "rule": "network",
                "decides": True,
                "network": "10.1.0.0/16",
                "ranked": [{"region": "europe", "km": 0.0}, {"region": "pacific", "km": 16483.2}, {"region": ""}],
            },
            {
                "kind": "region",
                "because": "The region europe serves, by its node e1.",
                "region": "europe",
                "nodes": [
                    {
                        "name": "e1",
                        "state": "ready",
                        "streams": 2,
                        "holds": True,
                        "verdict": "chosen",
                        "because": "It serves.",
                    },
                    {
                        "name": "e2",
                        "state": "ready",
                        "streams": 0,
                        "holds": False,
                        "verdict": "elsewhere",
                        "because": "Another one holds the blob.",
                    },
                ],
            },
        ],
    }


@pytest.mark.parametrize("query", [{}, {"client": "europe"}, {"client": "10.1.2.3", "digest": "sha256:1"}])
async def test_a_question_that_is_none_is_refused(api: httpx2.AsyncClient, query: dict[str, str]) -> None:
    assert (await api.get(EXPLAIN, params=query)).status_code == 400


async def test_the_center_serves_whom_nobody_knows(api: httpx2.AsyncClient) -> None:
    found = (await api.get(EXPLAIN, params={"client": "192.0.2.7"})).json()

    assert (found["rule"], found["region"], "node" in found) == ("center", "", False)
    assert [one["decides"] for one in found["steps"] if one["kind"] == "rule"] == [False, False, False, True]
