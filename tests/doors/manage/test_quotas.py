"""Quotas and reports on the management API: the contract's calls and ours."""

from datetime import date, timedelta

import httpx2
import pytest

from entrepot.registry.accounting import Accountant
from tests.doors.manage.conftest import As
from tests.make.fresh import KINDS
from tests.make.image import Image
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

QUOTAS, DOMAIN = "/v2/manage/quotas", "/v2/manage/domains/default/quotas"
ACME = "/v2/manage/namespaces/acme"


@pytest.fixture
async def image(rooms: Rooms) -> Image:
    await rooms.organization("acme")
    return await rooms.push("acme/web", "v1")


def project(rooms: Rooms) -> str:
    return f"/v2/manage/projects/{rooms.admin.domain_id}/quotas"


async def test_without_limits_the_contract_shows_organizations_alone(
    rooms: Rooms, api: httpx2.AsyncClient, image: Image
) -> None:
    answer = await api.get(project(rooms))

    assert answer.status_code == 200
    assert answer.json() == {"quotas": [{"quota_key": "namespace", "quota_limit": -1, "used": 1, "unit": ""}]}


async def test_the_contract_shows_tags_when_a_repository_is_named(
    rooms: Rooms, api: httpx2.AsyncClient, image: Image
) -> None:
    await api.patch(DOMAIN, json={"organizations": 5, "repositories": 7, "tags": 9, "bytes": 1_000})

    plain = (await api.get(project(rooms))).json()["quotas"]
    named = (await api.get(project(rooms), params={"namespace": "acme", "repository": "web"})).json()["quotas"]

    assert {one["quota_key"]: (one["used"], one["quota_limit"]) for one in plain} == {
        "namespace": (1, 5), "repository": (1, 7)
    }  # fmt: skip
    assert {one["quota_key"]: (one["used"], one["quota_limit"]) for one in named} == {
        "namespace": (1, 5), "repository": (1, 7), "tag": (1, 9)
    }  # fmt: skip


