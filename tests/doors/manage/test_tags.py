"""Tags (contract §5)."""

from typing import Any

import httpx2
import pytest

from entrepot.registry import tagged
from entrepot.registry.inspect import inspect_version
from entrepot.values.names import RepositoryName, TagName
from tests.doors.manage.test_door import assert_problem
from tests.make.fresh import KINDS
from tests.make.image import Image
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

REPO = "/v2/manage/namespaces/acme/repos/db%2Fmain"
TAGS = f"{REPO}/tags"
V3 = TAGS.replace("/v2/", "/v3/")


@pytest.fixture
async def image(rooms: Rooms) -> Image:
    """acme/db/main with the tags a1, b2 and Latest; Latest was pushed last, a1 before it was moved."""
    await rooms.organization("acme")
    image = Image.make(layers=2)
    for tag in ("a1", "b2", "Latest"):
        await rooms.push("acme/db/main", tag, image)
        rooms.clock.advance(seconds=1)
    return image


def row(rooms: Rooms, image: Image, **more: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "repo_id": 1,
        "image_id": image.blobs[0].digest.hex,
        "manifest": image.body.decode(),
        "digest": str(image.digest),
        "schema": 2,
        "path": "registry.example/acme/db/main:a1",
        "internal_path": "registry.example/acme/db/main:a1",
        "size": sum(len(blob.content) for blob in image.blobs),
        "is_trusted": False,
        "created": "2026-01-01T00:00:00.000000Z",
        "updated": "2026-01-01T00:00:00.000000Z",
        "domain_id": rooms.admin.domain_id,
        "tag_type": 0,
        **more,
    }


async def test_a_page_has_every_field(rooms: Rooms, api: httpx2.AsyncClient, image: Image) -> None:
    answer = await api.get(TAGS, params={"tag": "a1"})

    assert answer.json() == [row(rooms, image, Tag="a1", deleted=None, scanned=False)]
    assert answer.headers["content-range"] == "0-1/1"


async def test_a_list_by_marker_has_every_field(rooms: Rooms, api: httpx2.AsyncClient, image: Image) -> None:
    answer = await api.get(V3, params={"tag": "a1", "with_manifest": "true"})

    assert answer.json() == {"tags": [row(rooms, image, tag="a1")], "has_more": False}


async def test_a_list_by_marker_has_manifests_only_when_asked(api: httpx2.AsyncClient, image: Image) -> None:
    assert {one["manifest"] for one in (await api.get(V3)).json()["tags"]} == {""}


async def test_one_tag_is_shown(rooms: Rooms, api: httpx2.AsyncClient, image: Image) -> None:
    assert (await api.get(f"{TAGS}/a1")).json() == row(rooms, image, tag="a1")
    assert_problem(await api.get(f"{TAGS}/none"), 404, "SVCSTG.SWR.4040115")
    assert_problem(await api.get(f"{TAGS}/-bad"), 400, "SVCSTG.SWR.4009021")
    assert_problem(await api.get(f"{REPO}2/tags/a1"), 404, "SVCSTG.SWR.4040113")


async def test_an_index_is_a_tag_of_type_1(rooms: Rooms, api: httpx2.AsyncClient, image: Image) -> None:
    index = Image.index(image)
    await rooms.push("acme/db/main", "all", index)

    shown = (await api.get(f"{TAGS}/all")).json()

    assert (shown["tag_type"], shown["image_id"], shown["size"]) == (1, "", len(index.body))


async def test_a_moved_tag_keeps_its_beginning(rooms: Rooms, api: httpx2.AsyncClient, image: Image) -> None:
    await rooms.push("acme/db/main", "a1", Image.make())

    shown = (await api.get(f"{TAGS}/a1")).json()

    assert shown["created"] == "2026-01-01T00:00:00.000000Z"
    assert shown["updated"] == "2026-01-01T00:00:03.000000Z"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Latest", "b2", "a1"]),
        ("?order_column=updated_at&order_type=asc", ["a1", "b2", "Latest"]),
        ("?order_column=tag", ["Latest", "a1", "b2"]),
        ("?order_column=tag&order_type=desc", ["b2", "a1", "Latest"]),
        ("?tag=LAT", ["Latest"]),
        ("?tag=%25", []),
    ],
)
async def test_lists_are_filtered_and_sorted_alike(
    api: httpx2.AsyncClient, image: Image, query: str, names: list[str]
) -> None:
    paged, marked = await api.get(TAGS + query), await api.get(V3 + query)

    assert [one["Tag"] for one in paged.json()] == names
    assert [one["tag"] for one in marked.json()["tags"]] == names


