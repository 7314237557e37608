"""Robots on the wire: what is answered, what is refused, and that a secret is shown once."""

from typing import Any

import httpx2
import pytest

from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.rooms import Rooms

ROBOTS = "/v2/manage/robots"
CI = {"name": "ci", "rights": [{"scope": "acme/team-*", "access": "push"}]}


@pytest.fixture(autouse=True)
async def acme(rooms: Rooms) -> None:
    await rooms.organization("acme")


async def test_a_robot_is_created_with_a_secret_that_is_shown_once(api: httpx2.AsyncClient, as_user: As) -> None:
    answer = await api.post(ROBOTS, json={**CI, "description": "builds", "expires_at": "2027-01-31T12:00:00+02:00"})

    assert answer.status_code == 201
    made = answer.json()
    secret = made.pop("secret")
    assert secret.startswith("epr_")
    assert len(made.pop("id")) == 32
    assert made == {
        "name": "ci",
        "login": "robot$ci",
        "description": "builds",
        "rights": [{"scope": "acme/team-*", "access": "push"}],
        "owner_name": "admin",
        "is_enabled": True,
        "expires_at": "2027-01-31T10:00:00.000000Z",
        "created_at": "2026-01-01T00:00:00.000000Z",
        "rotated_at": "2026-01-01T00:00:00.000000Z",
        "old_secret_until": None,
        "last_used_at": None,
    }
    for path in (ROBOTS, f"{ROBOTS}/ci", f"{ROBOTS}/robot$ci"):
        assert secret not in (await api.get(path)).text
    assert (await api.get("/v2/manage/namespaces", auth=("robot$ci", secret))).json() == {"namespaces": []}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"name": "a/b"}, 400, "SVCSTG.SWR.4001008"),
        ({"name": ""}, 400, "SVCSTG.SWR.4001008"),
        ({"rights": []}, 400, "SVCSTG.SWR.4000014"),
        ({"rights": [{"scope": "acme", "access": "own"}]}, 400, "SVCSTG.SWR.4000014"),
        ({"rights": [{"scope": "*", "access": "pull"}]}, 400, "SVCSTG.SWR.4000014"),
        ({"rights": [{"scope": "acme/../rest", "access": "pull"}]}, 400, "SVCSTG.SWR.4001029"),
        ({"rights": [{"scope": "nowhere", "access": "pull"}]}, 403, "SVCSTG.SWR.4039002"),
        ({"description": "x" * 257}, 400, "SVCSTG.SWR.4000014"),
        ({"expires_at": "2025-01-01T00:00:00Z"}, 400, "SVCSTG.SWR.4000014"),
        ({"expires_at": "2027-01-01T00:00:00"}, 400, "SVCSTG.SWR.4000014"),
        ({"expires_at": 1_900_000_000}, 400, "SVCSTG.SWR.4000014"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, 400, "SVCSTG.SWR.4000014"),
    ],
)
async def test_what_cannot_be_a_robot_is_refused(
    api: httpx2.AsyncClient, change: dict[str, Any], status: int, code: str
) -> None:
    assert_problem(await api.post(ROBOTS, json={**CI, **change}), status, code)


async def test_a_robot_is_changed_rotated_shut_out_and_deleted(api: httpx2.AsyncClient) -> None:
    first = (await api.post(ROBOTS, json={**CI, "expires_at": "2027-01-01T00:00:00Z"})).json()["secret"]
    path, asking = f"{ROBOTS}/ci", "/v2/manage/namespaces"

    described = (await api.patch(path, json={"description": "new"})).json()
    assert (described["description"], described["expires_at"]) == ("new", "2027-01-01T00:00:00.000000Z")
    assert (await api.patch(path, json={"expires_at": None})).json()["expires_at"] is None
    assert_problem(await api.post(ROBOTS, json=CI), 409, "ENTREPOT.4090004")

    rotated = (await api.post(f"{path}/rotate", json={"old_secret_until": "2026-01-02T00:00:00Z"})).json()
    assert rotated["old_secret_until"] == "2026-01-02T00:00:00.000000Z"
    for secret in (first, rotated["secret"]):
        assert (await api.get(asking, auth=("robot$ci", secret))).status_code == 200
    secret = (await api.post(f"{path}/rotate")).json()["secret"]
    assert (await api.get(asking, auth=("robot$ci", rotated["secret"]))).status_code == 401

    assert (await api.post(f"{path}/disable")).json()["is_enabled"] is False
    assert (await api.get(asking, auth=("robot$ci", secret))).status_code == 401
    assert (await api.post(f"{path}/enable")).json()["is_enabled"] is True
    assert (await api.get(asking, auth=("robot$ci", secret))).status_code == 200
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(asking, auth=("robot$ci", secret))).status_code == 401
    assert_problem(await api.get(path), 404, "ENTREPOT.4040004")


async def test_robots_are_listed_in_pages(api: httpx2.AsyncClient) -> None:
    for name in ("c", "a", "b"):
        await api.post(ROBOTS, json={**CI, "name": name})

    first = (await api.get(ROBOTS, params={"limit": 2})).json()
    second = (await api.get(ROBOTS, params={"limit": 2, "marker": first["nextMarker"]})).json()

    assert [one["name"] for one in first["robots"] + second["robots"]] == ["a", "b", "c"]
    assert "nextMarker" not in second


async def test_robots_stand_in_no_list_of_users(api: httpx2.AsyncClient) -> None:
    await api.post(ROBOTS, json=CI)

    assert [one["name"] for one in (await api.get("/v2/manage/users")).json()["users"]] == ["admin"]
    assert_problem(await api.get("/v2/manage/users/robot$ci"), 400, "SVCSTG.SWR.4001067")
