"""What no transaction tells: logins, refusals and sampled pulls are noted by the doors, with their caller."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from sqlalchemy import Row

from entrepot.access.levels import Level
from entrepot.accounts.scopes import Scope
from entrepot.accounts.tokens import issue_token
from entrepot.doors.manage import door as manage_door
from entrepot.doors.oci.door import OciDoor
from entrepot.doors.oci.sampled import SampledPulls
from entrepot.registry.quota_rules import Resource
from entrepot.registry.quotas import set_organization_quotas
from entrepot.values.names import OrganizationName
from tests.make.looking import events_after, last_event
from tests.make.rooms import PASSWORD, Rooms

ADDRESS = "192.0.2.7"


def client_of(door: Any, user: str, password: str = PASSWORD) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(door, client=(ADDRESS, 4711))
    return httpx2.AsyncClient(transport=transport, base_url="http://registry.test", auth=(user, password))


async def noted(rooms: Rooms, seq: int) -> list[Row[Any]]:
    await rooms.accounts.notes.flush()
    return [row for row in await events_after(rooms.db, seq) if "count" in row.data]


@pytest.fixture
async def seq(rooms: Rooms) -> int:
    await rooms.organization("acme")
    await rooms.push("acme/app", "v1")
    for name in ("ann", "zoe"):
        await rooms.user(name)
    await rooms.grant("acme/app", "zoe", Level.READ)
    await rooms.accounts.notes.flush()
    return await last_event(rooms.db)


async def test_a_login_is_noted_once_with_what_was_shown(rooms: Rooms, seq: int) -> None:
    async with client_of(manage_door.build(rooms.manage), "ann") as client:
        for _ in range(3):
            assert (await client.get("/v2/manage/namespaces")).status_code == 200
            await rooms.accounts.notes.flush()

    (row,) = await noted(rooms, seq)
    ann = await rooms.sign_in("ann")
    assert (row.type, row.subject, row.actor) == ("login.succeeded", "ann", ann.subject)
    assert (row.address, row.credential, row.domain_id, row.organization) == (ADDRESS, "password", ann.domain_id, "")


@pytest.mark.parametrize("path", ["/v2/", "/auth/token"])
async def test_a_refused_login_is_noted_for_the_domain_of_the_account(rooms: Rooms, seq: int, path: str) -> None:
    for name in ("ann", "nobody"):
        async with client_of(OciDoor(rooms.oci), name, "wrong") as client:
            for _ in range(2):
                assert (await client.get(path)).status_code == 401

    rows = await noted(rooms, seq)
    domain_id = rooms.admin.domain_id
    assert [(row.type, row.subject, row.actor, row.domain_id, row.data["count"]) for row in rows] == [
        ("login.refused", "ann", "*", domain_id, 2),
        ("login.refused", "nobody", "*", "", 2),
    ]
    assert {row.address for row in rows} == {ADDRESS}


@pytest.mark.parametrize(
    ("user", "method", "path", "status", "subject", "action"),
    [
        ("ann", "GET", "/v2/acme/app/manifests/v1", 404, "acme/app", "repository:pull"),
        ("ann", "GET", "/v2/acme/absent/manifests/v1", 404, "acme/absent", "repository:pull"),
        ("zoe", "DELETE", "/v2/acme/app/manifests/v1", 403, "acme/app", "repository:delete-content"),
        ("zoe", "POST", "/v2/acme/app/blobs/uploads/", 403, "acme/app", "repository:push"),
        ("ann", "GET", "/v2/manage/namespaces/acme", 404, "acme", "organization:read"),
        ("zoe", "DELETE", "/v2/manage/namespaces/acme/repos/app", 403, "acme/app", "repository:delete"),
        ("zoe", "GET", "/v2/manage/users", 403, "", "list_users"),
    ],
)
async def test_a_refusal_is_noted_also_where_the_answer_hides_it(
    rooms: Rooms, seq: int, user: str, method: str, path: str, status: int, subject: str, action: str
) -> None:
    door = manage_door.build(rooms.manage) if "/manage/" in path else OciDoor(rooms.oci)
    async with client_of(door, user) as client:
        assert (await client.request(method, path)).status_code == status

    (row,) = [row for row in await noted(rooms, seq) if row.type != "login.succeeded"]
    actor = await rooms.sign_in(user)
    assert (row.type, row.subject, row.actor) == ("access.refused", subject, actor.subject)
    assert (row.organization, row.domain_id) == ("acme" if subject else "", actor.domain_id)
    assert (row.address, row.credential, row.data["action"]) == (ADDRESS, "password", action)


async def test_a_full_quota_is_noted_for_what_more_was_wanted_for_and_not_with_every_try(
    rooms: Rooms, seq: int
) -> None:
    limits = {Resource.TAGS: 1, Resource.BYTES: 1, Resource.REPOSITORIES: 1}
    await set_organization_quotas(rooms.registry, rooms.admin, OrganizationName("acme"), limits)
    named = {"source_tag": "v1", "destination_tag": "v2"}
    async with client_of(manage_door.build(rooms.manage), "admin") as client:
        for _ in range(2):
            assert (await client.post("/v2/manage/namespaces/acme/repos/app/tags", json=named)).status_code == 400
    async with client_of(OciDoor(rooms.oci), "admin") as client:
        new = await client.post("/v2/acme/new/blobs/uploads/")
        big = await client.post("/v2/acme/app/blobs/uploads/", params={"digest": f"sha256:{'0' * 64}"}, content=b"ab")
        assert (new.status_code, big.status_code) == (403, 403), (new.text, big.text)

    rows = [row for row in await noted(rooms, seq) if row.type == "quota.exceeded"]
    assert [(row.subject, row.organization, row.data) for row in rows] == [
        (subject, "acme", {"count": count, "quota": quota, "of": "organization", "limit": 1})
        for subject, count, quota in (
            ("acme/app", 2, "tags"),
            ("acme/new", 1, "repositories"),
            ("acme/app", 1, "bytes"),
        )
    ]
    assert {row.actor for row in rows} == {rooms.admin.subject}


async def test_what_is_simply_not_there_is_no_refusal(rooms: Rooms, seq: int) -> None:
    async with client_of(OciDoor(rooms.oci), "zoe") as client:
        assert (await client.get("/v2/acme/app/manifests/absent")).status_code == 404

    assert [row.type for row in await noted(rooms, seq)] == ["login.succeeded"]


async def test_pulls_are_noted_one_in_so_many(rooms: Rooms, seq: int) -> None:
    sampled = replace(rooms.oci, sampled=SampledPulls(rooms.accounts.notes, 3))
    scopes = [Scope("repository", "acme/app", ("pull",))]
    token = (await issue_token(rooms.accounts, await rooms.sign_in("zoe"), scopes)).token
    async with client_of(OciDoor(sampled), "") as client:
        for method in ("HEAD", "GET", "GET", "GET", "GET", "GET", "GET"):
            headers = {"authorization": f"Bearer {token}"}
            answer = await client.request(method, "/v2/acme/app/manifests/v1", headers=headers, auth=None)
            assert answer.status_code == 200

    (row,) = [row for row in await noted(rooms, seq) if row.type == "manifest.pulled"]
    assert (row.subject, row.organization, row.address, row.credential) == ("acme/app", "acme", ADDRESS, "password")
    assert row.data["count"] == 2
    assert row.data["reference"] == "v1"


async def test_without_the_setting_no_pull_is_noted(rooms: Rooms, seq: int) -> None:
    async with client_of(OciDoor(rooms.oci), "zoe") as client:
        assert (await client.get("/v2/acme/app/manifests/v1")).status_code == 200

    assert [row.type for row in await noted(rooms, seq)] == ["login.succeeded"]
