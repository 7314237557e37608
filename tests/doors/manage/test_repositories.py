"""Repositories and permissions on them (contract §4, §6, §14)."""

from typing import Any

import httpx2
import pytest

from entrepot.access.levels import Level
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.fresh import KINDS
from tests.make.image import Image
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

ACME = "/v2/manage/namespaces/acme"
REPOS = f"{ACME}/repos"
V2, V3 = "/v2/manage/repos", "/v3/manage/repos"


@pytest.fixture
async def furnished(rooms: Rooms) -> Rooms:
    """Four repositories in two organizations, made one second after the other."""
    await rooms.organization("acme")
    await rooms.organization("zoo")
    for path, is_public, category in (
        ("acme/web", False, "linux"),
        ("acme/db/main", False, "database"),
        ("zoo/acme", True, "other"),
        ("zoo/web-tools", False, "linux"),
    ):
        await rooms.repository(path, is_public, category)
        rooms.clock.advance(seconds=1)
    return rooms


async def test_a_repository_is_created_shown_changed_and_deleted(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    made = await api.post(
        REPOS, json={"repository": "web", "is_public": True, "category": "linux", "description": "Says ✓."}
    )
    assert (made.status_code, made.json()) == (201, {})

    shown = (await api.get(f"{REPOS}/web")).json()
    assert shown == {
        "id": 1,
        "ns_id": 1,
        "name": "web",
        "category": "linux",
        "description": "Says ✓.",
        "creator_id": rooms.admin.id,
        "creator_name": "admin",
        "size": 0,
        "is_public": True,
        "num_images": 0,
        "num_download": 0,
        "url": "",
        "path": "registry.example/acme/web",
        "internal_path": "registry.example/acme/web",
        "created": "2026-01-01T00:00:00.000000Z",
        "updated": "2026-01-01T00:00:00.000000Z",
        "domain_id": rooms.admin.domain_id,
        "priority": 0,
    }

    rooms.clock.advance(hours=1)
    assert (await api.patch(f"{REPOS}/web", json={"is_public": False})).status_code == 201
    changed = (await api.get(f"{REPOS}/web")).json()
    assert changed == shown | {"is_public": False, "updated": "2026-01-01T01:00:00.000000Z"}

    deleted = await api.delete(f"{REPOS}/web")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert_problem(await api.get(f"{REPOS}/web"), 404, "SVCSTG.SWR.4040113")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"repository": "web"}, 409, "4090006"),
        ({"repository": "Web"}, 400, "4001029"),
        ({"repository": "a//b"}, 400, "4001029"),
        ({"repository": "../x"}, 400, "4001029"),
        ({"repository": "x" * 300}, 400, "4001029"),
        ({"repository": "new", "category": "music"}, 400, "4000014"),
        ({"repository": "new", "description": "x" * 30_001}, 413, "4131012"),
        ({"repository": "new", "description": "\0"}, 400, "4000014"),
    ],
)
async def test_what_cannot_be_a_repository_is_refused(
    rooms: Rooms, api: httpx2.AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    await rooms.organization("acme")
    await rooms.repository("acme/web")

    assert_problem(await api.post(REPOS, json={"is_public": False} | body), status, f"SVCSTG.SWR.{code}")


async def test_a_repository_needs_its_organization(api: httpx2.AsyncClient) -> None:
    answer = await api.post(REPOS, json={"repository": "web", "is_public": False})

    assert "entrepot org create acme" in assert_problem(answer, 404, "SVCSTG.SWR.4040058")


@pytest.mark.parametrize("written", ["db$main", "db%24main", "db%2Fmain", "db%2fmain"])
async def test_a_slash_in_a_name_has_three_spellings(furnished: Rooms, api: httpx2.AsyncClient, written: str) -> None:
    answer = await api.get(f"{REPOS}/{written}")

    assert answer.json()["name"] == "db/main"


@pytest.mark.parametrize(
    "path", ["acme/repos/..%2Fzoo%2Facme", "acme/repos/%2E%2E$zoo$acme", "acme/repos/$zoo$acme", "acme%24db/repos/main"]
)
async def test_no_spelling_reaches_another_organization(furnished: Rooms, api: httpx2.AsyncClient, path: str) -> None:
    assert (await api.get(f"/v2/manage/namespaces/{path}")).status_code == 400


async def test_the_list_has_every_field(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    image = Image.make(layers=2)
    await furnished.push("acme/web", "1.0", image)
    furnished.clock.advance(seconds=1)
    await furnished.push("acme/web", "2.0", image)

    answer = await api.get(V2, params={"namespace": "acme", "name": "web"})

    assert answer.headers["content-range"] == "0-1/1"
    assert answer.json() == [
        {
            "name": "web",
            "category": "linux",
            "description": "",
            "size": sum(len(blob.content) for blob in image.blobs),
            "is_public": False,
            "num_images": 2,
            "num_download": 0,
            "created_at": "2026-01-01T00:00:00.000000Z",
            "updated_at": "2026-01-01T00:00:05.000000Z",
            "logo": "",
            "url": "",
            "path": "registry.example/acme/web",
            "internal_path": "registry.example/acme/web",
            "domain_name": "default",
            "namespace": "acme",
            "tags": ["2.0", "1.0"],
            "status": False,
            "total_range": 1,
        }
    ]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["web-tools", "acme", "db/main", "web"]),
        ("?namespace=acme", ["db/main", "web"]),
        ("?namespace=acm", []),
        ("?name=web", ["web-tools", "web"]),
        ("?name=WEB", ["web-tools", "web"]),
        ("?name=acme", ["acme"]),
        ("?name=db%2Fma", ["db/main"]),
        ("?name=db$ma", ["db/main"]),
        ("?filter=name::db%24ma", ["db/main"]),
        ("?name=_", []),
        ("?category=linux", ["web-tools", "web"]),
        ("?is_public=true", ["acme"]),
        ("?is_public=false", ["web-tools", "db/main", "web"]),
        ("?filter=namespace::acm", ["db/main", "web"]),
        ("?namespace=zoo&name=x&category=lang&filter=namespace::acm", ["db/main", "web"]),
        ("?filter=name::web|category::linux|is_public::false|order_column::name|order_type::asc", ["web", "web-tools"]),
        ("?order_column=name", ["acme", "db/main", "web", "web-tools"]),
        ("?order_column=name&order_type=desc", ["web-tools", "web", "db/main", "acme"]),
        ("?order_column=namespace&order_type=asc", ["db/main", "web", "acme", "web-tools"]),
        ("?order_column=is_public&order_type=desc", ["acme", "db/main", "web", "web-tools"]),
        ("?order_column=tag_count", ["db/main", "web", "acme", "web-tools"]),
        ("?order_column=updated_at&order_type=asc", ["web", "db/main", "acme", "web-tools"]),
        ("?order_type=asc", ["web", "db/main", "acme", "web-tools"]),
    ],
)
async def test_the_list_is_filtered_and_sorted(
    furnished: Rooms, api: httpx2.AsyncClient, query: str, names: list[str]
) -> None:
    answer = await api.get(V2 + query.replace("|", "%7C"))

    assert [row["name"] for row in answer.json()] == names
    assert answer.headers["content-range"] == f"0-{len(names)}/{len(names)}"


