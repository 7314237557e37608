"""No list of the management API reads a large table from end to end, however deep its page."""

from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, make_url, select

from entrepot.accounts.groups import create_group
from entrepot.accounts.initial_password import FIRST_ADMIN
from entrepot.doors.manage.door import build
from entrepot.registry.tables import repository
from entrepot.values.names import GroupName
from tests.make import estate
from tests.make.fresh import KINDS, fresh_url
from tests.make.plans import asked, scans
from tests.make.rooms import PASSWORD, open_rooms

MEMBER = "member"
ORGANIZATIONS = 1_500
_SHARED = "shared-repositories?limit=5"
LARGE = {
    *(
        "repository",
        "tag",
        "manifest",
        "blob",
        "repository_blob",
        "grant",
        "event",
        "pull_day",
        "pull_last",
        "share",
        "version_label",
    ),
    *("user", "robot", "group", "membership", "personal_token"),
}

_REPOS = "/v2/manage/repos"
_SERVICE = "/v2/manage/namespaces/team7/repos/service-1506"
LISTS = (
    "/v2/manage/namespaces/team7",
    _SERVICE,
    f"{_SERVICE}/tags?limit=100&offset=0",
    f"{_SERVICE}/tags?filter=tag::1|limit::5|offset::5",
    f"{_SERVICE}/tags?limit=5&offset=0&order_column=tag&order_type=asc",
    f"{_SERVICE.replace('v2', 'v3')}/tags?limit=5&marker=1767225600000000.15055",
    f"{_REPOS}?limit=100&offset=0",
    f"{_REPOS}?limit=100&offset=400",
    f"{_REPOS}?limit=100&offset=7000",
    f"{_REPOS}?limit=100&offset=0&order_column=name&order_type=asc",
    f"{_REPOS}?limit=100&offset=400&order_column=name&order_type=desc",
    f"{_REPOS}?filter=namespace::team77|limit::100|offset::0",
    f"{_REPOS}?namespace=team77&limit=100&offset=0",
    f"{_REPOS}?filter=name::service-777|limit::100|offset::0",
    "/v3/manage/repos?limit=100&marker=5000",
    f"{_SERVICE}/pulls",
    "/v2/manage/cold?days=1&limit=5",
    "/v2/manage/cold?days=1&limit=5&marker=team7/service-1506",
    "/v2/manage/cold?days=1&namespace=team7",
    f"{_SERVICE}/versions?limit=5",
    f"{_SERVICE}/versions?limit=5&marker=1.15055&order_column=tag&order_type=asc",
    f"{_SERVICE}/tags/1.15055/history?limit=5",
    f"{_SERVICE}/history?at=2026-06-01T00:00:00Z&limit=5&marker=1.15055",
    f"{_SERVICE}/1.15055/accessories",
    f"/v2/manage/{_SHARED}&offset=5&center=self",
    f"/v2/manage/{_SHARED}&offset=5&center=thirdparty&order_column=name",
    f"/v3/manage/{_SHARED}&marker=5&shared_by=self",
    f"/v3/manage/{_SHARED}&marker=5&shared_by=thirdparty",
    f"{_SERVICE}/grants",
    "/v2/manage/namespaces/team7/grants",
    "/v2/manage/namespaces/team7/grants?marker=team7/a* user:1",
    "/v2/manage/users?marker=a",
    "/v2/manage/users?order_column=created_at&limit=5",
    "/v2/manage/users?order_column=created_at&limit=5&marker=2026-01-01T00:00:00%2B00:00 a",
    "/v2/manage/users?order_column=expires_at&limit=5",
    "/v2/manage/users?order_column=expires_at&limit=5&order_type=desc&marker=- a",
    "/v2/manage/robots?order_column=expires_at&limit=5&marker=2026-01-01T00:00:00%2B00:00 a",
    "/v2/manage/groups?order_column=created_at&limit=5&marker=2026-01-01T00:00:00%2B00:00 a",
    "/v2/manage/groups?marker=a",
    "/v2/manage/groups/team/members",
    "/v2/manage/robots?marker=a",
    "/v2/manage/tokens?marker=a",
    "/v2/manage/domains?marker=a",
    "/v2/manage/search?q=service-777&limit=20",
    "/v2/manage/search?q=1.1505&limit=20",
    "/v2/manage/search?q=service:1.&limit=20",
    "/v2/manage/search?q=team7/service:1.15&limit=20",
    "/v2/manage/search?q=sha256:00000000&limit=20",
    "/v2/manage/search?q=label:team=red&limit=20",
    "/v2/manage/search?q=label:team&limit=20",
    "/v2/manage/search?q=label:team=r* service-777&limit=20",
    "/v2/manage/search?q=label:revision=r777&limit=20",
    "/v2/manage/search?q=label:revision=r77*&limit=20",
    "/v2/manage/search?q=label:team=red label:revision=r777&limit=20",
)


@pytest.mark.parametrize("kind", KINDS)
async def test_no_list_reads_a_large_table_whole(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    url = fresh_url(request, kind)
    async with open_rooms(tmp_path, url) as rooms:
        await rooms.user(MEMBER)
        await create_group(rooms.accounts, rooms.admin, GroupName("team"))
        furnish(url)
        for name in (FIRST_ADMIN, MEMBER):
            client = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(build(rooms.manage)),
                base_url="http://registry.test",
                auth=(name, PASSWORD),
            )
            async with client:
                for path in LISTS:
                    with asked() as questions:
                        answer = await client.get(path)
                    assert answer.status_code in (200, 403, 404), answer.text
                    found = [one for one in scans(url, questions) if one.partition(":")[0] in LARGE]
                    assert found == [], f"{path} as {name}"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_table_read_whole_is_found(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    url = fresh_url(request, kind)
    async with open_rooms(tmp_path, url) as rooms:
        with asked() as questions:
            async with rooms.db.reading() as tx:
                await tx.rows(select(repository.c.id).where(repository.c.category == "other"))

    assert [one.partition(":")[0] for one in scans(url, questions)] == ["repository"]


def furnish(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    with engine.begin() as connection:
        estate.fill(connection, MEMBER, ORGANIZATIONS)
    estate.settle(engine)
    engine.dispose()
