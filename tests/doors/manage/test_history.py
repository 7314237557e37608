"""Tags made from others, their history, signatures kept as tags (contract §5, and ours)."""

from typing import Any

import httpx2
import pytest

from entrepot.access.levels import Level
from entrepot.registry.accessories import signature_tag
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.fresh import KINDS
from tests.make.image import Image
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

REPO = "/v2/manage/namespaces/acme/repos/db$main"
TAGS = f"{REPO}/tags"
START, LATER = "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:10.000000Z"


@pytest.fixture
async def images(rooms: Rooms) -> tuple[Image, Image]:
    """acme/db/main with the tag v1, which moved ten seconds later."""
    await rooms.organization("acme")
    older = await rooms.push("acme/db/main", "v1")
    rooms.clock.advance(seconds=10)
    return older, await rooms.push("acme/db/main", "v1")


async def test_a_tag_is_made_from_another(api: httpx2.AsyncClient, images: tuple[Image, Image]) -> None:
    body = {"source_tag": "v1", "destination_tag": "stable"}

    made = await api.post(TAGS, json=body)

    assert (made.status_code, made.json()) == (201, {})
    assert (await api.get(f"{TAGS}/stable")).json()["digest"] == str(images[1].digest)
    assert_problem(await api.post(TAGS, json=body), 409, "ENTREPOT.4090041")
    assert (await api.post(TAGS, json=body | {"override": True})).status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"source_tag": "none"}, 404, "4040115"),
        ({"source_tag": "-bad"}, 400, "4009021"),
        ({"destination_tag": "../x"}, 400, "4009021"),
        ({"destination_tag": None}, 400, "4000014"),
        ({"override": "false"}, 400, "4000014"),
    ],
)
async def test_what_cannot_be_a_tag_is_refused(
    api: httpx2.AsyncClient, images: tuple[Image, Image], body: dict[str, Any], status: int, code: str
) -> None:
    given = {"source_tag": "v1", "destination_tag": "v2"} | body

    assert_problem(await api.post(TAGS, json=given), status, f"SVCSTG.SWR.{code}")


async def test_both_tags_must_be_named(api: httpx2.AsyncClient, images: tuple[Image, Image]) -> None:
    assert_problem(await api.post(TAGS, json={"source_tag": "v1"}), 400, "SVCSTG.SWR.4001014")
    assert_problem(await api.post(TAGS, json={"destination_tag": "v1"}), 400, "SVCSTG.SWR.4001014")
    missing = await api.post(f"{REPO}2/tags", json={"source_tag": "v1", "destination_tag": "v2"})
    assert_problem(missing, 404, "SVCSTG.SWR.4040113")


async def test_history_has_every_field(rooms: Rooms, api: httpx2.AsyncClient, images: tuple[Image, Image]) -> None:
    older, newer = images
    same = {"tag": "v1", "moved_by": "admin", "moved_by_id": rooms.admin.id, "is_kept": True}

    answer = await api.get(f"{TAGS}/v1/history")

    assert answer.json() == {
        "history": [
            {**same, "digest": str(newer.digest), "valid_from": LATER},
            {**same, "digest": str(older.digest), "valid_from": START, "valid_until": LATER},
        ]
    }


async def test_history_walks_all_pages_and_ends(api: httpx2.AsyncClient, images: tuple[Image, Image]) -> None:
    first = (await api.get(f"{TAGS}/v1/history", params={"limit": 1})).json()
    second = (await api.get(f"{TAGS}/v1/history", params={"limit": 1, "marker": first["nextMarker"]})).json()

    assert [one["digest"] for one in first["history"] + second["history"]] == [
        str(image.digest) for image in reversed(images)
    ]
    assert "nextMarker" not in second


async def test_the_tags_of_a_moment(api: httpx2.AsyncClient, images: tuple[Image, Image]) -> None:
    then = (await api.get(f"{REPO}/history", params={"at": "2026-01-01T00:00:09.999Z"})).json()
    now = (await api.get(f"{REPO}/history", params={"at": "2026-01-01T02:00:10+02:00"})).json()

    assert [one["digest"] for one in then["tags"]] == [str(images[0].digest)]
    assert [one["digest"] for one in now["tags"]] == [str(images[1].digest)]
    assert "nextMarker" not in now


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{TAGS}/v1/history?marker=x", "4000056"),
        (f"{TAGS}/v1/history?limit=1001", "4000056"),
        (f"{REPO}/history", "4001014"),
        (f"{REPO}/history?at=yesterday", "4001024"),
        (f"{REPO}/history?at=2026-01-01T00:00:00", "4001024"),
        (f"{REPO}/history?at=0001-01-01T00:00:00%2B23:00", "4001024"),
    ],
)
async def test_bad_parameters_are_refused(
    api: httpx2.AsyncClient, images: tuple[Image, Image], path: str, code: str
) -> None:
    assert_problem(await api.get(path), 400, f"SVCSTG.SWR.{code}")


