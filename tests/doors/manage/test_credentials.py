"""Docker logins made by Enterprise calls (contract §16, §18): each opens the registry, and only as long as it may."""

from typing import Any

import httpx2
import pytest

from entrepot.accounts.login import sign_in
from entrepot.values.errors import Unauthenticated
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.doors.manage.test_enterprise import BEGAN, INSTANCE
from tests.make.fresh import KINDS
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

LASTING = f"{INSTANCE}/long-term-credentials"


async def name_of(rooms: Rooms, made: dict[str, Any]) -> str | None:
    """Who signs in with a credential; None when nobody does."""
    try:
        return (await sign_in(rooms.accounts, made["user_id"], made["auth_token"])).name
    except Unauthenticated:
        return None


async def test_a_temporary_login_works_until_its_end(rooms: Rooms, as_user: As) -> None:
    await rooms.user("ann")
    answer = await as_user("ann").post(f"{INSTANCE}/temp-credential")

    made = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert made["user_id"] == f"local@{made['token_id']}" and made["created_at"] == BEGAN
    assert made["expire_date"] == "2026-01-02T00:00:00.000000Z"
    assert await name_of(rooms, made) == "ann"
    rooms.clock.advance(seconds=24 * 3600)
    assert await name_of(rooms, made) is None


async def test_a_lasting_login_works_until_it_is_disabled_or_deleted(rooms: Rooms, as_user: As) -> None:
    await rooms.user("ann")
    ann = as_user("ann")
    answer = await ann.post(f"{INSTANCE}/long-term-credential", json={"name": "pipeline"})

    made = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert set(made) == {"token_id", "user_id", "auth_token", "created_at"}
    assert await name_of(rooms, made) == "ann"

    path = f"{LASTING}/{made['token_id']}"
    assert (await ann.put(path, json={"enable": False})).status_code == 200
    assert await name_of(rooms, made) is None
    assert (await ann.put(path, json={"enable": True})).status_code == 200
    assert await name_of(rooms, made) == "ann"
    assert (await ann.delete(path)).status_code == 204
    assert await name_of(rooms, made) is None
    assert_problem(await ann.delete(path), 404, "ENTREPOT.4040006")


async def test_its_password_is_told_once_and_its_secret_never(rooms: Rooms, as_user: As) -> None:
    await rooms.user("ann")
    ann = as_user("ann")
    made = (await ann.post(f"{INSTANCE}/long-term-credential", json={"name": "pipeline"})).json()

    listed = await ann.get(LASTING)

    assert listed.json() == {
        "auth_tokens": [
            {
                "token_id": made["token_id"],
                "name": "pipeline",
                "user_id": f"local@{made['token_id']}",
                "user_profile": "ann",
                "enable": True,
                "instance_id": "entrepot",
                "created_at": BEGAN,
            }
        ],
        "total": 1,
    }
    assert made["auth_token"] not in listed.text
    [key] = (await ann.get("/v2/manage/keys")).json()["keys"]
    assert (key["access_key"], key["description"]) == (made["token_id"], "pipeline")


async def test_a_lasting_login_opens_nothing_of_this_api(
    rooms: Rooms, anonymous: httpx2.AsyncClient, as_user: As
) -> None:
    await rooms.user("ann")
    made = (await as_user("ann").post(f"{INSTANCE}/long-term-credential", json={"name": "pipeline"})).json()

    answer = await anonymous.get(LASTING, auth=(made["user_id"], made["auth_token"]))

    assert_problem(answer, 401, "APIGW.0301")


async def test_they_count_as_access_keys(rooms: Rooms, as_user: As) -> None:
    await rooms.user("ann")
    ann = as_user("ann")
    for name in ("first", "second"):
        assert (await ann.post(f"{INSTANCE}/long-term-credential", json={"name": name})).status_code == 201

    assert_problem(
        await ann.post(f"{INSTANCE}/long-term-credential", json={"name": "third"}), 403, "SVCSTG.SWR.4031032"
    )
    assert_problem(await ann.post(f"{INSTANCE}/long-term-credential", json={"name": ""}), 400, "SVCSTG.SWR.4000014")


async def test_administrators_see_and_disable_those_of_their_domain(
    rooms: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    await rooms.user("ann")
    await rooms.domain("blue")
    made = (await as_user("ann").post(f"{INSTANCE}/long-term-credential", json={"name": "hers"})).json()
    await as_user("blue/boss").post(f"{INSTANCE}/long-term-credential", json={"name": "of blue"})
    await api.post(f"{INSTANCE}/long-term-credential", json={"name": "ours"})

    async def names(who: str, query: str = "") -> tuple[list[str], int]:
        page = (await as_user(who).get(f"{LASTING}?{query}")).json()
        return [one["name"] for one in page["auth_tokens"]], page["total"]

    assert await names("admin") == await names("admin", "self_only=true") == (["ours"], 1)
    assert sorted((await names("admin", "self_only=false"))[0]) == ["hers", "ours"]
    assert len((await names("admin", "self_only=false&limit=1&offset=1"))[0]) == 1
    assert await names("blue/boss", "self_only=false") == (["of blue"], 1)
    assert_problem(await as_user("ann").get(f"{LASTING}?self_only=false"), 403, "SVCSTG.SWR.4039002")
    assert (await api.put(f"{LASTING}/{made['token_id']}", json={"enable": False})).status_code == 200
    assert await name_of(rooms, made) is None
