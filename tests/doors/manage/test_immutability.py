"""Rules of immutability on the wire, and what is answered to who would move or delete what they keep."""

import httpx2

from tests.doors.manage.test_door import assert_problem
from tests.make.rooms import Rooms

RULES = "/v2/manage/namespaces/acme/immutability"
REPO = "/v2/manage/namespaces/acme/repos/web"


async def test_a_rule_from_beginning_to_end(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")

    made = await api.post(RULES, json={"tags": "v*", "exclusions": ["*-rc"], "description": "Why."})
    shown = (await api.get(f"{RULES}/1")).json()
    changed = await api.patch(f"{RULES}/1", json={"enabled": False, "exclusions": []})

    assert made.status_code == 201
    said = {"id": 1, "repositories": "*", "tags": "v*", "exclusions": ["*-rc"], "description": "Why.", "enabled": True}
    assert {key: shown[key] for key in said} == said
    assert (shown["set_by"], made.json()) == ("admin", shown)
    assert (changed.json()["enabled"], changed.json()["tags"], changed.json()["exclusions"]) == (False, "v*", [])
    assert [one["id"] for one in (await api.get(RULES)).json()["rules"]] == [1]
    assert (await api.delete(f"{RULES}/1")).status_code == 204
    assert (await api.get(RULES)).json() == {"rules": []}


async def test_rules_that_are_not_there_or_cannot_be(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")

    for number in ("7", "x", "9" * 30):
        assert_problem(await api.get(f"{RULES}/{number}"), 404, "ENTREPOT.4040040")
        assert_problem(await api.delete(f"{RULES}/{number}"), 404, "ENTREPOT.4040040")
    for body in ({"tags": "*****"}, {"tags": ""}, {"repositories": "A"}, {"exclusions": [""]}, {"tags": 1}):
        assert_problem(await api.post(RULES, json=body), 400, "SVCSTG.SWR.4000014")


async def test_what_is_kept_is_said_where_it_would_move_or_go(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    for tag in ("v1", "latest"):
        await rooms.push("acme/web", tag)
    await api.post(RULES, json={"tags": "v*"})

    moved = await api.post(f"{REPO}/tags", json={"source_tag": "latest", "destination_tag": "v1", "override": True})
    plan = (await api.post(f"{REPO}/deletions/plan", json={"tags": ["v1", "latest"]})).json()
    done = (await api.post(f"{REPO}/deletions", json={"tags": ["v1", "latest"]})).json()
    versions = (await api.get(f"{REPO}/versions")).json()["versions"]

    assert_problem(moved, 409, "ENTREPOT.4090040")
    assert_problem(await api.delete(f"{REPO}/tags/v1"), 409, "ENTREPOT.4090040")
    assert_problem(await api.delete(REPO), 409, "ENTREPOT.4090040")
    assert ([one["tag"] for one in plan["tags"]], plan["kept"]) == (["latest"], [{"tag": "v1", "rule": 1}])
    assert done == {"tags": 1, "manifests": 0, "kept": [{"tag": "v1", "rule": 1}]}
    assert [(one["tag"], one["immutable_by"]) for one in versions] == [("v1", 1)]
