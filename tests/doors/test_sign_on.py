"""A browser's way through a provider: what it keeps, where it ends, and that nobody leads it elsewhere."""

import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from entrepot.accounts.login import sign_in
from entrepot.accounts.sessions import read_session
from entrepot.accounts.trust.providers import change_provider, create_provider
from entrepot.doors.sign_on.door import SignOnDoor, SignOnRooms
from entrepot.values.errors import Unauthenticated
from entrepot.values.names import ProviderName
from tests.make.issuer import CLIENT, SECRET, TheIssuer, running_issuer
from tests.make.looking import events_after
from tests.make.rooms import Rooms

LOGIN, BACK = "/auth/oidc/corp/login", "/auth/oidc/corp/callback"


@pytest.fixture
async def issuer(rooms: Rooms) -> AsyncIterator[TheIssuer]:
    with running_issuer() as issuer:
        given = {"reach": "plain", "issuer": issuer.url, "client_id": CLIENT, "provisions": True}
        await create_provider(rooms.accounts, rooms.admin, ProviderName("corp"), "oidc", given, SECRET)
        yield issuer


@pytest.fixture
async def browser(rooms: Rooms) -> AsyncIterator[httpx2.AsyncClient]:
    door = SignOnDoor(SignOnRooms(rooms.accounts))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(door), base_url="http://registry.test") as client:
        yield client


async def there(browser: httpx2.AsyncClient, issuer: TheIssuer, **asked: str) -> str:
    """Off to the provider; the address it sends the browser back to."""
    off = await browser.get(LOGIN, params=asked)
    assert off.status_code == 302, off.text
    query = {key: values[0] for key, values in parse_qs(urlsplit(off.headers["location"]).query).items()}
    return issuer.authorize(query)


async def test_there_and_back_gives_a_password_for_half_a_day(
    browser: httpx2.AsyncClient, rooms: Rooms, issuer: TheIssuer
) -> None:
    answer = await browser.get(await there(browser, issuer))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("text/plain")
    assert "docker login registry.test -u ann" in answer.text
    [secret] = re.findall(r"ept_\S+", answer.text)
    assert (await sign_in(rooms.accounts, "ann", secret)).name == "ann"
    rooms.clock.advance(hours=12)
    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "ann", secret)


async def test_a_new_password_ends_the_one_before(browser: httpx2.AsyncClient, rooms: Rooms, issuer: TheIssuer) -> None:
    secrets = [re.findall(r"ept_\S+", (await browser.get(await there(browser, issuer))).text)[0] for _ in range(2)]

    assert (await sign_in(rooms.accounts, "ann", secrets[1])).name == "ann"
    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "ann", secrets[0])
    await rooms.accounts.notes.flush()
    told = [row.type for row in await events_after(rooms.db)]
    assert told.count("token.created") == 2 and "login.succeeded" in told


async def test_the_browser_keeps_a_note_that_only_this_way_sees(browser: httpx2.AsyncClient, issuer: TheIssuer) -> None:
    off = await browser.get(LOGIN)

    [cookie] = SimpleCookie(off.headers["set-cookie"]).values()
    assert (cookie["path"], cookie["samesite"], cookie["max-age"]) == ("/auth/oidc/corp/", "lax", "600")
    assert cookie["httponly"] and not cookie["secure"]
    back = await browser.get(issuer.authorize(dict(query_of(off))))
    kept, gone = (SimpleCookie(one) for one in back.headers.get_list("set-cookie"))
    assert (kept["entrepot_session"]["path"], bool(kept["entrepot_session"]["httponly"])) == ("/", True)
    [note] = gone.values()
    assert (note.value, note["path"], note["max-age"]) == ("", "/auth/oidc/corp/", "0")


async def test_who_wanted_to_get_somewhere_gets_there_with_a_session(
    browser: httpx2.AsyncClient, rooms: Rooms, issuer: TheIssuer
) -> None:
    answer = await browser.get(await there(browser, issuer, next="/docs?tab=1"))

    assert (answer.status_code, answer.headers["location"]) == (302, "/docs?tab=1")
    secret = SimpleCookie(answer.headers.get_list("set-cookie")[0])["entrepot_session"].value
    assert (await read_session(rooms.accounts, secret)).name == "ann"
    await change_provider(rooms.accounts, rooms.admin, "corp", {}, is_enabled=False)
    with pytest.raises(Unauthenticated):
        await read_session(rooms.accounts, secret)


