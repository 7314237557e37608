"""Access keys over the API: made, listed, shown, changed, deleted, and a secret that is told once."""

import httpx2
import pytest

from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.rooms import Rooms

KEYS = "/v2/manage/keys"


async def test_a_key_is_created_listed_and_shown(api: httpx2.AsyncClient) -> None:
    made = await api.post(KEYS, json={"description": "pipeline"})

    assert made.status_code == 201
    key = made.json()
    secret = key.pop("secret_key")
    assert key == {
        "access_key": key["access_key"],
        "user_name": "admin",
        "description": "pipeline",
        "is_enabled": True,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "last_used_at": None,
    }
    shown, listed = await api.get(f"{KEYS}/{key['access_key']}"), await api.get(KEYS)
    assert shown.json() == key and listed.json() == {"keys": [key]}
    assert secret not in shown.text + listed.text


async def test_a_key_is_created_without_a_body(api: httpx2.AsyncClient) -> None:
    assert (await api.post(KEYS)).status_code == 201
    assert (await api.post(KEYS, headers={"content-type": "application/json"})).status_code == 201


async def test_a_third_key_is_refused(api: httpx2.AsyncClient) -> None:
    for _ in range(2):
        await api.post(KEYS)

    assert "at most 2" in assert_problem(await api.post(KEYS), 403, "SVCSTG.SWR.4031032")


async def test_a_key_is_changed_and_deleted(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    key_id, _ = await rooms.key()
    path = f"{KEYS}/{key_id}"

    changed = await api.patch(path, json={"is_enabled": False})
    assert (changed.status_code, changed.json()["is_enabled"], changed.json()["description"]) == (200, False, "")
    changed = await api.patch(path, json={"description": "kept"})
    assert (changed.json()["is_enabled"], changed.json()["description"]) == (False, "kept")
    assert (await api.delete(path)).status_code == 204
    assert_problem(await api.get(path), 404, "ENTREPOT.4040006")


@pytest.mark.parametrize(
    "body", [{"is_enabled": "no"}, {"description": "x" * 257}, {"description": 7}, {"description": "a\0b"}, []]
)
async def test_a_change_that_does_not_fit_is_refused(rooms: Rooms, api: httpx2.AsyncClient, body: object) -> None:
    key_id, _ = await rooms.key()

    assert (await api.patch(f"{KEYS}/{key_id}", json=body)).status_code == 400
    assert (await api.get(f"{KEYS}/{key_id}")).json()["is_enabled"] is True


async def test_nobody_chooses_the_parts_of_a_key(rooms: Rooms, api: httpx2.AsyncClient, as_user: As) -> None:
    await rooms.user("ann")
    wished = {"access_key": "MINE", "secret_key": "guessed", "user_name": "admin", "user_id": rooms.admin.id}

    made = (await as_user("ann").post(KEYS, json=wished)).json()

    assert made["user_name"] == "ann"
    assert "MINE" not in made["access_key"] and made["secret_key"] != "guessed"


async def test_the_keys_of_a_user_are_listed_for_administrators(
    rooms: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    key_id, _ = await rooms.key(await rooms.user("ann"))

    rows = (await api.get(KEYS, params={"user": "ann"})).json()["keys"]
    assert [(row["access_key"], row["user_name"]) for row in rows] == [(key_id, "ann")]
    assert_problem(await as_user("ann").get(KEYS, params={"user": "admin"}), 403, "SVCSTG.SWR.4039002")
    assert_problem(await api.get(KEYS, params={"user": "nobody"}), 404, "ENTREPOT.4040001")
    assert_problem(await api.get(KEYS, params={"user": "a:b"}), 400, "SVCSTG.SWR.4001067")


@pytest.mark.parametrize("key_id", ["UNKNOWN", "%00", "..", "a%2Fb", "é"])
async def test_what_is_no_key_is_not_found(api: httpx2.AsyncClient, key_id: str) -> None:
    for method in ("GET", "DELETE"):
        answer = await api.request(method, f"{KEYS}/{key_id}")
        assert answer.status_code == 404, answer.text
