"""Organizations and permissions on them (contract §2, §3)."""

import httpx2
import pytest

from entrepot.access.levels import Level
from entrepot.values.names import RepositoryName
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.fresh import KINDS
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

NAMESPACES = "/v2/manage/namespaces"
ACCESS = f"{NAMESPACES}/acme/access"


async def test_an_organization_is_created_once(api: httpx2.AsyncClient) -> None:
    first = await api.post(NAMESPACES, json={"namespace": "acme"})
    second = await api.post(NAMESPACES, json={"namespace": "acme"})

    assert (first.status_code, first.json()) == (201, {})
    assert_problem(second, 409, "SVCSTG.SWR.4090060")


async def test_its_creator_manages_it(rooms: Rooms, as_user: As) -> None:
    await rooms.user("ann")
    await as_user("ann").post(NAMESPACES, json={"namespace": "acme"})

    shown = await as_user("ann").get(f"{NAMESPACES}/acme")

    assert shown.status_code == 200
    assert shown.json() == {"id": 1, "name": "acme", "creator_name": "ann", "auth": 7}


async def test_an_unknown_organization_is_not_found(api: httpx2.AsyncClient) -> None:
    assert_problem(await api.get(f"{NAMESPACES}/acme"), 404, "SVCSTG.SWR.4040058")
    assert_problem(await api.delete(f"{NAMESPACES}/acme"), 404, "SVCSTG.SWR.4040058")


async def test_a_name_that_cannot_be_is_refused(api: httpx2.AsyncClient) -> None:
    assert_problem(await api.get(f"{NAMESPACES}/Acme"), 400, "SVCSTG.SWR.4001028")
    assert_problem(await api.get(f"{NAMESPACES}/acme%2Fweb"), 400, "SVCSTG.SWR.4001028")
    assert_problem(await api.get(f"{NAMESPACES}/manage"), 400, "SVCSTG.SWR.4001028")


async def test_the_list_shows_levels_and_counts(rooms: Rooms, as_user: As) -> None:
    await rooms.user("ann")
    await rooms.organization("acme")
    await rooms.repository("acme/web")
    await rooms.grant("acme", "ann", Level.EDIT)
    await rooms.organization("other")

    answer = await as_user("ann").get(NAMESPACES)

    assert answer.json() == {
        "namespaces": [
            {
                "id": 1,
                "name": "acme",
                "creator_name": "admin",
                "auth": 3,
                "access_user_count": 2,
                "repo_count": 1,
            }
        ]
    }


async def test_only_people_with_a_grant_that_has_not_ended_are_counted(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.user("ann")
    await rooms.organization("acme")
    await rooms.grant("acme", "ann", Level.EDIT)
    robot = {"name": "ci", "rights": [{"scope": "acme", "access": "push"}]}
    made = await api.post("/v2/manage/robots", json=robot)
    assert made.status_code == 201, made.text

    (row,) = (await api.get(NAMESPACES)).json()["namespaces"]

    assert row["access_user_count"] == 2


async def test_a_list_without_anything_is_an_empty_list(rooms: Rooms, as_user: As) -> None:
    await rooms.user("ann")

    assert (await as_user("ann").get(NAMESPACES)).json() == {"namespaces": []}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["team", "team-two"]),
        ("?namespace=two", ["team-two"]),
        ("?filter=namespace::two", ["team-two"]),
        ("?filter=namespace::two%7Cmode::visible", ["team-two"]),
        ("?filter=mode::visible", ["hidden", "team", "team-two"]),
        ("?namespace=x&filter=mode::visible", []),
        ("?filter=mode::", ["team", "team-two"]),
        ("?namespace=%25", []),
    ],
)
async def test_the_list_is_filtered(rooms: Rooms, as_user: As, query: str, names: list[str]) -> None:
    await rooms.user("ann")
    for name in ("team", "team-two", "hidden", "secret"):
        await rooms.organization(name)
    for name in ("team", "team-two"):
        await rooms.grant(name, "ann", Level.READ)
    await rooms.repository("hidden/app")
    await rooms.grant("hidden/app", "ann", Level.READ)

    rows = (await as_user("ann").get(NAMESPACES + query)).json()["namespaces"]

    assert [row["name"] for row in rows] == names
    assert all(row["auth"] == (0 if row["name"] == "hidden" else 1) for row in rows)