@pytest.mark.parametrize(
    ("query", "names", "content_range"),
    [
        ("?limit=2", ["web-tools", "acme"], "0-2/4"),
        ("?limit=2&offset=2", ["db/main", "web"], "2-2/4"),
        ("?offset=3", ["web"], "3-1/4"),
        ("?offset=50", [], "50-0/4"),
        ("?filter=limit::1|offset::1", ["acme"], "1-1/4"),
    ],
)
async def test_the_list_is_paged(
    furnished: Rooms, api: httpx2.AsyncClient, query: str, names: list[str], content_range: str
) -> None:
    answer = await api.get(V2 + query.replace("|", "%7C"))

    assert [row["name"] for row in answer.json()] == names
    assert answer.headers["content-range"] == content_range
    assert all(row["total_range"] == 4 for row in answer.json())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "4000056"),
        ("limit=1001", "4000056"),
        ("limit=-1", "4000056"),
        ("limit=x", "4000056"),
        ("limit=", "4000056"),
        ("limit=²", "4000056"),
        ("limit=9999999999999999999999", "4000056"),
        ("offset=-1", "4000056"),
        ("offset=9999999999999999999999", "4000056"),
        ("order_column=id", "4001096"),
        ("order_type=up", "4001024"),
        ("is_public=yes", "4001009"),
        ("filter=nothing::x", "4001035"),
        ("filter=", "4001035"),
        ("name=%00", "4001024"),
        ("name=" + "x" * 2_000, "4001024"),
    ],
)
async def test_bad_parameters_are_refused(api: httpx2.AsyncClient, query: str, code: str) -> None:
    assert_problem(await api.get(f"{V2}?{query}"), 400, f"SVCSTG.SWR.{code}")


