"""Sessions over the API, and what a page of another site makes of somebody's cookie."""

import httpx2
import pytest

from entrepot.accounts.sessions import begin_session
from entrepot.doors.manage.door import build
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.rooms import PASSWORD, Rooms

SESSIONS = "/v2/manage/sessions"
NAMESPACES = "/v2/manage/namespaces"
NEW = {"namespace": "new"}
DENIED = "SVCSTG.SWR.4039002"


@pytest.fixture
async def browser(anonymous: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """The administrator's: it has the cookie, and keeps the token of its session beside it."""
    begun = await anonymous.post(SESSIONS, json={"name": "admin", "password": PASSWORD})
    assert begun.status_code == 201, begun.text
    anonymous.headers["x-begun"] = begun.json()["csrf_token"]
    return anonymous


def csrf(browser: httpx2.AsyncClient) -> dict[str, str]:
    return {"x-csrf-token": browser.headers["x-begun"]}


async def test_a_browser_is_told_a_cookie_that_no_script_reads(anonymous: httpx2.AsyncClient, rooms: Rooms) -> None:
    begun = await anonymous.post(
        SESSIONS, json={"name": "admin", "password": PASSWORD}, headers={"user-agent": "Browser/1"}
    )

    cookie = begun.headers["set-cookie"]
    secret = cookie.partition("=")[2].partition(";")[0]
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=604800"} <= set(cookie.split("; "))
    assert secret not in begun.text
    document = begun.json()
    assert (document["user_name"], document["agent"], document["expires_at"]) == (
        "admin", "Browser/1", "2026-01-08T00:00:00.000000Z"
    )  # fmt: skip


async def test_over_https_the_cookie_is_for_https_only(rooms: Rooms) -> None:
    transport = httpx2.ASGITransport(build(rooms.manage))
    async with httpx2.AsyncClient(transport=transport, base_url="https://registry.test") as client:
        begun = await client.post(SESSIONS, json={"name": "admin", "password": PASSWORD})

    assert "Secure" in begun.headers["set-cookie"].split("; ")


@pytest.mark.parametrize("name", ["admin", "nobody", "default/admin", "other/admin"])
async def test_a_wrong_password_begins_nothing(anonymous: httpx2.AsyncClient, name: str) -> None:
    answer = await anonymous.post(SESSIONS, json={"name": name, "password": "wrong"})

    assert_problem(answer, 401, "APIGW.0301")
    assert "set-cookie" not in answer.headers


async def test_a_session_reads_and_with_its_token_writes(browser: httpx2.AsyncClient) -> None:
    assert (await browser.get(NAMESPACES)).status_code == 200
    assert (await browser.post(NAMESPACES, json=NEW, headers=csrf(browser))).status_code == 201


@pytest.mark.parametrize("token", [None, "", "wrong", "0" * 64])
async def test_what_changes_something_needs_the_token(browser: httpx2.AsyncClient, token: str | None) -> None:
    headers = {} if token is None else {"x-csrf-token": token}

    for method, path in (("POST", NAMESPACES), ("DELETE", SESSIONS), ("PATCH", f"{NAMESPACES}/acme")):
        assert_problem(await browser.request(method, path, json=NEW, headers=headers), 403, DENIED)
    assert (await browser.get(f"{NAMESPACES}/new")).status_code == 404


async def test_the_token_of_another_session_does_not_do(rooms: Rooms, browser: httpx2.AsyncClient) -> None:
    other = await begin_session(rooms.accounts, rooms.admin)

    answer = await browser.post(NAMESPACES, json=NEW, headers={"x-csrf-token": other.csrf_token})

    assert_problem(answer, 403, DENIED)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://registry.test.evil.example"},
        {"origin": "http://registry.test:81"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_page_of_another_site_changes_nothing(browser: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    assert_problem(await browser.post(NAMESPACES, json=NEW, headers=headers | csrf(browser)), 403, DENIED)
    signed_in = await browser.post(SESSIONS, json={"name": "admin", "password": PASSWORD}, headers=headers)
    assert_problem(signed_in, 403, DENIED)
    assert "set-cookie" not in signed_in.headers


@pytest.mark.parametrize(
    "headers", [{"origin": "http://registry.test"}, {"origin": "https://registry.example"}, {"sec-fetch-site": "none"}]
)
async def test_our_own_pages_do(browser: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    assert (await browser.post(NAMESPACES, json=NEW, headers=headers | csrf(browser))).status_code == 201


async def test_credentials_beside_a_cookie_win_and_need_no_token(rooms: Rooms, browser: httpx2.AsyncClient) -> None:
    await rooms.user("ann")

    assert (await browser.post(NAMESPACES, json=NEW, auth=("ann", PASSWORD))).status_code == 201
    shown = (await browser.get(f"{NAMESPACES}/new")).json()
    assert shown["creator_name"] == "ann"
    assert_problem(await browser.get(NAMESPACES, auth=("ann", "wrong")), 401, "APIGW.0301")


async def test_sessions_are_listed_and_ended(rooms: Rooms, browser: httpx2.AsyncClient) -> None:
    other = await begin_session(rooms.accounts, rooms.admin)

    rows = {row["id"]: row for row in (await browser.get(SESSIONS)).json()["sessions"]}
    assert len(rows) == 2
    assert [row_id for row_id, row in rows.items() if row["is_current"]] == [*(rows.keys() - {other.session.id})]
    assert (await browser.delete(f"{SESSIONS}/{other.session.id}", headers=csrf(browser))).status_code == 204
    assert_problem(
        await browser.delete(f"{SESSIONS}/{other.session.id}", headers=csrf(browser)), 404, "ENTREPOT.4040007"
    )
    out = await browser.delete(f"{SESSIONS}/current", headers=csrf(browser))
    assert (out.status_code, "Max-Age=0" in out.headers["set-cookie"]) == (204, True)
    assert_problem(await browser.get(NAMESPACES), 401, "APIGW.0301")


async def test_a_stolen_cookie_ends_with_the_session(rooms: Rooms, browser: httpx2.AsyncClient, as_user: As) -> None:
    stolen = {"cookie": f"entrepot_session={browser.cookies['entrepot_session']}"}
    await browser.delete(SESSIONS, headers=csrf(browser))

    answer = await as_user("").get(NAMESPACES, headers=stolen)

    assert_problem(answer, 401, "APIGW.0301")


async def test_administrators_end_the_sessions_of_a_user(
    rooms: Rooms, api: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    await rooms.user("ann")
    await anonymous.post(SESSIONS, json={"name": "ann", "password": PASSWORD})
    assert (await anonymous.get(NAMESPACES)).status_code == 200

    assert len((await api.get(SESSIONS, params={"user": "ann"})).json()["sessions"]) == 1
    assert (await api.delete(SESSIONS, params={"user": "ann"})).status_code == 204

    assert (await anonymous.get(NAMESPACES)).status_code == 401