async def test_a_part_of_a_name_is_found_in_any_case(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")

    for query in ("?namespace=CM", "?filter=namespace::CM"):
        assert [row["name"] for row in (await api.get(NAMESPACES + query)).json()["namespaces"]] == ["acme"]


async def test_of_an_organization_one_only_passes_through_one_counts_what_one_may_read(
    rooms: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    await rooms.user("ann")
    await rooms.organization("acme")
    for path in ("acme/app", "acme/secret", "acme/open"):
        await rooms.repository(path, is_public=path == "acme/open")
    await rooms.grant("acme/app", "ann", Level.READ)
    await rooms.share(RepositoryName("acme/secret"), await rooms.domain("guests"))
    visible = {"filter": "mode::visible"}

    for name, count in (("ann", 2), ("guests/boss", 2), ("admin", 3)):
        (row,) = (await as_user(name).get(NAMESPACES, params=visible)).json()["namespaces"]
        assert (row["repo_count"], row["access_user_count"]) == (count, 1 if name == "admin" else 0)


async def test_an_organization_is_transferred(rooms: Rooms, api: httpx2.AsyncClient, as_user: As) -> None:
    await rooms.organization("acme")
    await rooms.user("ann")
    await rooms.domain("guests")
    transfer = f"{NAMESPACES}/acme/transfer"

    within = await api.post(transfer, json={"user_name": "ann"})
    assert (within.status_code, within.json()) == (200, {})
    assert (await as_user("ann").get(f"{NAMESPACES}/acme")).json()["creator_name"] == "ann"

    moved = await api.post(transfer, json={"domain_name": "guests", "user_name": "boss", "auth": 7, "id": 9})
    assert moved.status_code == 200
    assert (await as_user("guests/boss").get(f"{NAMESPACES}/acme")).json()["creator_name"] == "boss"
    for name in ("ann", "admin"):
        assert_problem(await as_user(name).get(f"{NAMESPACES}/acme"), 404, "SVCSTG.SWR.4040058")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "SVCSTG.SWR.4000014"),
        ({"user_name": "nobody"}, 404, "ENTREPOT.4040001"),
        ({"user_name": "-bad"}, 400, "SVCSTG.SWR.4001067"),
        ({"user_name": "admin"}, 403, "SVCSTG.SWR.4039002"),
        ({"domain_name": "nobody"}, 404, "ENTREPOT.4040002"),
        ({"domain_name": "../x"}, 400, "SVCSTG.SWR.4001008"),
        ({"domain_name": 7}, 400, "SVCSTG.SWR.4000014"),
    ],
)
async def test_a_transfer_that_cannot_be_is_refused(
    rooms: Rooms, api: httpx2.AsyncClient, body: dict[str, object], status: int, code: str
) -> None:
    await rooms.organization("acme")

    assert_problem(await api.post(f"{NAMESPACES}/acme/transfer", json=body), status, code)


@pytest.mark.parametrize(
    "text", ["", "namespace", "namespace:x", "what::x", "mode::all", "mode::visible|mode::visible"]
)
async def test_a_filter_that_says_nothing_known_is_refused(api: httpx2.AsyncClient, text: str) -> None:
    assert_problem(await api.get(NAMESPACES, params={"filter": text}), 400, "SVCSTG.SWR.4001035")


async def test_parameters_with_null_characters_are_refused(api: httpx2.AsyncClient) -> None:
    assert_problem(await api.get(f"{NAMESPACES}?namespace=%00"), 400, "SVCSTG.SWR.4001024")


async def test_only_an_empty_organization_can_be_deleted(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    await rooms.repository("acme/web")

    assert_problem(await api.delete(f"{NAMESPACES}/acme"), 406, "SVCSTG.SWR.4060074")

    await api.delete(f"{NAMESPACES}/acme/repos/web")
    deleted = await api.delete(f"{NAMESPACES}/acme")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await api.get(f"{NAMESPACES}/acme")).status_code == 404


