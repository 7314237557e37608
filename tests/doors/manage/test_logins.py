"""Docker logins, agency, gates, and what clients ask the identity service (contract §11, §15, §16, §19)."""

import base64
from typing import Any

import httpx2
import pytest

from entrepot.accounts.access_keys import create_key
from entrepot.accounts.scopes import Scope
from entrepot.accounts.tokens import issue_token
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.rooms import PASSWORD, Rooms

UTILS = "/v2/manage/utils"
NAMESPACES = "/v2/manage/namespaces"
HOST = "registry.example"


def login_of(answer: httpx2.Response) -> tuple[str, str]:
    """User and password of the command in the header, which the body says too."""
    docker, login, u, user, p, password, host = answer.headers["x-swr-dockerlogin"].split(" ")
    assert (docker, login, u, p, host) == ("docker", "login", "-u", "-p", HOST)
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    assert answer.json() == {"auths": {HOST: {"auth": pair}}}
    return user, password


async def test_a_login_of_a_project(api: httpx2.AsyncClient) -> None:
    answer = await api.post(f"{UTILS}/secret", params={"projectname": "north", "duration_seconds": "900"})

    assert answer.status_code == 200
    user, password = login_of(answer)
    assert user.startswith("north@") and len(password) == 64
    assert answer.headers["x-swr-expireat"] == "2026-01-01T00:15:00.000000Z"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_login_of_no_project(api: httpx2.AsyncClient) -> None:
    answer = await api.post(f"{UTILS}/authorizationtoken", headers={"content-type": "application/json"})

    assert login_of(answer)[0].startswith("bearertoken@")
    assert answer.headers["x-swr-expireat"] == "2026-01-02T00:00:00.000000Z"
    assert login_of(await api.post(f"{UTILS}/secret"))[0].startswith("local@")


@pytest.mark.parametrize(
    "query",
    [{"duration_seconds": value} for value in ("899", "86401", "-1", "1e3", "", "9" * 30)] + [{"projectname": "a b"}],
)
async def test_a_login_that_cannot_be_is_refused(api: httpx2.AsyncClient, query: dict[str, str]) -> None:
    assert_problem(await api.post(f"{UTILS}/secret", params=query), 400, "SVCSTG.SWR.4001024")


async def test_a_docker_login_does_not_reach_the_management_api(
    rooms: Rooms, api: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    made = login_of(await api.post(f"{UTILS}/secret"))

    for path in (NAMESPACES, "/v2/manage/keys"):
        assert_problem(await anonymous.get(path, auth=made), 401, "APIGW.0301")


async def test_the_agency_is_agreed_to_once(rooms: Rooms, api: httpx2.AsyncClient, as_user: As) -> None:
    await rooms.user("ann")
    path, domain_id = "/v2/manage/agency", rooms.admin.domain_id

    assert (await api.get(path)).json() == {"domain_id": domain_id, "is_agency": False}
    assert_problem(await as_user("ann").post(path), 403, "SVCSTG.SWR.4039002")
    agreed = await api.post(path)
    assert (agreed.status_code, agreed.content) == (204, b"")
    assert_problem(await api.post(path), 409, "ENTREPOT.4090006")
    assert (await as_user("ann").get(path)).json() == {"domain_id": domain_id, "is_agency": True}


@pytest.mark.parametrize("project", ["own", "%7Bproject_id%7D", "f" * 32])
async def test_gates_are_told_of_the_own_project(rooms: Rooms, api: httpx2.AsyncClient, project: str) -> None:
    project_id = rooms.admin.domain_id if project == "own" else project
    answer = await api.get(f"/v2/manage/projects/{project_id}/feature-gates")

    if project == "f" * 32:
        assert_problem(answer, 403, "SVCSTG.SWR.4039001")
    else:
        gates = answer.json()
        assert len(gates) == 12 and all(isinstance(gate, bool) for gate in gates.values())
        assert gates["enable_list_v3"] and not gates["enable_sm3"]


def wanted(name: str, password: str, scope: Any = None, domain: str | None = None) -> dict[str, Any]:
    user: dict[str, Any] = {"name": name, "password": password}
    if domain is not None:
        user["domain"] = {"name": domain}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
    return {"auth": auth if scope is None else auth | {"scope": scope}}


async def test_a_token_for_a_password(rooms: Rooms, anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.post(
        "/v3/auth/tokens", json=wanted("admin", PASSWORD, {"project": {"name": "north"}}, "default")
    )

    assert answer.status_code == 201
    said, domain = answer.json()["token"], {"id": rooms.admin.domain_id, "name": "default"}
    assert said["user"] == {"id": rooms.admin.id, "name": "admin", "domain": domain}
    assert said["project"] == {"id": rooms.admin.domain_id, "name": "north", "domain": domain}
    assert (said["methods"], said["expires_at"]) == (["password"], "2026-01-02T00:00:00.000000Z")
    token = answer.headers["x-subject-token"]
    assert token not in answer.text and PASSWORD not in answer.text
    assert (await anonymous.get(NAMESPACES, headers={"x-auth-token": token})).status_code == 200
    assert_problem(await anonymous.get(NAMESPACES, headers={"authorization": f"Bearer {token}"}), 401, "APIGW.0301")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (wanted("admin", "wrong"), 401, "APIGW.0301"),
        (wanted("nobody", PASSWORD), 401, "APIGW.0301"),
        (wanted("admin", PASSWORD, domain="other"), 401, "APIGW.0301"),
        (wanted("admin", PASSWORD, {"project": {"id": "f" * 32}}), 403, "SVCSTG.SWR.4039001"),
        (wanted("admin", PASSWORD, {"domain": {"name": "other"}}), 403, "SVCSTG.SWR.4039001"),
        (wanted("admin", PASSWORD, {"domain": {"id": "f" * 32}}), 403, "SVCSTG.SWR.4039001"),
        ({"auth": {"identity": {"methods": ["token"], "password": {"user": {"name": "a", "password": "b"}}}}}, 400, ""),
        ({"auth": {}}, 400, "SVCSTG.SWR.4001014"),
        ({}, 400, "SVCSTG.SWR.4001014"),
    ],
)
async def test_no_token_for_what_is_wrong(
    anonymous: httpx2.AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await anonymous.post("/v3/auth/tokens", json=body)

    assert answer.status_code == status
    assert code in answer.text and "x-subject-token" not in answer.headers


async def test_other_tokens_are_no_management_tokens(rooms: Rooms, anonymous: httpx2.AsyncClient) -> None:
    registry = (await issue_token(rooms.accounts, rooms.admin, [Scope("registry", "catalog", ("*",))])).token
    secret = (await create_key(rooms.accounts, rooms.admin)).secret

    for token in (registry, secret, "", "a.b.c", "é".encode().decode("latin-1")):
        answer = await anonymous.get(NAMESPACES, headers=[(b"x-auth-token", token.encode("latin-1"))])
        assert_problem(answer, 401, "APIGW.0301")


@pytest.mark.parametrize("name", ["local", "cn-north-4", None])
async def test_there_is_exactly_one_project(rooms: Rooms, api: httpx2.AsyncClient, name: str | None) -> None:
    answer = await api.get("/v3/projects", params={"name": name} if name else None)

    [project] = answer.json()["projects"]
    assert (project["id"], project["name"]) == (rooms.admin.domain_id, name or "local")
