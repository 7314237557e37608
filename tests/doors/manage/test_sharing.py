"""Sharing with other domains (contract §7)."""

from typing import Any

import httpx2
import pytest

from entrepot.access.levels import Level
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.fresh import KINDS
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

ACME = "/v2/manage/namespaces/acme"
SHARES = f"{ACME}/repositories/db$main/access-domains"
SHARE = f"{SHARES}/guests"
V2, V3 = "/v2/manage/shared-repositories", "/v3/manage/shared-repositories"
FOREVER = {"permit": "read", "deadline": "forever"}
GUESTS = {"access_domain": "guests", **FOREVER}


@pytest.fixture
async def furnished(rooms: Rooms) -> Rooms:
    """acme/db/main and the public acme/open; the domain `guests`."""
    await rooms.organization("acme")
    await rooms.push("acme/db/main", "v1")
    await rooms.repository("acme/open", is_public=True)
    await rooms.domain("guests")
    return rooms


async def test_a_share_is_made_shown_listed_changed_and_taken_back(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    made = await api.post(SHARES, json=GUESTS | {"deadline": "2026-03-01T00:00:00Z", "description": "For a test."})
    assert (made.status_code, made.json()) == (201, {})

    row = {
        "namespace": "acme",
        "repository": "db/main",
        "access_domain": "guests",
        "permit": "read",
        "deadline": "2026-03-01T00:00:00Z",
        "description": "For a test.",
        "creator_id": furnished.admin.id,
        "creator_name": "admin",
        "created": "2026-01-01T00:00:00.000000Z",
        "updated": "2026-01-01T00:00:00.000000Z",
        "status": True,
    }
    listed = await api.get(SHARES)
    assert (listed.json(), listed.headers["content-range"]) == ([row], "0-1/1")
    assert (await api.get(SHARE)).json() == {"exist": True, **row}

    furnished.clock.advance(days=60)
    assert (await api.get(SHARE)).json()["status"] is False

    assert (await api.patch(SHARE, json=FOREVER)).status_code == 201
    changed = {"deadline": "forever", "description": "", "status": True, "updated": "2026-03-02T00:00:00.000000Z"}
    assert (await api.get(SHARES)).json() == [row | changed]

    deleted = await api.delete(SHARE)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await api.get(SHARE)).json() == {"exist": False}
    assert (await api.get(SHARES)).json() == []