async def test_behind_tls_the_note_and_the_way_back_are_secure(rooms: Rooms, issuer: TheIssuer) -> None:
    door = SignOnDoor(SignOnRooms(rooms.accounts, "https://images.example.com"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(door), base_url="http://inner.test") as client:
        off = await client.get(LOGIN)

    assert "Secure" in off.headers["set-cookie"]
    assert query_of(off)["redirect_uri"] == f"https://images.example.com{BACK}"


def query_of(answer: httpx2.Response) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\t/evil"])
async def test_nobody_is_led_elsewhere(browser: httpx2.AsyncClient, issuer: TheIssuer, path: str) -> None:
    answer = await browser.get(LOGIN, params={"next": path})

    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_who_comes_back_with_another_ones_answer_is_refused(
    browser: httpx2.AsyncClient, rooms: Rooms, issuer: TheIssuer
) -> None:
    """The attacker's own code and state, put into somebody else's browser."""
    door = SignOnDoor(SignOnRooms(rooms.accounts))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(door), base_url="http://registry.test") as attacker:
        planted = await there(attacker, issuer)
    await there(browser, issuer)

    answer = await browser.get(planted)

    assert answer.status_code == 403
    assert "did not begin in this browser" in answer.text
    assert "ept_" not in answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [({}, 403), ({"error": "access_denied"}, 403), ({"code": "x" * 5_000}, 400), ({"state": "a\0"}, 400)],
)
async def test_an_answer_that_is_none_is_told_in_a_sentence(
    browser: httpx2.AsyncClient, issuer: TheIssuer, query: dict[str, Any], status: int
) -> None:
    answer = await browser.get(BACK, params=query)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain") and answer.text.endswith("\n")
    assert "www-authenticate" not in answer.headers


async def test_a_browser_goes_to_the_sign_in_page_with_a_word_for_why(
    browser: httpx2.AsyncClient, rooms: Rooms, issuer: TheIssuer
) -> None:
    async def why(path: str, **query: str) -> str:
        answer = await browser.get(path, params=query, headers={"Accept": "text/html,*/*;q=0.8"})
        assert answer.status_code == 303, answer.text
        page, _, word = answer.headers["location"].partition("?refused=")
        assert page == "/console/login"
        return word

    back = dict(parse_qs(urlsplit(await there(browser, issuer)).query))
    assert await why(BACK, state=back["state"][0], error="<script>") == "denied"
    assert await why(BACK, state="of another", code="1") == "unfit"
    assert await why(LOGIN, next="//evil.example") == "failed"
    assert await why("/auth/oidc/nowhere/login") == "unknown-provider"
    issuer.person = {**issuer.person, "sub": "a stranger", "preferred_username": rooms.admin.name}
    taken = urlsplit(await there(browser, issuer))
    assert await why(BACK, **{key: values[0] for key, values in parse_qs(taken.query).items()}) == "name-taken"
    await change_provider(rooms.accounts, rooms.admin, "corp", {"provisions": False})
    strange = urlsplit(await there(browser, issuer))
    assert await why(BACK, **{key: values[0] for key, values in parse_qs(strange.query).items()}) == "no-account"


async def test_who_was_refused_still_gets_where_they_wanted_by_another_way(
    browser: httpx2.AsyncClient, issuer: TheIssuer
) -> None:
    html, wanted = {"Accept": "text/html"}, "/console/images?q=web"
    off = await browser.get(LOGIN, params={"next": wanted})
    back = await browser.get(BACK, params={"state": query_of(off)["state"], "error": "access_denied"}, headers=html)
    assert query_of(back) == {"refused": "denied", "next": wanted}

    nowhere = await browser.get("/auth/oidc/nowhere/login", params={"next": wanted}, headers=html)
    assert query_of(nowhere) == {"refused": "unknown-provider", "next": wanted}
    astray = await browser.get(LOGIN, params={"next": "//evil.example"}, headers=html)
    assert "next" not in query_of(astray)


async def test_a_provider_that_is_away_is_told(browser: httpx2.AsyncClient, issuer: TheIssuer) -> None:
    issuer.lies["/.well-known/openid-configuration"] = (503, {})

    assert (await browser.get(LOGIN)).status_code == 503


async def test_other_paths_and_methods_are_not_there(browser: httpx2.AsyncClient, issuer: TheIssuer) -> None:
    for path in ("/auth/oidc/", "/auth/oidc/nowhere/login", "/auth/oidc/corp/", "/auth/oidc/corp/other"):
        assert (await browser.get(path)).status_code == 404
    refused = await browser.post(LOGIN)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


async def test_everybody_sees_by_which_providers_one_may_sign_in(
    browser: httpx2.AsyncClient, issuer: TheIssuer
) -> None:
    answer = await browser.get("/auth/providers")

    assert answer.json() == {"providers": [{"name": "corp", "login_path": LOGIN}]}
    assert (await browser.get("/auth/providers", params={"domain": "other"})).json() == {"providers": []}
