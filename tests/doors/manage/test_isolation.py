"""Another domain's administrator sees and changes nothing of ours, by whatever name or id they ask."""

import httpx2
import pytest

from entrepot.access.levels import Level
from entrepot.accounts.domains import create_domain
from entrepot.values.names import DomainName, RepositoryName, UserName
from tests.doors.manage.conftest import As
from tests.make.rooms import PASSWORD, Rooms

ROBOT = {"name": "ci", "rights": [{"scope": "acme", "access": "pull"}]}
BY_NAME = [
    ("GET", "users/zoe", None),
    ("PATCH", "users/zoe", {"is_admin": True}),
    ("PUT", "users/zoe/password", {"password": "another long password"}),
    ("POST", "users/zoe/disable", None),
    ("POST", "users/zoe/enable", None),
    ("DELETE", "users/zoe", None),
    ("GET", "groups/team", None),
    ("PATCH", "groups/team", {"description": "ours now"}),
    ("DELETE", "groups/team", None),
    ("GET", "groups/team/members", None),
    ("PUT", "groups/team/members/boss", None),
    ("DELETE", "groups/team/members/zoe", None),
    ("GET", "robots/ci", None),
    ("PATCH", "robots/ci", {"description": "ours now"}),
    ("POST", "robots/ci/rotate", None),
    ("POST", "robots/ci/disable", None),
    ("POST", "robots/ci/enable", None),
    ("DELETE", "robots/ci", None),
    ("GET", "tokens?user=zoe", None),
    ("DELETE", "tokens/laptop", None),
    ("DELETE", "tokens/laptop?user=zoe", None),
    ("GET", "namespaces/acme/grants", None),
    ("PUT", "namespaces/acme/grants", {"kind": "user", "name": "boss", "auth": 7}),
    ("DELETE", "namespaces/acme/grants", {"kind": "user", "name": "zoe"}),
    ("PUT", "namespaces/acme/repos/app/grants", {"kind": "user", "name": "boss", "auth": 7}),
]


@pytest.fixture(autouse=True)
async def ours(rooms: Rooms, api: httpx2.AsyncClient, as_user: As) -> None:
    """In `default`: `acme` with `zoe`, who has a token, the group `team` and the robot `ci`; `boss` is of `blue`."""
    await rooms.organization("acme")
    await rooms.push(RepositoryName("acme/app"), "v1")
    await rooms.user("zoe")
    await rooms.grant("acme", "zoe", Level.READ)
    await as_user("zoe").post("/v2/manage/tokens", json={"name": "laptop"})
    await api.post("/v2/manage/groups", json={"name": "team"})
    await api.put("/v2/manage/groups/team/members/zoe")
    await api.post("/v2/manage/robots", json=ROBOT)
    await create_domain(rooms.accounts, rooms.admin, DomainName("blue"), UserName("boss"), PASSWORD)


async def all_of_ours(api: httpx2.AsyncClient) -> list[str]:
    paths = ("users", "groups", "groups/team/members", "robots", "tokens?user=zoe", "namespaces/acme/grants")
    answers = [await api.get(f"/v2/manage/{path}") for path in paths]
    assert [answer.status_code for answer in answers] == [200] * len(paths)
    return [answer.text for answer in answers]


async def test_no_name_of_ours_answers_to_another_domain(api: httpx2.AsyncClient, as_user: As) -> None:
    before, boss = await all_of_ours(api), as_user("blue/boss")

    for method, path, body in BY_NAME:
        answer = await boss.request(method, f"/v2/manage/{path}", json=body)
        assert answer.status_code == 404, f"{method} {path}: {answer.text}"

    for listed in ("users", "groups", "robots", "tokens", "namespaces", "repos"):
        text = (await boss.get(f"/v2/manage/{listed}")).text
        assert not any(name in text for name in ("zoe", "team", '"ci"', "laptop", "acme")), text
    assert await all_of_ours(api) == before


async def test_what_has_the_same_name_in_both_domains_is_two_things(api: httpx2.AsyncClient, as_user: As) -> None:
    before, boss = await all_of_ours(api), as_user("blue/boss")
    await boss.post("/v2/manage/namespaces", json={"namespace": "theirs"})
    await boss.post("/v2/manage/users", json={"name": "zoe", "password": PASSWORD})
    await as_user("blue/zoe").post("/v2/manage/tokens", json={"name": "laptop"})
    await boss.post("/v2/manage/groups", json={"name": "team"})
    robot = {"name": "ci", "rights": [{"scope": "theirs", "access": "pull"}]}
    assert (await boss.post("/v2/manage/robots", json=robot)).status_code == 201

    for method, path in (
        ("DELETE", "tokens/laptop?user=zoe"),
        ("DELETE", "groups/team"),
        ("POST", "robots/ci/rotate"),
        ("DELETE", "robots/ci"),
        ("DELETE", "users/zoe"),
    ):
        assert (await boss.request(method, f"/v2/manage/{path}")).is_success

    assert await all_of_ours(api) == before


async def test_ids_of_ours_are_nobody_in_another_domain(api: httpx2.AsyncClient, as_user: As) -> None:
    before, boss = await all_of_ours(api), as_user("blue/boss")
    zoe = (await api.get("/v2/manage/users/zoe")).json()["id"]
    await boss.post("/v2/manage/namespaces", json={"namespace": "theirs"})
    await boss.post("/v2/manage/users", json={"name": "zoe", "password": PASSWORD})
    access = "/v2/manage/namespaces/theirs/access"

    wrong = await boss.post(access, json=[{"user_id": zoe, "user_name": "zoe", "auth": 1}])
    assert wrong.status_code == 400, wrong.text
    assert (await boss.request("DELETE", access, json=[zoe])).status_code == 204
    for path in ("namespaces/acme/access", "namespaces/acme/repos/app/access"):
        assert (await boss.request("DELETE", f"/v2/manage/{path}", json=[zoe])).status_code == 404
    assert (await boss.post("/v2/manage/robots", json={**ROBOT, "name": "spy"})).status_code == 403
    assert (await boss.get("/v2/manage/domains")).status_code == 403
    assert (await boss.delete("/v2/manage/domains/default")).status_code == 403

    assert await all_of_ours(api) == before
