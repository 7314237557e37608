"""Personal tokens on the wire: shown once, carried as password and as bearer, ended."""

from typing import Any

import httpx2
import pytest

from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.rooms import Rooms
from tests.make.wire import bearer

TOKENS = "/v2/manage/tokens"
ASKING = "/v2/manage/namespaces"


async def test_a_token_is_shown_once_and_works_until_it_is_deleted(
    rooms: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    await rooms.user("ann")
    ann = as_user("ann")
    answer = await ann.post(
        TOKENS,
        json={"name": "ci", "bounds": [{"scope": "*", "auth": 1}], "expires_at": "2026-01-02T00:00:00Z"},
    )

    assert answer.status_code == 201
    made = answer.json()
    secret = made.pop("secret")
    assert secret.startswith("ept_")
    assert made == {
        "id": made["id"],
        "name": "ci",
        "bounds": [{"scope": "*", "auth": 1}],
        "created_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2026-01-02T00:00:00.000000Z",
        "last_used_at": None,
    }
    assert secret not in (await ann.get(TOKENS)).text
    assert (await api.get(ASKING, auth=None, headers=bearer(secret))).status_code == 200
    assert (await api.get(ASKING, auth=("ann", secret))).status_code == 200
    assert_problem(await api.get(ASKING, auth=("admin", secret)), 401, "APIGW.0301")
    assert_problem(await api.get(TOKENS, auth=("ann", secret)), 403, "SVCSTG.SWR.4039002")

    assert [one["name"] for one in (await api.get(TOKENS, params={"user": "ann"})).json()["tokens"]] == ["ci"]
    assert (await ann.delete(f"{TOKENS}/ci")).status_code == 204
    assert_problem(await api.get(ASKING, auth=None, headers=bearer(secret)), 401, "APIGW.0301")
    assert_problem(await ann.delete(f"{TOKENS}/ci"), 404, "ENTREPOT.4040005")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"name": "a b"}, 400, "SVCSTG.SWR.4001008"),
        ({"bounds": []}, 400, "SVCSTG.SWR.4000014"),
        ({"bounds": [{"scope": "*", "auth": 2}]}, 400, "SVCSTG.SWR.4000014"),
        ({"bounds": [{"scope": "**", "auth": 1}]}, 400, "SVCSTG.SWR.4000014"),
        ({"bounds": [{"scope": f"acme/a{n}", "auth": 1} for n in range(21)]}, 400, "SVCSTG.SWR.4000014"),
        ({"expires_at": "yesterday"}, 400, "SVCSTG.SWR.4000014"),
    ],
)
async def test_what_cannot_be_a_token_is_refused(
    api: httpx2.AsyncClient, change: dict[str, Any], status: int, code: str
) -> None:
    assert_problem(await api.post(TOKENS, json={"name": "new", **change}), status, code)


async def test_a_taken_name_is_refused(api: httpx2.AsyncClient) -> None:
    await api.post(TOKENS, json={"name": "new"})
    assert_problem(await api.post(TOKENS, json={"name": "new"}), 409, "ENTREPOT.4090005")
