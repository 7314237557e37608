"""Synchronisation on the management API, field by field as the contract has it."""

from typing import Any

import httpx2
import pytest

from tests.doors.manage.conftest import As
from tests.make.fresh import KINDS
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

REGIONS = "/v2/manage/regions"
REPOSITORY = "/v2/manage/namespaces/acme/repos/team%2Fweb"
REMOTE = {"remoteRegionId": "north-1", "remoteNamespace": "copies"}
WINDOW = {"filter": "limit::10|offset::0"}


@pytest.fixture(autouse=True)
async def furnished(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    for tag in ("v1", "v2"):
        await rooms.push("acme/team/web", tag)
    await api.post(REGIONS, json={"regionID": "north-1", "url": "https://north.example"})


async def test_regions_are_made_known_listed_and_forgotten(api: httpx2.AsyncClient) -> None:
    made = await api.post(REGIONS, json={"regionID": "south-1", "url": "https://south.example/"})
    nobody = {"username": "", "has_password": False, "has_authority": False, "cidrs": [], "location": ""}
    assert (made.status_code, made.json()) == (201, {"regionID": "south-1", "url": "https://south.example"} | nobody)

    listed = await api.get(REGIONS)
    assert (listed.status_code, [one["regionID"] for one in listed.json()]) == (200, ["north-1", "south-1"])
    again = await api.post(REGIONS, json={"regionID": "south-1", "url": "https://south.example"})
    assert (again.status_code, again.json()["error_code"]) == (409, "ENTREPOT.4090025")

    assert (await api.delete(f"{REGIONS}/south-1")).status_code == 204
    gone = await api.delete(f"{REGIONS}/south-1")
    assert (gone.status_code, gone.json()["error_code"]) == (404, "ENTREPOT.4040025")


async def test_who_we_are_at_a_region_is_told_by_its_own_call_and_changed(api: httpx2.AsyncClient) -> None:
    changed = await api.patch(f"{REGIONS}/north-1", json={"username": "we", "password": "a secret"})
    shown = await api.get(f"{REGIONS}/north-1")

    assert (
        changed.json()
        == shown.json()
        == {
            "regionID": "north-1",
            "url": "https://north.example",
            "username": "we",
            "has_password": True,
            "has_authority": False,
            "cidrs": [],
            "location": "",
        }
    )
    assert "a secret" not in changed.text
    assert (await api.get(REGIONS)).json() == [{"regionID": "north-1", "url": "https://north.example"}]
    wrong = await api.patch(f"{REGIONS}/north-1", json={"authority": "none"})
    assert (wrong.status_code, wrong.json()["error_code"]) == (400, "SVCSTG.SWR.4000014")
    gone = await api.patch(f"{REGIONS}/nowhere", json={})
    assert (gone.status_code, gone.json()["error_code"]) == (404, "ENTREPOT.4040025")


async def test_a_region_has_a_place_and_needs_no_address(api: httpx2.AsyncClient) -> None:
    place = {"cidrs": ["10.1.0.0/16", "2001:db8::/32"], "location": "52.52,13.4"}
    made = await api.post(REGIONS, json={"regionID": "south-1", **place})
    assert (made.status_code, made.json()["url"]) == (201, "")
    assert place.items() <= made.json().items()

    moved = await api.patch(f"{REGIONS}/south-1", json={"cidrs": ["10.2.0.0/16"]})
    assert (moved.json()["cidrs"], moved.json()["location"]) == (["10.2.0.0/16"], "52.52,13.4")
    taken = await api.patch(f"{REGIONS}/north-1", json={"cidrs": ["10.2.0.0/16"]})
    assert (taken.status_code, taken.json()["error_code"]) == (409, "ENTREPOT.4090026")
    for wrong in ({"cidrs": ["north"]}, {"location": "north"}, {"cidrs": ["10.0.0.0/8"] * 1_001}):
        refused = await api.patch(f"{REGIONS}/south-1", json=wrong)
        assert (refused.status_code, refused.json()["error_code"]) == (400, "SVCSTG.SWR.4000014")


async def test_nothing_is_copied_to_a_region_without_an_address(api: httpx2.AsyncClient) -> None:
    await api.post(REGIONS, json={"regionID": "south-1", "cidrs": ["10.1.0.0/16"]})

    body = {"remoteRegionId": "south-1", "remoteNamespace": "copies"}
    for call, more in (("sync_repo", {}), ("sync_images", {"imageTag": ["v1"]})):
        refused = await api.post(f"/v2/manage/namespaces/acme/repos/team$web/{call}", json=body | more)
        assert (refused.status_code, refused.json()["error_code"]) == (400, "SVCSTG.SWR.4000014")
        assert "it has no address" in refused.json()["error_msg"]


async def test_copies_are_listed_with_what_became_of_them_called_off_and_tried_again(
    rooms: Rooms, api: httpx2.AsyncClient
) -> None:
    copies = f"{REPOSITORY}/sync_copies"
    await api.post(f"{REPOSITORY}/sync_images", json=REMOTE | {"imageTag": ["v1", "v2"], "override": True})

    first = (await api.get(copies, params={"limit": "1"})).json()
    assert first["copies"] == [
        {
            "id": 2,
            "tag": "v2",
            "region": "north-1",
            "namespace": REMOTE["remoteNamespace"],
            "status": "waiting",
            "direction": "push",
            "action": "copy",
            "rule": "",
            "place": "copies/team/web",
            "is_automatic": False,
            "override": True,
            "digest": "",
            "error": "",
            "attempts": 0,
            "bytes_sent": 0,
            "bytes_done": 0,
            "bytes_total": 0,
            "operator_id": rooms.admin.id,
            "operator_name": "admin",
            "created_at": "2026-01-01T00:00:00.000000Z",
            "updated_at": "2026-01-01T00:00:00.000000Z",
            "next_at": "2026-01-01T00:00:00.000000Z",
        }
    ]
    rest = (await api.get(copies, params={"limit": "1", "marker": first["nextMarker"]})).json()
    assert ([one["tag"] for one in rest["copies"]], rest.get("nextMarker")) == (["v1"], None)

    assert (await api.post(f"{copies}/2/cancel")).status_code == 200
    again = await api.post(f"{copies}/2/cancel")
    assert (again.status_code, again.json()["error_code"]) == (400, "SVCSTG.SWR.4000014")
    [cancelled] = (await api.get(copies, params={"limit": "1"})).json()["copies"]
    assert (cancelled["status"], cancelled["ended_at"]) == ("cancel", "2026-01-01T00:00:00.000000Z")
    listed = await api.get(f"{REPOSITORY}/sync_job", params=WINDOW)
    assert [one["status"] for one in listed.json()] == ["cancel", "waiting"]
    assert (await api.post(f"{copies}/2/retry")).status_code == 202
    for number, status in (("99", 404), ("x", 400)):
        assert (await api.post(f"{copies}/{number}/retry")).status_code == status


async def test_a_rule_goes_its_way(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    created = await api.post(f"{REPOSITORY}/sync_repo", json=REMOTE | {"syncAuto": True, "override": True})
    assert (created.status_code, created.json()) == (200, {})

    [row] = (await api.get(f"{REPOSITORY}/sync_repo")).json()
    assert row == REMOTE | {
        "id": row["id"],
        "createdAt": "2026-01-01T00:00:00.000000Z",
        "updatedAt": "2026-01-01T00:00:00.000000Z",
        "domainID": rooms.admin.domain_id,
        "domainName": "default",
        "namespace": "acme",
        "repoName": "team/web",
        "override": True,
        "syncAuto": True,
    }
    again = await api.post(f"{REPOSITORY}/sync_repo", json=REMOTE)
    assert (again.status_code, again.json()["error_code"]) == (400, "SVCSTG.SWR.4000014")

    deleted = await api.request("DELETE", f"{REPOSITORY}/sync_repo", json=REMOTE)
    assert deleted.status_code == 200
    assert (await api.get(f"{REPOSITORY}/sync_repo")).json() == []
    gone = await api.request("DELETE", f"{REPOSITORY}/sync_repo", json=REMOTE)
    assert (gone.status_code, gone.json()["error_code"]) == (400, "SVCSTG.SWR.4001158")


async def test_what_is_to_be_copied_now_waits_and_says_so(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    body = REMOTE | {"imageTag": ["v1", "v2"]}

    asked = await api.post(f"{REPOSITORY}/sync_images", json=body)
    assert (asked.status_code, asked.json()) == (200, [])

    page = await api.get(f"{REPOSITORY}/sync_job", params={"filter": "limit::1|offset::1|order::asc"})
    assert (page.status_code, page.headers["content-range"]) == (200, "1-1/2")
    [row] = page.json()
    assert row == REMOTE | {
        "id": row["id"],
        "createdAt": "2026-01-01T00:00:00.000000Z",
        "updatedAt": "2026-01-01T00:00:00.000000Z",
        "domainID": rooms.admin.domain_id,
        "domainName": "default",
        "namespace": "acme",
        "repoName": "team/web",
        "tag": "v2",
        "override": False,
        "status": "waiting",
        "syncOperatorId": rooms.admin.id,
        "syncOperatorName": "admin",
    }
    newest = await api.get(f"{REPOSITORY}/sync_job", params=WINDOW)
    assert [one["tag"] for one in newest.json()] == ["v2", "v1"]


@pytest.mark.parametrize(
    ("path", "changes", "status", "code"),
    [
        ("sync_repo", {"remoteRegionId": "nowhere"}, 400, "4000014"),
        ("sync_repo", {"remoteRegionId": "../north"}, 400, "4000014"),
        ("sync_repo", {"remoteNamespace": "Copies"}, 400, "4001028"),
        ("sync_repo", {"remoteNamespace": None}, 400, "4000014"),
        ("sync_repo", {"syncAuto": "true"}, 400, "4000014"),
        ("sync_images", {}, 400, "4001014"),
        ("sync_images", {"imageTag": [], "override": True}, 400, "4000014"),
        ("sync_images", {"imageTag": ["-"], "override": True}, 400, "4009021"),
        ("sync_images", {"imageTag": ["v9"], "override": True}, 404, "4040115"),
        ("sync_images", {"imageTag": ["v1"], "override": True, "remoteRegionId": "nowhere"}, 400, "4000014"),
        ("sync_images", {"imageTag": [f"v{n}" for n in range(1_001)], "override": True}, 403, "4031032"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_kept(
    api: httpx2.AsyncClient, path: str, changes: dict[str, Any], status: int, code: str
) -> None:
    refused = await api.post(f"{REPOSITORY}/{path}", json=REMOTE | changes)

    assert (refused.status_code, refused.json()["error_code"]) == (status, f"SVCSTG.SWR.{code}")
    assert (await api.get(f"{REPOSITORY}/sync_repo")).json() == []
    assert (await api.get(f"{REPOSITORY}/sync_job", params=WINDOW)).json() == []


@pytest.mark.parametrize(
    "window", ["limit::10", "offset::0", "limit::10|offset::0|order::up", "limit::0|offset::0", ""]
)
async def test_a_list_of_copies_needs_its_window(api: httpx2.AsyncClient, window: str) -> None:
    assert (await api.get(f"{REPOSITORY}/sync_job", params={"filter": window})).status_code == 400


async def test_a_region_is_no_way_to_send_the_server_anywhere(
    api: httpx2.AsyncClient, as_user: As, rooms: Rooms
) -> None:
    """Only operators name addresses, and none with credentials, a path or another scheme."""
    await rooms.user("eve")
    body = {"regionID": "mine", "url": "http://169.254.169.254"}

    assert (await as_user("eve").post(REGIONS, json=body)).status_code == 403
    for url in ("file:///etc/passwd", "http://user:secret@inside.example", "http://inside.example/admin", "gopher://x"):
        assert (await api.post(REGIONS, json={"regionID": "mine", "url": url})).status_code == 400