async def test_a_client_without_a_project_means_its_own(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    unsaid = await api.get("/v2/manage/projects/%7Bproject_id%7D/quotas")

    assert (unsaid.status_code, unsaid.json()) == (200, (await api.get(project(rooms))).json())


async def test_a_project_of_another_domain_is_refused(api: httpx2.AsyncClient) -> None:
    answer = await api.get("/v2/manage/projects/0123456789abcdef0123456789abcdef/quotas")

    assert (answer.status_code, answer.json()["error_code"]) == (403, "SVCSTG.SWR.4039001")


async def test_limits_are_set_left_and_taken_back(api: httpx2.AsyncClient, image: Image) -> None:
    size = sum(len(blob.content) for blob in image.blobs)

    changed = await api.patch(DOMAIN, json={"tags": 2, "bytes": 0})
    assert changed.status_code == 200
    assert changed.json() == (await api.get(QUOTAS)).json() == (await api.get(DOMAIN)).json()
    assert changed.json()["quotas"] == [
        {"resource": "organizations", "used": 1, "limit": -1, "is_own": False},
        {"resource": "repositories", "used": 1, "limit": -1, "is_own": False},
        {"resource": "tags", "used": 1, "limit": 2, "is_own": True},
        {"resource": "bytes", "used": size, "limit": 0, "is_own": True},
    ]

    changed = await api.patch(DOMAIN, json={"bytes": None})
    assert [(one["limit"], one["is_own"]) for one in changed.json()["quotas"]][2:] == [(2, True), (-1, False)]


@pytest.mark.parametrize("body", [{"tags": -2}, {"tags": "5"}, {"tags": True}, {"tags": 2**70}, [], {"tags": 1.5}])
async def test_a_limit_is_a_number(api: httpx2.AsyncClient, body: object) -> None:
    assert (await api.patch(DOMAIN, json=body)).status_code == 400


async def test_a_quota_that_is_used_up_has_its_code_of_the_contract(
    rooms: Rooms, api: httpx2.AsyncClient, image: Image
) -> None:
    await api.patch(DOMAIN, json={"organizations": 1, "repositories": 1})

    organization = await api.post("/v2/manage/namespaces", json={"namespace": "more"})
    repository = await api.post(f"{ACME}/repos", json={"repository": "more", "is_public": False})

    assert (organization.status_code, organization.json()["error_code"]) == (400, "SVCSTG.SWR.4000097")
    assert "1 used, 1 allowed" in organization.json()["error_msg"]
    assert (repository.status_code, repository.json()["error_code"]) == (400, "SVCSTG.SWR.4000098")


async def test_an_organization_has_limits_of_its_own(api: httpx2.AsyncClient, as_user: As, image: Image) -> None:
    changed = await api.patch(f"{ACME}/quotas", json={"repositories": 1})

    assert changed.json()["quotas"][1] == {"resource": "repositories", "used": 1, "limit": 1, "is_own": True}
    assert (await api.get(f"{ACME}/quotas")).json() == changed.json()
    refused = await api.post(f"{ACME}/repos", json={"repository": "more", "is_public": False})
    assert "of the organization for repositories" in refused.json()["error_msg"]


async def test_an_unknown_domain_is_not_found_by_those_who_may_look(
    rooms: Rooms, api: httpx2.AsyncClient, as_user: As
) -> None:
    await rooms.user("ann")

    assert (await api.get("/v2/manage/domains/nowhere/quotas")).status_code == 404
    assert (await as_user("ann").get("/v2/manage/domains/nowhere/quotas")).status_code == 403


async def test_reports_and_downloads_show_what_was_pulled(rooms: Rooms, api: httpx2.AsyncClient, image: Image) -> None:
    counts = rooms.registry.counts
    counts.answered("GET", "acme/web", "v1", str(image.digest))
    counts.sent("acme/web", str(image.blobs[0].digest), 1_234)
    await Accountant(rooms.registry).keep()

    down = (await api.get("/v2/manage/reports/downflow/daily")).json()
    store = (await api.get("/v2/manage/reports/store/daily")).json()

    assert len(down) == len(store) == 30
    assert down[-1] == {"date": "2026-01-01", "value": 1_234}
    assert store[-1]["value"] == sum(len(blob.content) for blob in image.blobs)
    assert down[0]["date"] == (date(2026, 1, 1) - timedelta(days=29)).isoformat()
    for path in ("/v2/manage/repos", "/v3/manage/repos", f"{ACME}/repos/web"):
        answer = (await api.get(path)).json()
        row = answer.get("repos", [answer])[0] if isinstance(answer, dict) else answer[0]
        assert row["num_download"] == 1
    pulls = (await api.get(f"{ACME}/repos/web/pulls")).json()
    assert pulls == {"pulls": [{"tag": "v1", "date": "2026-01-01", "pulls": 1, "bytes": 1_234}]}


async def test_usage_shows_what_came_and_went_by_day(rooms: Rooms, api: httpx2.AsyncClient, image: Image) -> None:
    size = sum(len(blob.content) for blob in image.blobs)
    rooms.registry.counts.answered("GET", "acme/web", "v1", str(image.digest))
    await Accountant(rooms.registry).keep()

    domain = (await api.get("/v2/manage/usage")).json()
    repository = (await api.get(f"{ACME}/repos/web/usage")).json()
    up = (await api.get("/v2/manage/reports/upflow/daily")).json()

    today = {"date": "2026-01-01", "pulls": 1, "pulled_bytes": 0, "pushes": 1, "pushed_bytes": size}
    assert repository["days"][-1] == today
    assert domain["days"][-1] == {**today, "stored_bytes": size}
    held = {"stored_bytes": size, "exclusive_bytes": size, "shared_bytes": 0}
    assert {name: value for name, value in domain.items() if name != "days"} == {
        "organizations": 1, "repositories": 1, "tags": 1, "pulled_bytes": 0, **held
    }  # fmt: skip
    last = {"at": "2026-01-01T00:00:00.000000Z", "by": "", "is_anonymous": True}
    assert {name: value for name, value in repository.items() if name != "days"} == {**held, "last_pull": last}
    assert (await api.get(f"{ACME}/usage")).json() == held
    assert (await api.get(f"{ACME}/repos/web/tags/v1/usage")).json() == held
    assert len(domain["days"]) == len(repository["days"]) == len(up) == 30
    assert up[-1] == {"date": "2026-01-01", "value": size}


@pytest.mark.parametrize("path", ["store/hourly", "downfall/daily", "store/%00"])
async def test_there_are_no_other_reports(api: httpx2.AsyncClient, path: str) -> None:
    assert (await api.get(f"/v2/manage/reports/{path}")).status_code == 400
