"""Users: made, listed, given new passwords, shut out, let in."""

import httpx2
import pytest

from entrepot.access.levels import Level
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.rooms import PASSWORD, Rooms

USERS = "/v2/manage/users"
NEW = "another long password"


async def test_a_user_is_created_and_shown(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    made = await api.post(USERS, json={"name": "Ann", "password": PASSWORD})

    assert made.status_code == 201
    user = made.json()
    assert len(user.pop("id")) == 32
    assert user == {
        "name": "Ann",
        "domain_name": "default",
        "is_admin": False,
        "is_enabled": True,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": None,
    }
    assert (await api.get(f"{USERS}/Ann")).json() == made.json()
    assert PASSWORD not in made.text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "admin", "password": PASSWORD}, 409, "ENTREPOT.4090001"),
        ({"name": "ann", "password": "short"}, 400, "ENTREPOT.4000001"),
        ({"name": "ann", "password": "x" * 1_025}, 400, "ENTREPOT.4000001"),
        ({"name": "a:b", "password": PASSWORD}, 400, "SVCSTG.SWR.4001067"),
        ({"name": "", "password": PASSWORD}, 400, "SVCSTG.SWR.4001067"),
        ({"name": "ann"}, 400, "SVCSTG.SWR.4001014"),
        ({"name": "ann", "password": PASSWORD, "is_admin": "yes"}, 400, "SVCSTG.SWR.4000014"),
    ],
)
async def test_what_cannot_be_a_user_is_refused(
    api: httpx2.AsyncClient, body: dict[str, object], status: int, code: str
) -> None:
    answer = await api.post(USERS, json=body)

    message = assert_problem(answer, status, code)
    assert PASSWORD not in message


async def test_users_are_listed_by_name_in_pages(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    for name in ("zoe", "ann", "ben"):
        await rooms.user(name)

    first = (await api.get(USERS, params={"limit": 3})).json()
    assert [one["name"] for one in first["users"]] == ["admin", "ann", "ben"]
    assert first["nextMarker"] == "ben"
    second = (await api.get(USERS, params={"limit": 3, "marker": "ben"})).json()
    assert [one["name"] for one in second["users"]] == ["zoe"]
    assert "nextMarker" not in second


async def test_an_administrator_gives_a_new_password(rooms: Rooms, api: httpx2.AsyncClient, as_user: As) -> None:
    await rooms.user("ann")
    ann = as_user("ann")
    assert (await ann.get(f"{USERS}/ann")).status_code == 200

    changed = await api.put(f"{USERS}/ann/password", json={"password": NEW})

    assert (changed.status_code, changed.content) == (204, b"")
    assert (await ann.get(f"{USERS}/ann")).status_code == 401
    assert (await ann.get(f"{USERS}/ann", auth=("ann", NEW))).status_code == 200


async def test_people_change_their_own_password_by_showing_the_old_one(rooms: Rooms, as_user: As) -> None:
    await rooms.user("ann")
    ann, path = as_user("ann"), f"{USERS}/ann/password"

    assert_problem(await ann.put(path, json={"password": NEW}), 403, "SVCSTG.SWR.4039002")
    assert_problem(await ann.put(path, json={"password": NEW, "current_password": "wrong"}), 403, "SVCSTG.SWR.4039002")
    assert (await ann.put(path, json={"password": NEW, "current_password": PASSWORD})).status_code == 204
    assert (await ann.get(f"{USERS}/ann", auth=("ann", NEW))).status_code == 200


async def test_a_user_is_shut_out_and_let_in(rooms: Rooms, api: httpx2.AsyncClient, as_user: As) -> None:
    await rooms.user("ann")

    out = await api.post(f"{USERS}/ann/disable")
    assert (out.status_code, out.json()) == (200, {})
    assert (await api.get(f"{USERS}/ann")).json()["is_enabled"] is False
    assert (await as_user("ann").get(f"{USERS}/ann")).status_code == 401

    assert (await api.post(f"{USERS}/ann/enable")).status_code == 200
    assert (await as_user("ann").get(f"{USERS}/ann")).status_code == 200


async def test_the_last_administrator_stays(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    assert_problem(await api.post(f"{USERS}/admin/disable"), 400, "SVCSTG.SWR.4000014")

    await rooms.user("second", is_admin=True)
    assert (await api.post(f"{USERS}/admin/disable")).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/disable"), ("POST", "/enable")])
async def test_an_unknown_user_is_not_found(api: httpx2.AsyncClient, method: str, path: str) -> None:
    assert_problem(await api.request(method, f"{USERS}/nobody{path}"), 404, "ENTREPOT.4040001")


async def test_others_are_nobodys_business(rooms: Rooms, as_user: As) -> None:
    await rooms.user("ann")
    ann = as_user("ann")

    for answer in (
        await ann.get(USERS),
        await ann.get(f"{USERS}/admin"),
        await ann.get(f"{USERS}/nobody"),
        await ann.post(USERS, json={"name": "ben", "password": PASSWORD}),
        await ann.put(f"{USERS}/admin/password", json={"password": NEW, "current_password": PASSWORD}),
        await ann.post(f"{USERS}/admin/disable"),
    ):
        assert_problem(answer, 403, "SVCSTG.SWR.4039002")
    assert (await ann.get(f"{USERS}/ann")).json()["name"] == "ann"


async def test_users_are_listed_by_a_part_of_their_names(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.user("ann")
    answer = await api.get(USERS, params={"filter": "name::AN"})
    assert [one["name"] for one in answer.json()["users"]] == ["ann"]
    assert (await api.get(USERS, params={"filter": "age::3"})).status_code == 400


async def test_what_a_user_holds_is_told_before_they_go(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    await rooms.user("ann")
    await rooms.grant("acme", "ann", Level.EDIT)
    held = (await api.get(f"{USERS}/ann/holdings")).json()
    assert held["grants"] == [{"scope": "acme", "auth": 3}]
    assert (held["groups"], held["key_count"], held["session_count"]) == ([], 0, 0)
