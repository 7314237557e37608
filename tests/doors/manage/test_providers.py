"""Identity providers and federations on the wire: what is answered, what is refused, and that secrets are not shown."""

from typing import Any

import httpx2
import pytest

from entrepot.access.levels import Level
from entrepot.accounts.robots import create_robot
from entrepot.accounts.rules import Right
from entrepot.values.names import RobotName
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.issuer import SECRET, running_issuer
from tests.make.rooms import Rooms

PROVIDERS, FEDERATIONS = "/v2/manage/identity-providers", "/v2/manage/federations"
CORP: dict[str, Any] = {
    "name": "corp",
    "kind": "oidc",
    "issuer": "https://login.example.com",
    "client_id": "registry",
    "secret": SECRET,
    "groups": {"dev": "editors"},
}
JOBS: dict[str, Any] = {
    "name": "jobs",
    "robot": "robot$ci",
    "issuer": "https://ci.example.com",
    "audience": "https://registry.example",
    "conditions": [{"claim": "sub", "pattern": "repo:acme/*:ref:refs/heads/main"}],
}


async def test_a_provider_is_set_up_and_its_secret_is_never_shown(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    made = await api.post(PROVIDERS, json=CORP)

    assert made.status_code == 201
    one = made.json()
    assert len(one.pop("id")) == 32
    assert one == {
        "name": "corp",
        "kind": "oidc",
        "is_enabled": True,
        "has_secret": True,
        "login_path": "/auth/oidc/corp/login",
        "settings": {
            "reach": "public",
            "authority": "",
            "groups": {"dev": "editors"},
            "provisions": False,
            "email_domains": [],
            "conditions": [],
            "issuer": "https://login.example.com",
            "client_id": "registry",
            "scopes": ["openid", "profile", "email"],
            "name_claim": "preferred_username",
            "groups_claim": "groups",
        },
        "created_at": "2026-01-01T00:00:00.000000Z",
    }
    shown = await api.get(f"{PROVIDERS}/corp")
    assert shown.json() == made.json()
    assert SECRET not in made.text + shown.text + (await api.get(PROVIDERS)).text


async def test_what_a_body_names_is_changed_and_the_rest_stays(api: httpx2.AsyncClient) -> None:
    await api.post(PROVIDERS, json=CORP)

    changed = await api.patch(f"{PROVIDERS}/corp", json={"provisions": True, "is_enabled": False, "groups": None})

    assert changed.status_code == 200
    one = changed.json()
    assert (one["is_enabled"], one["has_secret"]) == (False, True)
    assert one["settings"]["provisions"] is True
    assert one["settings"]["groups"] == {"dev": "editors"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**CORP, "name": "Corp"}, 400, "SVCSTG.SWR.4001008"),
        ({**CORP, "kind": "saml"}, 400, "SVCSTG.SWR.4000014"),
        ({**CORP, "issuer": "http://login.example.com"}, 400, "SVCSTG.SWR.4000014"),
        ({**CORP, "url": "ldaps://directory.example.com"}, 400, "SVCSTG.SWR.4000014"),
        ({**CORP, "client_id": None}, 400, "SVCSTG.SWR.4001014"),
        ({**CORP, "groups": {"dev": "no/group"}}, 400, "SVCSTG.SWR.4001008"),
        ({**CORP, "email_domains": ["example"]}, 400, "SVCSTG.SWR.4000014"),
        ({**CORP, "provisions": "yes"}, 400, "SVCSTG.SWR.4000014"),
        ({**CORP, "scopes": ["profile"]}, 400, "SVCSTG.SWR.4000014"),
        ({**CORP, "conditions": [{"claim": "x"}]}, 400, "SVCSTG.SWR.4001014"),
    ],
)
async def test_what_cannot_be_a_provider_is_refused(
    api: httpx2.AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    assert_problem(await api.post(PROVIDERS, json=body), status, code)


async def test_a_name_is_taken_once_in_the_installation(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await api.post(PROVIDERS, json=CORP)

    assert_problem(await api.post(PROVIDERS, json=CORP), 409, "ENTREPOT.4090020")


async def test_whose_word_counts_stays_as_it_was_set_up(api: httpx2.AsyncClient) -> None:
    await api.post(PROVIDERS, json=CORP)

    answer = await api.patch(f"{PROVIDERS}/corp", json={"issuer": "https://evil.example.com"})

    assert "set up another provider" in assert_problem(answer, 400, "SVCSTG.SWR.4000014")


async def test_accounts_are_linked_listed_and_unlinked(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.user("ann")
    await api.post(PROVIDERS, json=CORP)
    path, link = f"{PROVIDERS}/corp/identities", {"subject": "auth0|1", "user": "ann"}

    assert (await api.post(path, json=link)).status_code == 201
    assert_problem(await api.post(path, json=link), 409, "ENTREPOT.4090021")
    assert_problem(await api.post(path, json={"subject": "2", "user": "nobody"}), 404, "ENTREPOT.4040001")
    rows = (await api.get(path)).json()
    assert rows == {"identities": [{**link, "created_at": "2026-01-01T00:00:00.000000Z"}]}
    assert (await api.delete(path, params={"subject": "auth0|1"})).status_code == 204
    assert_problem(await api.delete(path, params={"subject": "auth0|1"}), 404, "ENTREPOT.4040021")


async def test_a_check_says_in_a_sentence_what_is_wrong(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    with running_issuer() as issuer:
        await api.post(PROVIDERS, json={**CORP, "issuer": issuer.url, "reach": "plain"})

        first = (await api.post(f"{PROVIDERS}/corp/check")).json()
        await api.patch(f"{PROVIDERS}/corp", json={"groups": {}})
        good = (await api.post(f"{PROVIDERS}/corp/check")).json()
        issuer.lies["/keys"] = (500, {})
        broken = (await api.post(f"{PROVIDERS}/corp/check")).json()

    assert first == {"is_good": False, "says": ["There is no group editors here; nobody joins it."]}
    assert good["is_good"] and "The issuer answers and shows 1 keys" in good["says"][0]
    assert not broken["is_good"] and "status 500" in broken["says"][0]


async def test_only_operators_let_the_server_into_private_networks(
    rooms: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    """An administrator of another domain may trust what is public, and sees nothing of others."""
    await rooms.domain("friends")
    await api.post(PROVIDERS, json=CORP)
    boss = as_user("friends/boss")

    for reach in ("private", "plain"):
        answer = await boss.post(PROVIDERS, json={**CORP, "name": "inner", "reach": reach})
        assert "does not operate this installation" in assert_problem(answer, 403, "SVCSTG.SWR.4039002")
    assert (await boss.post(PROVIDERS, json={**CORP, "name": "outer"})).status_code == 201
    assert_problem(await boss.patch(f"{PROVIDERS}/outer", json={"reach": "private"}), 403, "SVCSTG.SWR.4039002")
    assert [one["name"] for one in (await boss.get(PROVIDERS)).json()["providers"]] == ["outer"]
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/check"), ("GET", "/identities")):
        answer = await boss.request(method, f"{PROVIDERS}/corp{path}", json={} if method == "PATCH" else None)
        assert_problem(answer, 404, "ENTREPOT.4040020")


@pytest.mark.parametrize("path", ["", "/check", "/identities"])
async def test_an_unknown_provider_is_not_found(api: httpx2.AsyncClient, path: str) -> None:
    method = "POST" if path == "/check" else "GET"
    assert_problem(await api.request(method, f"{PROVIDERS}/nowhere{path}"), 404, "ENTREPOT.4040020")


async def test_a_federation_is_made_changed_and_deleted(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    await create_robot(rooms.accounts, rooms.admin, RobotName("ci"), [Right("acme", Level.READ)])

    made = await api.post(FEDERATIONS, json=JOBS)

    assert made.status_code == 201
    one = made.json()
    assert (one["robot"], one["is_enabled"], one["settings"]["keys"]) == ("ci", True, None)
    assert one["settings"]["conditions"] == JOBS["conditions"]
    assert (await api.get(FEDERATIONS)).json()["federations"] == [one]
    changed = await api.patch(f"{FEDERATIONS}/jobs", json={"audience": "other", "is_enabled": False})
    assert (changed.json()["settings"]["audience"], changed.json()["is_enabled"]) == ("other", False)
    assert_problem(await api.post(FEDERATIONS, json=JOBS), 409, "ENTREPOT.4090022")
    assert (await api.delete(f"{FEDERATIONS}/jobs")).status_code == 204
    assert_problem(await api.get(f"{FEDERATIONS}/jobs"), 404, "ENTREPOT.4040022")


async def test_a_federation_for_everybody_is_refused(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    await create_robot(rooms.accounts, rooms.admin, RobotName("ci"), [Right("acme", Level.READ)])
    body = {**JOBS, "conditions": [{"claim": "sub", "pattern": "**"}]}

    assert "only yours meet" in assert_problem(await api.post(FEDERATIONS, json=body), 400, "SVCSTG.SWR.4000014")