async def test_a_tag_is_restored(api: httpx2.AsyncClient, images: tuple[Image, Image]) -> None:
    restore, older = f"{TAGS}/v1/restore", str(images[0].digest)

    answer = await api.post(restore, json={"digest": older})

    assert (answer.status_code, answer.json()) == (200, {})
    assert (await api.get(f"{TAGS}/v1")).json()["digest"] == older
    unknown = "sha256:" + "0" * 64
    assert_problem(await api.post(restore, json={"digest": unknown}), 404, "SVCSTG.SWR.4040115")
    assert_problem(await api.post(restore, json={"digest": "sha256:x"}), 400, "SVCSTG.SWR.4000014")
    assert_problem(await api.post(restore, json={}), 400, "SVCSTG.SWR.4001014")


async def test_who_only_reads_moves_no_tag(
    rooms: Rooms, api: httpx2.AsyncClient, as_user: As, images: tuple[Image, Image]
) -> None:
    await rooms.user("ann")
    await rooms.grant("acme/db/main", "ann", Level.READ)
    ann = as_user("ann")

    assert (await ann.get(f"{TAGS}/v1/history")).status_code == 200
    body = {"source_tag": "v1", "destination_tag": "v2"}
    assert_problem(await ann.post(TAGS, json=body), 403, "SVCSTG.SWR.4039002")
    restored = await ann.post(f"{TAGS}/v1/restore", json={"digest": str(images[0].digest)})
    assert_problem(restored, 403, "SVCSTG.SWR.4039002")


async def test_the_signature_of_an_image_is_an_accessory(
    rooms: Rooms, api: httpx2.AsyncClient, images: tuple[Image, Image]
) -> None:
    signed = images[1]
    name = signature_tag(str(signed.digest))
    signature = await rooms.push("acme/db/main", name)

    answer = await api.get(f"{REPO}/v1/accessories")

    assert answer.json() == {
        "total": 1,
        "accessories": [
            {
                "id": 3,
                "domain_id": rooms.admin.domain_id,
                "namespace_name": "acme",
                "repo_name": "db/main",
                "sig_tag": name,
                "sig_digest": str(signature.digest),
                "target_digest": str(signed.digest),
                "size": sum(len(blob.content) for blob in signature.blobs),
                "type": "signature.cosign",
                "created_at": LATER,
                "updated_at": LATER,
            }
        ],
    }
    assert (await api.get(f"{REPO}/v1/accessories", params={"offset": 1})).json() == {"total": 1, "accessories": []}
    assert (await api.get(f"{REPO}/{name}/references")).json() == {"tags": ["v1"], "has_more": False}
    assert (await api.get(f"{REPO}/{name}/accessories")).json() == {"total": 0, "accessories": []}


async def test_references_are_paged_by_ten(rooms: Rooms, api: httpx2.AsyncClient, images: tuple[Image, Image]) -> None:
    references = f"{REPO}/{signature_tag(str(images[1].digest))}/references"
    await rooms.push("acme/db/main", references.split("/")[-2])
    for number in range(12):
        await rooms.push("acme/db/main", f"t{number:02}", images[1])

    first = (await api.get(references)).json()
    second = (await api.get(references, params={"marker": first["next_marker"]})).json()

    assert (first["tags"], first["has_more"]) == ([f"t{number:02}" for number in range(10)], True)
    assert second == {"tags": ["t10", "t11", "v1"], "has_more": False}
    assert_problem(await api.get(references, params={"limit": 11}), 400, "SVCSTG.SWR.4000056")
    assert_problem(await api.get(f"{REPO}/v1/accessories?limit=101"), 400, "SVCSTG.SWR.4000056")


@pytest.mark.parametrize("word", ["accessories", "references"])
async def test_a_tag_named_like_these_lists_is_a_tag(
    rooms: Rooms, api: httpx2.AsyncClient, images: tuple[Image, Image], word: str
) -> None:
    assert_problem(await api.get(f"{TAGS}/{word}"), 404, "SVCSTG.SWR.4040115")
    await rooms.push("acme/db/main", word)
    await rooms.push("acme/db/main", "tags")

    assert (await api.get(f"{TAGS}/{word}")).json()["tag"] == word
    assert (await api.get(f"{REPO}/{word}/{word}")).status_code == 200
    assert (await api.delete(f"{TAGS}/{word}")).status_code == 204


async def test_the_overview_has_every_field(rooms: Rooms, api: httpx2.AsyncClient, images: tuple[Image, Image]) -> None:
    await rooms.organization("zoo")
    stored = {blob.digest: len(blob.content) for image in images for blob in image.blobs}

    assert (await api.get("/v2/manage/overview")).json() == {
        "domain_id": rooms.admin.domain_id,
        "domain_name": "default",
        "namspace_num": 2,
        "repo_num": 1,
        "image_num": 1,
        "store_space": float(sum(stored.values())),
        "downflow_size": 0.0,
    }


async def test_the_overview_is_of_ones_own_domain(
    rooms: Rooms, api: httpx2.AsyncClient, as_user: As, images: tuple[Image, Image]
) -> None:
    await rooms.domain("guests")

    shown = (await as_user("guests/boss").get("/v2/manage/overview")).json()

    assert (shown["domain_name"], shown["namspace_num"], shown["store_space"]) == ("guests", 0, 0.0)