@pytest.mark.parametrize("word", ["repos", "repositories"])
@pytest.mark.parametrize("name", ["db$main", "db%24main", "db%2Fmain"])
async def test_both_words_of_the_path_and_all_spellings_of_a_name_mean_the_same(
    furnished: Rooms, api: httpx2.AsyncClient, word: str, name: str
) -> None:
    shares = f"{ACME}/{word}/{name}/access-domains"

    assert (await api.post(shares, json=GUESTS)).status_code == 201
    assert [one["access_domain"] for one in (await api.get(shares)).json()] == ["guests"]
    assert (await api.get(f"{shares}/guests")).json()["exist"]
    assert (await api.patch(f"{shares}/guests", json=FOREVER)).status_code == 201
    assert (await api.delete(f"{shares}/guests")).status_code == 204


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"access_domain": "default"}, 400, "4000014"),
        ({"access_domain": "nobody"}, 400, "4000014"),
        ({"access_domain": "-bad"}, 400, "4001008"),
        ({"access_domain": None}, 400, "4000014"),
        ({"permit": "write"}, 400, "4000014"),
        ({"permit": 1}, 400, "4000014"),
        ({"deadline": "tomorrow"}, 400, "4000014"),
        ({"deadline": "2025-12-31"}, 400, "4000014"),
        ({"description": "x" * 1_001}, 413, "4131012"),
        ({"description": "\0"}, 400, "4000014"),
    ],
)
async def test_what_cannot_be_shared_so_is_refused(
    furnished: Rooms, api: httpx2.AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    assert_problem(await api.post(SHARES, json=GUESTS | body), status, f"SVCSTG.SWR.{code}")


@pytest.mark.parametrize("field", ["access_domain", "permit", "deadline"])
async def test_every_field_but_the_description_must_be_there(
    furnished: Rooms, api: httpx2.AsyncClient, field: str
) -> None:
    body = {key: value for key, value in GUESTS.items() if key != field}

    assert_problem(await api.post(SHARES, json=body), 400, "SVCSTG.SWR.4001014")


async def test_a_share_that_is_there_or_is_not_has_its_codes(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    assert_problem(await api.patch(SHARE, json=FOREVER), 400, "SVCSTG.SWR.4001090")
    assert_problem(await api.delete(SHARE), 400, "SVCSTG.SWR.4001090")

    await api.post(SHARES, json=GUESTS)

    assert_problem(await api.post(SHARES, json=GUESTS), 409, "SVCSTG.SWR.4090089")


async def test_a_public_repository_is_not_shared(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    answer = await api.post(f"{ACME}/repositories/open/access-domains", json=GUESTS)

    assert "public" in assert_problem(answer, 400, "SVCSTG.SWR.4000014")


@pytest.mark.parametrize(
    "path",
    [
        "zoo/repositories/..%2F..%2Facme%2Fdb%2Fmain/access-domains",
        "zoo/repositories/$acme$db$main/access-domains",
        "zoo%2F..%2Facme/repositories/db$main/access-domains",
        "acme/repositories/db$main/access-domains/..%2Fguests",
        "acme/repositories/db$main/access-domains/%00",
    ],
)
async def test_no_spelling_reaches_another_repository_or_share(
    furnished: Rooms, api: httpx2.AsyncClient, as_user: As, path: str
) -> None:
    await furnished.user("ann")
    await furnished.organization("zoo")
    await furnished.grant("zoo", "ann", Level.MANAGE)
    await api.post(SHARES, json=GUESTS)

    for method, body in (("GET", None), ("DELETE", None), ("POST", GUESTS)):
        answer = await as_user("ann").request(method, f"/v2/manage/namespaces/{path}", json=body)
        assert answer.status_code in (400, 405), answer.text

    assert (await api.get(SHARE)).json()["exist"]


async def test_fields_that_are_not_the_callers_to_say_change_nothing(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    more = {"creator_id": "x", "creator_name": "x", "status": False, "repository": "open", "domain_id": "x", "level": 7}

    assert (await api.post(SHARES, json=GUESTS | more)).status_code == 201
    assert (await api.patch(SHARE, json=FOREVER | more | {"access_domain": "other"})).status_code == 201

    shown = (await api.get(SHARE)).json()
    assert (shown["creator_id"], shown["repository"], shown["status"]) == (furnished.admin.id, "db/main", True)
    assert (shown["access_domain"], shown["permit"]) == ("guests", "read")


@pytest.mark.parametrize("who", ["editor", "guests/boss"])
async def test_who_does_not_manage_the_repository_shares_nothing(
    furnished: Rooms, api: httpx2.AsyncClient, as_user: As, who: str
) -> None:
    await furnished.user("editor")
    await furnished.grant("acme", "editor", Level.EDIT)
    await furnished.domain("others")
    await api.post(SHARES, json=GUESTS)
    client = as_user(who)

    assert (await client.post(SHARES, json=GUESTS | {"access_domain": "others"})).status_code == 403
    assert (await client.patch(SHARE, json=FOREVER)).status_code == 403
    assert (await client.delete(SHARE)).status_code == 403
    assert (await client.get(SHARES)).status_code == 403


async def test_a_page_of_shared_repositories_has_every_field(
    furnished: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    await api.post(SHARES, json=GUESTS)
    plain = (await api.get("/v2/manage/repos", params={"name": "main"})).json()

    given = await api.get(V2, params={"center": "self", "name": "db$main"})
    received = await as_user("guests/boss").get(V2, params={"filter": "center::thirdparty|name::main"})

    assert (given.json(), given.headers["content-range"]) == (plain, "0-1/1")
    assert (received.json(), received.headers["content-range"]) == ([plain[0] | {"status": True}], "0-1/1")
    assert plain[0]["domain_name"] == "default"


async def test_shared_repositories_by_marker_have_every_field(
    furnished: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    await api.post(SHARES, json=GUESTS)
    plain = (await api.get("/v3/manage/repos", params={"name": "main"})).json()["repos"][0]

    given = (await api.get(V3, params={"shared_by": "self", "name": "db$m"})).json()
    received = (await as_user("guests/boss").get(V3, params={"shared_by": "thirdparty", "status": "true"})).json()

    assert given == {"repos": [plain | {"status": False}]}
    assert received == {"repos": [plain | {"status": True}]}
    assert (await api.get(V3, params={"shared_by": "thirdparty"})).json() == {"repos": []}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (V2, "4001014"),
        (f"{V2}?filter=name::x", "4001014"),
        (f"{V2}?center=all", "4001024"),
        (f"{V2}?center=self&order_column=is_public", "4001096"),
        (f"{V2}?center=self&order_type=up", "4001024"),
        (f"{V2}?center=self&status=maybe", "4000014"),
        (f"{V2}?center=self&limit=0", "4000056"),
        (f"{V2}?filter=center::self%7Cstatus::true", "4001035"),
        (V3, "4001014"),
        (f"{V3}?shared_by=", "4001024"),
        (f"{V3}?shared_by=self&marker=x", "4000056"),
    ],
)
async def test_bad_parameters_of_shared_lists_are_refused(api: httpx2.AsyncClient, path: str, code: str) -> None:
    assert_problem(await api.get(path), 400, f"SVCSTG.SWR.{code}")
