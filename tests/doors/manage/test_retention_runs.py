"""Plans, runs and policies of retention on the management API: what they say, and what is refused."""

import json
from typing import Any

import httpx2
import pytest

from entrepot.upkeep.retain import retain
from tests.make.fresh import KINDS
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

ORGANIZATION = "/v2/manage/namespaces/acme/retention"
REPOSITORY = "/v2/manage/namespaces/acme/repos/team%24web/retention"
RULE = {"tags": ["v*"], "exclusions": [], "newest": 1, "pushed_days": None, "pulled_days": None, "signed": False}


@pytest.fixture(autouse=True)
async def furnished(rooms: Rooms) -> None:
    """Two tags, pushed a day apart."""
    await rooms.organization("acme")
    await rooms.push("acme/team/web", "v1")
    rooms.clock.advance(days=1)
    await rooms.push("acme/team/web", "v2")


async def lines(api: httpx2.AsyncClient, path: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = await api.get(path, params=parameters)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_policy_goes_its_way(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    made = await api.post(f"{ORGANIZATION}/policies", json={"rules": [{"tags": ["v*"], "newest": 1}], "enabled": False})
    assert made.status_code == 201
    policy = made.json()
    assert (policy["repositories"], policy["rules"], policy["untagged_days"], policy["set_by"]) == (
        "*", [RULE], None, "admin"
    )  # fmt: skip
    path = f"{ORGANIZATION}/policies/{policy['id']}"
    assert (await api.get(path)).json() == (await api.get(f"{ORGANIZATION}/policies")).json()["policies"][0] == policy

    changed = await api.patch(path, json={"untagged_days": 7, "description": "old"})
    assert (changed.json()["untagged_days"], changed.json()["rules"]) == (7, [RULE])
    assert (await api.patch(path, json={"untagged_days": 0})).json()["untagged_days"] is None

    assert [one["summary"] for one in await lines(api, f"{ORGANIZATION}/plan")] == []
    [first, second, summary] = await lines(api, f"{ORGANIZATION}/plan", policy=policy["id"])
    assert (first["tag"], first["is_deleted"], first["reason"], first["because"]) == (
        "v1", True, "expired", "No rule keeps it."
    )  # fmt: skip
    assert (first["retention_id"], first["rule"]) == (0, {"policy": policy["id"], **RULE})
    assert (second["tag"], second["is_deleted"], second["because"]) == ("v2", False, "It is one of the newest 1.")
    assert (summary["summary"], summary["looked_at"], summary["deleted"]) == ("acme/team/web", 2, 1)
    assert len(await lines(api, f"{REPOSITORY}/plan", policy=policy["id"], only_deleted="true")) == 2

    assert (await api.patch(path, json={"enabled": True})).status_code == 200
    await retain(rooms.upkeep)
    [run] = (await api.get(f"{ORGANIZATION}/runs")).json()["runs"]
    assert (run["repository"], run["state"], run["deleted"], run["seconds"]) == ("acme/team/web", "done", 1, 0.0)
    assert "stopped" not in run
    assert (await api.get(f"{REPOSITORY}/runs/{run['id']}")).json() == run
    [tag] = (await api.get(f"{REPOSITORY}/runs/{run['id']}/tags")).json()["tags"]
    assert (tag["tag"], tag["rule"]["newest"], tag["deleted_at"]) == ("v1", 1, "2026-01-02T00:00:00.000000Z")
    assert (await api.delete(path)).status_code == 204


async def test_what_a_policy_would_delete_is_said_before_it_is_made_or_changed(api: httpx2.AsyncClient) -> None:
    one = {"rules": [{"tags": ["v*"], "newest": 1}], "enabled": False}
    made = (await api.post(f"{ORGANIZATION}/policies", json=one)).json()
    contracts = {"template": "tag_rule", "params": {"num": "1"}, "tag_selectors": []}

    new = await api.post(f"{ORGANIZATION}/preview", json=one)
    kept = await api.post(f"{ORGANIZATION}/policies/{made['id']}/preview", json={})
    own = await api.post(f"{REPOSITORY}/preview", json={"algorithm": "or", "rules": [contracts]})

    assert new.json() == kept.json() == own.json()
    found = own.json()
    [tag] = found.pop("tags")
    assert (tag["repository"], tag["tag"], tag["because"]) == ("acme/team/web", "v1", "No rule keeps it.")
    assert found.pop("freed_bytes") > 0
    assert found.pop("losing") == [{"repository": "acme/team/web", "looked_at": 2, "deleted": 1, "untagged": 0}]
    assert found == {
        "looked_at": 2, "deleted": 1, "kept": 1, "untagged": 0, "repositories": 1, "is_whole": True, "stopped": None
    }  # fmt: skip
    wider = await api.post(f"{ORGANIZATION}/policies/{made['id']}/preview", json={"rules": [{"newest": 2}]})
    assert (wider.json()["deleted"], wider.json()["freed_bytes"]) == (0, 0)
    assert (await api.get(f"{ORGANIZATION}/policies")).json()["policies"] == [made]
    assert (await api.get(f"{REPOSITORY}s")).json() == []


async def test_a_preview_refuses_what_saving_would_refuse(api: httpx2.AsyncClient) -> None:
    rules = [{"template": "tag_rule", "params": {"num": "1"}, "tag_selectors": []}]
    await api.post(f"{REPOSITORY}s", json={"algorithm": "or", "rules": rules})
    other = [{"template": "date_rule", "params": {"days": "1"}, "tag_selectors": []}]

    templates = await api.post(f"{REPOSITORY}/preview", json={"algorithm": "or", "rules": other})

    assert (templates.status_code, "templates" in templates.text) == (400, True)
    assert (await api.post(f"{ORGANIZATION}/preview", json={"rules": [{}]})).status_code == 400
    assert (await api.post(f"{ORGANIZATION}/policies/7/preview", json={})).status_code == 404


async def test_runs_and_their_tags_page_by_key(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.push("acme/team/web", "v3")
    body = {"rules": [{"newest": 1}], "repositories": "team/*"}
    await api.post(f"{ORGANIZATION}/policies", json=body)
    await retain(rooms.upkeep)
    assert (await api.post(f"{REPOSITORY}/run", json={"force": True})).status_code == 202
    await retain(rooms.upkeep)

    newest = (await api.get(f"{REPOSITORY}/runs", params={"limit": 1})).json()
    oldest = (await api.get(f"{REPOSITORY}/runs", params={"limit": 1, "marker": newest["nextMarker"]})).json()
    assert ([one["cause"] for one in newest["runs"] + oldest["runs"]], "nextMarker" in oldest) == (
        ["asked", "changed"], False
    )  # fmt: skip
    tags = f"{REPOSITORY}/runs/{oldest['runs'][0]['id']}/tags"
    first = (await api.get(tags, params={"limit": 1})).json()
    rest = (await api.get(tags, params={"limit": 1, "marker": first["nextMarker"]})).json()
    assert [one["tag"] for one in first["tags"] + rest["tags"]] == ["v1", "v2"]
    assert "nextMarker" not in rest


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rules": []},
        {"rules": [{}]},
        {"rules": [{"newest": 1}, {"newest": 2}]},
        {"rules": [{"newest": "many"}]},
        {"rules": [{"newest": 1}], "repositories": "A"},
    ],
)
async def test_a_policy_that_cannot_be_is_refused(api: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    refused = await api.post(f"{ORGANIZATION}/policies", json=body)

    assert refused.status_code == 400, refused.text
    assert (await api.get(f"{ORGANIZATION}/policies")).json() == {"policies": []}


@pytest.mark.parametrize("number", ["7", "abc", "9" * 40])
async def test_what_is_not_there_is_not_found(api: httpx2.AsyncClient, number: str) -> None:
    for method, path in (
        ("GET", f"{ORGANIZATION}/policies/{number}"),
        ("DELETE", f"{ORGANIZATION}/policies/{number}"),
        ("GET", f"{REPOSITORY}/runs/{number}"),
        ("GET", f"{REPOSITORY}/runs/{number}/tags"),
        ("POST", f"{REPOSITORY}/runs/{number}/undo"),
    ):
        assert (await api.request(method, path)).status_code == 404, path
    assert (await api.post(f"{REPOSITORY}/run", json={})).status_code == 404
    assert (await api.get(f"{REPOSITORY}/runs")).json() == {"runs": []}