async def test_a_tag_that_is_pushed_again_was_pushed_then_wherever_it_is_shown(
    rooms: Rooms, api: httpx2.AsyncClient, image: Image
) -> None:
    at = "2026-01-01T00:00:03.000000Z"

    await rooms.push("acme/db/main", "a1", image)

    [first, *_] = (await api.get(TAGS)).json()
    assert (first["Tag"], first["created"], first["updated"]) == ("a1", "2026-01-01T00:00:00.000000Z", at)
    marker = (await api.get(V3, params={"limit": "1"})).json()["nextMarker"]
    after = (await api.get(V3, params={"marker": marker})).json()["tags"]
    assert [one["tag"] for one in after] == ["Latest", "b2"]
    [repository] = (await api.get("/v2/manage/repos", params={"name": "db/main"})).json()
    assert repository["tags"][0] == "a1"
    policy = {"rules": [{"tags": ["*"], "newest": 1}]}
    going = (await api.post("/v2/manage/namespaces/acme/retention/preview", json=policy)).json()["tags"]
    assert [one["tag"] for one in going] == ["Latest", "b2"]
    version = await inspect_version(rooms.registry, rooms.admin, RepositoryName("acme/db/main"), TagName("a1"))
    assert version.pushed_at == rooms.clock.now()


async def test_a_filter_pages_and_sorts(api: httpx2.AsyncClient, image: Image) -> None:
    text = "limit::1|offset::1|order_column::tag|order_type::asc"
    answer = await api.get(TAGS, params={"filter": text})

    assert [one["Tag"] for one in answer.json()] == ["a1"]
    assert answer.headers["content-range"] == "1-1/3"


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ({}, ["Latest", "b2", "a1"]),
        ({"order_column": "tag", "order_type": "asc"}, ["Latest", "a1", "b2"]),
        ({"order_column": "tag", "order_type": "desc"}, ["b2", "a1", "Latest"]),
    ],
)
async def test_the_list_by_marker_walks_all_pages_and_ends(
    api: httpx2.AsyncClient, image: Image, order: dict[str, str], names: list[str]
) -> None:
    seen: list[str] = []
    marker: dict[str, str] = {}
    for _page in range(4):
        answer = (await api.get(V3, params={"limit": "1"} | order | marker)).json()
        seen += [one["tag"] for one in answer["tags"]]
        assert answer["has_more"] == ("nextMarker" in answer) == ("next_marker" in answer)
        if not answer["has_more"]:
            break
        marker = {"marker": answer["nextMarker"]}

    assert seen == names


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("marker=x", "4000056"),
        ("marker=99999999999999999999.1", "4000056"),
        ("marker=9999999999999999999.1", "4000056"),
        ("marker=1.9999999999999999999", "4000056"),
        ("marker=7", "4000056"),
        ("marker=-bad&order_column=tag", "4009021"),
        ("with_manifest=maybe", "4000014"),
        ("order_column=size", "4001096"),
    ],
)
async def test_bad_parameters_are_refused(api: httpx2.AsyncClient, image: Image, query: str, code: str) -> None:
    assert_problem(await api.get(f"{V3}?{query}"), 400, f"SVCSTG.SWR.{code}")


async def test_a_page_never_carries_more_manifests_than_fit(
    api: httpx2.AsyncClient, rooms: Rooms, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rooms.push("acme/db/main", "c3", Image.make())
    monkeypatch.setattr(tagged, "_BODIES_BYTES_MAX", len(image.body))

    rows = (await api.get(TAGS, params={"order_column": "tag"})).json()

    assert [one["Tag"] for one in rows if one["manifest"]] == ["Latest", "a1", "b2"]


async def test_deleting_a_tag_leaves_the_others_of_its_image(api: httpx2.AsyncClient, image: Image) -> None:
    deleted = await api.delete(f"{TAGS}/b2")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [one["Tag"] for one in (await api.get(TAGS)).json()] == ["Latest", "a1"]
    assert_problem(await api.delete(f"{TAGS}/b2"), 404, "SVCSTG.SWR.4040115")


async def test_a_repository_without_tags_has_an_empty_list(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    await rooms.repository("acme/db/main")

    answer = await api.get(TAGS)

    assert (answer.json(), answer.headers["content-range"]) == ([], "0-0/0")
    assert (await api.get(V3)).json() == {"tags": [], "has_more": False}