async def test_the_list_has_only_what_the_caller_may_see(furnished: Rooms, as_user: As) -> None:
    await furnished.user("ann")
    await furnished.grant("acme/db/main", "ann", Level.READ)
    ann = as_user("ann")

    assert [row["name"] for row in (await ann.get(V2)).json()] == ["acme", "db/main"]
    assert (await ann.get(V2)).headers["content-range"] == "0-2/2"
    assert [row["name"] for row in (await ann.get(V3)).json()["repos"]] == ["db/main", "acme"]


async def test_the_list_by_marker_walks_all_pages_and_ends(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    seen: list[str] = []
    marker: dict[str, int] = {}
    for _page in range(3):
        answer = (await api.get(V3, params={"limit": 2} | marker)).json()
        seen += [row["name"] for row in answer["repos"]]
        if "nextMarker" not in answer:
            break
        marker = {"marker": answer["nextMarker"]}

    assert seen == ["web", "db/main", "acme", "web-tools"]


async def test_the_list_by_marker_has_every_field(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    nested = (await api.get(V3, params={"name": "db$ma"})).json()["repos"]
    answer = (await api.get(V3, params={"namespace": "acme", "name": "we", "is_public": "false"})).json()

    assert [one["name"] for one in nested] == ["db/main"]

    assert answer == {
        "repos": [
            {
                "id": 1,
                "name": "web",
                "category": "linux",
                "description": "",
                "size": 0,
                "is_public": False,
                "num_images": 0,
                "num_download": 0,
                "created_at": "2026-01-01T00:00:00.000000Z",
                "updated_at": "2026-01-01T00:00:00.000000Z",
                "domain_name": "default",
                "namespace_name": "acme",
            }
        ]
    }


async def test_an_empty_list_is_an_empty_list(api: httpx2.AsyncClient) -> None:
    paged = await api.get(V2)

    assert (paged.json(), paged.headers["content-range"]) == ([], "0-0/0")
    assert (await api.get(V3)).json() == {"repos": []}


async def test_a_deleted_repository_leaves_no_permission_to_the_next_of_its_name(
    furnished: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    await furnished.user("ann")
    await furnished.grant("acme/web", "ann", Level.MANAGE)
    assert (await as_user("ann").get(f"{REPOS}/web")).status_code == 200

    await api.delete(f"{REPOS}/web")
    await furnished.repository("acme/web")

    assert_problem(await as_user("ann").get(f"{REPOS}/web"), 404, "SVCSTG.SWR.4040113")


async def test_permissions_are_given_shown_changed_and_taken(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    ann = await furnished.user("ann")
    access = f"{REPOS}/db%2Fmain/access"
    wanted = {"user_id": ann.id, "user_name": "ann", "auth": 1}

    assert_problem(await api.patch(access, json=[wanted]), 404, "SVCSTG.SWR.4040091")
    assert (await api.post(access, json=[wanted])).status_code == 201
    assert_problem(await api.post(access, json=[wanted]), 409, "SVCSTG.SWR.4090089")
    assert (await api.get(access)).json() == {
        "id": 2,
        "name": "db/main",
        "self_auth": {"user_id": furnished.admin.id, "user_name": "admin", "auth": 7},
        "others_auths": [wanted],
    }
    assert (await api.patch(access, json=[wanted | {"auth": 7}])).status_code == 201
    assert_problem(await api.post(access, json=[wanted | {"auth": 9}]), 400, "SVCSTG.SWR.4001066")
    assert (await api.request("DELETE", access, json=[ann.id])).status_code == 204
    assert (await api.get(access)).json()["others_auths"] == []
    assert_problem(await api.get(f"{REPOS}/nothing/access"), 404, "SVCSTG.SWR.4040113")


async def test_without_a_setting_images_are_named_by_the_host_the_client_used(
    furnished: Rooms,
) -> None:
    from dataclasses import replace

    from entrepot.doors.manage.door import build
    from tests.make.rooms import PASSWORD

    door = build(replace(furnished.manage, registry_host=""))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(door), base_url="http://10.1.2.3:5000", auth=("admin", PASSWORD)
    ) as client:
        assert (await client.get(f"{REPOS}/web")).json()["path"] == "10.1.2.3:5000/acme/web"