async def test_sparse_images_can_be_allowed(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")

    assert (await api.patch(f"{NAMESPACES}/acme", json={"sparse": True})).status_code == 201
    assert_problem(await api.patch(f"{NAMESPACES}/acme", json={"sparse": "no"}), 400, "SVCSTG.SWR.4000014")


async def test_permissions_are_given_shown_changed_and_taken(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    ann, ben = await rooms.user("ann"), await rooms.user("ben")
    await rooms.organization("acme")

    given = await api.post(
        ACCESS,
        json=[
            {"user_id": ann.id, "user_name": "ann", "auth": 1},
            {"user_id": ben.id, "user_name": "ben", "auth": 7},
        ],
    )
    assert (given.status_code, given.json()) == (200, {})
    assert (await api.get(ACCESS)).json() == {
        "id": 1,
        "name": "acme",
        "creator_name": "admin",
        "self_auth": {"user_id": rooms.admin.id, "user_name": "admin", "auth": 7},
        "others_auths": [
            {"user_id": ann.id, "user_name": "ann", "auth": 1},
            {"user_id": ben.id, "user_name": "ben", "auth": 7},
        ],
    }

    changed = await api.patch(ACCESS, json=[{"user_id": ann.id, "user_name": "ann", "auth": 3}])
    assert changed.status_code == 201
    taken = await api.request("DELETE", ACCESS, json=[ben.id, "nobody"])
    assert (taken.status_code, taken.content) == (204, b"")
    others = (await api.get(ACCESS)).json()["others_auths"]
    assert others == [{"user_id": ann.id, "user_name": "ann", "auth": 3}]


async def test_the_name_alone_says_who_is_meant(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.user("ann")
    await rooms.organization("acme")

    assert (await api.post(ACCESS, json=[{"user_name": "ann", "auth": 1}])).status_code == 200


async def test_a_name_with_another_id_is_refused(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.user("ann")
    await rooms.organization("acme")

    answer = await api.post(ACCESS, json=[{"user_id": rooms.admin.id, "user_name": "ann", "auth": 7}])

    assert_problem(answer, 400, "SVCSTG.SWR.4001067")
    assert (await api.get(ACCESS)).json()["others_auths"] == []


async def test_several_permissions_are_given_all_or_none(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.user("ann")
    await rooms.organization("acme")

    wanted = [{"user_id": "", "user_name": name, "auth": 1} for name in ("ann", "nobody")]
    answer = await api.post(ACCESS, json=wanted)

    assert_problem(answer, 400, "SVCSTG.SWR.4001067")
    assert (await api.get(ACCESS)).json()["others_auths"] == []


async def test_a_permission_is_given_once_and_changed_when_there_is_one(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.user("ann")
    await rooms.organization("acme")
    ann = [{"user_id": "", "user_name": "ann", "auth": 1}]

    assert_problem(await api.patch(ACCESS, json=ann), 404, "SVCSTG.SWR.4040078")
    assert_problem(await api.post(ACCESS, json=ann * 2), 409, "SVCSTG.SWR.4090076")
    await api.post(ACCESS, json=ann)
    assert_problem(await api.post(ACCESS, json=ann), 409, "SVCSTG.SWR.4090076")


@pytest.mark.parametrize("level", [0, 2, 8, -1])
async def test_a_level_that_is_none_is_refused(rooms: Rooms, api: httpx2.AsyncClient, level: int) -> None:
    await rooms.user("ann")
    await rooms.organization("acme")

    answer = await api.post(ACCESS, json=[{"user_id": "", "user_name": "ann", "auth": level}])

    assert_problem(answer, 400, "SVCSTG.SWR.4001065")


@pytest.mark.parametrize("level", [True, "7", 7.5, None])
async def test_a_level_that_is_no_number_is_refused(rooms: Rooms, api: httpx2.AsyncClient, level: object) -> None:
    await rooms.organization("acme")

    answer = await api.post(ACCESS, json=[{"user_id": "", "user_name": "ann", "auth": level}])

    assert_problem(answer, 400, "SVCSTG.SWR.4000014")


async def test_nobody_changes_what_they_may_do_themselves(rooms: Rooms, as_user: As) -> None:
    ann = await rooms.user("ann")
    await rooms.organization("acme")
    await rooms.grant("acme", "ann", Level.MANAGE)

    own = [{"user_id": ann.id, "user_name": "ann", "auth": 1}]
    assert_problem(await as_user("ann").patch(ACCESS, json=own), 403, "SVCSTG.SWR.4039002")
    assert_problem(await as_user("ann").request("DELETE", ACCESS, json=[ann.id]), 403, "SVCSTG.SWR.4039002")


async def test_more_users_than_one_call_takes_are_refused(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")

    assert_problem(await api.request("DELETE", ACCESS, json=["x"] * 501), 413, "SVCSTG.SWR.4131001")


async def test_a_permission_that_is_taken_holds_no_longer(rooms: Rooms, api: httpx2.AsyncClient, as_user: As) -> None:
    ann = await rooms.user("ann")
    await rooms.organization("acme")
    await rooms.grant("acme", "ann", Level.READ)
    assert (await as_user("ann").get(f"{NAMESPACES}/acme")).status_code == 200

    await api.request("DELETE", ACCESS, json=[ann.id])

    assert_problem(await as_user("ann").get(f"{NAMESPACES}/acme"), 404, "SVCSTG.SWR.4040058")


async def test_its_settings_are_shown_and_null_goes_back_to_those_of_the_installation(
    rooms: Rooms, api: httpx2.AsyncClient
) -> None:
    await rooms.organization("acme")
    await api.patch(f"{NAMESPACES}/acme", json={"history_days": 30, "public": True})
    own = (await api.get(f"{NAMESPACES}/acme/settings")).json()

    await api.patch(f"{NAMESPACES}/acme", json={"public": False})
    await api.patch(f"{NAMESPACES}/acme", json={"history_days": None})

    assert own == {"sparse": False, "public": True, "history_days": 30, "own_history_days": 30, "read_only": False}
    back = (await api.get(f"{NAMESPACES}/acme/settings")).json()
    assert back == {"sparse": False, "public": False, "history_days": 14, "own_history_days": None, "read_only": False}
    assert_problem(await api.patch(f"{NAMESPACES}/acme", json={"history_days": 4_000}), 400, "SVCSTG.SWR.4000014")
