"""The Enterprise calls (contract §18): one instance, its namespaces, repositories, artifacts, tags and audit."""

from typing import Any

import httpx2
import pytest

from entrepot import __version__
from entrepot.access.levels import Level
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.fresh import KINDS
from tests.make.image import Image
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

UNSAID = "%7Bproject_id%7D"  # as a client writes it that was told no project
INSTANCES = f"/v2/{UNSAID}/instances"
INSTANCE = f"{INSTANCES}/entrepot"
TAGS = "/v2/instances/entrepot/namespaces/acme/repositories"
BEGAN = "2026-01-01T00:00:00.000000Z"


def metadata(public: str = "false", **more: str) -> dict[str, str]:
    return {"public": public, "auto_scan": "false", "prevent_vul": "false", "severity": "none", **more}


async def test_there_is_one_instance(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    own = rooms.admin.domain_id

    listed = (await api.get(f"/v2/{own}/instances")).json()

    instance = {
        "id": "entrepot",
        "name": "local",
        "description": "",
        "version": __version__,
        "access_address": "registry.example",
        "status": "Running",
        "project_id": own,
        "created_at": BEGAN,
    }
    assert listed == {"instances": [instance], "total": 1}
    assert (await api.get(INSTANCE)).json() == instance
    assert (await api.get(f"{INSTANCES}?status=Creating")).json() == {"instances": [], "total": 0}
    assert_problem(await api.get(f"{INSTANCES}?status=Gone"), 400, "SVCSTG.SWR.4001024")


async def test_another_instance_or_project_is_refused(api: httpx2.AsyncClient) -> None:
    assert_problem(await api.get(f"{INSTANCES}/other"), 404, "ENTREPOT.4040030")
    assert_problem(await api.get(f"{INSTANCES}/other/namespaces"), 404, "ENTREPOT.4040030")
    assert_problem(await api.get(TAGS.replace("entrepot", "other") + "/web/tags"), 404, "ENTREPOT.4040030")
    assert_problem(await api.get(f"/v2/{'f' * 32}/instances"), 403, "SVCSTG.SWR.4039001")
    assert_problem(await api.get(f"/v2/{'f' * 32}/instances/entrepot"), 403, "SVCSTG.SWR.4039001")
    assert_problem(await api.get("/v2/manage/instances"), 404, "SVCSTG.SWR.4040083")


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("POST", "", 405, "one instance"),
        ("DELETE", "/entrepot", 405, "one instance"),
        ("PUT", "/entrepot/configurations", 405, "anonymous_pull"),
        ("GET", "/entrepot/immutabletagrules", 404, "kept under"),
        ("POST", "/entrepot/namespaces/acme/webhook/policies", 404, "kept under"),
        ("GET", "/entrepot/namespaces/acme/retention/policies/1/executions", 404, "retentions"),
        ("GET", "/entrepot/registries", 404, "sync_repo"),
        ("GET", "/entrepot/system/gc/schedule", 404, "Garbage"),
        ("POST", "/entrepot/domainname", 404, "cloud"),
        ("GET", "/entrepot/nothing", 404, "no such path"),
        ("GET", "/entrepot/namespaces/", 404, "no such path"),
    ],
)
async def test_what_is_not_served_says_why(
    api: httpx2.AsyncClient, method: str, path: str, status: int, word: str
) -> None:
    answer = await api.request(method, INSTANCES + path)

    assert_problem(answer, status, "SVCSTG.SWR.4040083")
    assert word in answer.json()["error_msg"]


async def test_what_is_set_and_held_is_told(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    image = await rooms.push("acme/web", "v1")

    assert (await api.get(f"{INSTANCE}/configurations")).json() == {"anonymous_access": True}
    assert (await api.get(f"{INSTANCE}/statistics")).json() == {
        "storage_used": sum(len(blob.content) for blob in image.blobs),
        "total_namespace_count": 1,
        "total_image_count": 1,
        "namespace_quota": -1,
        "image_repo_quota": -1,
        "long_term_quota": 2,
    }
    assert set((await api.get(f"{INSTANCE}/feature-gates")).json().values()) == {False}


async def test_a_namespace_is_made_shown_changed_and_deleted(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    path = f"{INSTANCE}/namespaces/acme"
    body = {"namespace_name": "acme", "metadata": {"public": "true"}}

    made = await api.post(f"{INSTANCE}/namespaces", json=body)
    assert (made.status_code, made.json()) == (201, {"id": 1})
    assert_problem(await api.post(f"{INSTANCE}/namespaces", json=body), 409, "SVCSTG.SWR.4090060")

    await rooms.push("acme/web", "v1")
    shown = {"namespace_id": 1, "name": "acme", "metadata": metadata("true"), "repo_count": 1, "created_at": BEGAN}
    assert (await api.get(path)).json() == shown
    assert (await api.get("/v2/manage/namespaces/acme/repos/web")).json()["is_public"] is True

    changed = await api.put(path, json={"metadata": {"public": "false"}})
    assert (changed.status_code, changed.json()) == (200, {"namespace_name": "acme", "metadata": metadata()})
    await rooms.push("acme/db", "v1")
    visible = [
        (await api.get(f"/v2/manage/namespaces/acme/repos/{name}")).json()["is_public"] for name in ("db", "web")
    ]
    assert visible == [False, True]

    assert_problem(await api.delete(path), 406, "SVCSTG.SWR.4060074")
    for name in ("db", "web"):
        assert (await api.delete(f"{path}/repositories/{name}")).status_code == 204
    assert (await api.delete(path)).status_code == 204
    assert_problem(await api.get(path), 404, "SVCSTG.SWR.4040058")


@pytest.mark.parametrize(
    "wrong",
    [
        {"public": "yes"},
        {"public": True},
        {},
        metadata(auto_scan="true"),
        metadata(prevent_vul="true"),
        metadata(severity="high"),
    ],
)
async def test_what_nothing_does_cannot_be_asked_for(api: httpx2.AsyncClient, wrong: dict[str, Any]) -> None:
    await api.post(f"{INSTANCE}/namespaces", json={"namespace_name": "acme", "metadata": metadata()})
    excepted = {"metadata": metadata(), "cve_allowlist": {"items": [{"cve_id": "CVE-2026-1"}]}}

    for answer in (
        await api.post(f"{INSTANCE}/namespaces", json={"namespace_name": "other", "metadata": wrong}),
        await api.put(f"{INSTANCE}/namespaces/acme", json={"metadata": wrong}),
        await api.put(f"{INSTANCE}/namespaces/acme", json=excepted),
    ):
        assert answer.status_code == 400
        assert answer.json()["error_code"] in ("SVCSTG.SWR.4000014", "SVCSTG.SWR.4001014")
    assert_problem(await api.get(f"{INSTANCE}/namespaces/other"), 404, "SVCSTG.SWR.4040058")


async def test_namespaces_are_listed_by_page(rooms: Rooms, api: httpx2.AsyncClient, as_user: As) -> None:
    for name, public in (("beta", "true"), ("acme", "false"), ("gamma", "true")):
        await api.post(f"{INSTANCE}/namespaces", json={"namespace_name": name, "metadata": {"public": public}})
    await rooms.user("ann")
    await rooms.grant("gamma", "ann", Level.READ)

    async def names(query: str = "", who: str = "admin") -> tuple[list[str], int]:
        answer = (await as_user(who).get(f"{INSTANCE}/namespaces?{query}")).json()
        return [one["name"] for one in answer["namespaces"]], answer["total"]

    assert await names() == (["acme", "beta", "gamma"], 3)
    assert await names("limit=2&offset=2") == (["gamma"], 3)
    assert await names("order_column=updated_at") == (["gamma", "acme", "beta"], 3)
    assert await names("order_column=created_at&order_type=asc") == (["beta", "acme", "gamma"], 3)
    assert await names("order_column=name&order_type=desc") == (["gamma", "beta", "acme"], 3)
    assert await names("public=true&name=a") == (["beta", "gamma"], 2)
    assert await names(who="ann") == (["gamma"], 1)


@pytest.mark.parametrize("query", ["limit=101", "limit=0", "limit=10&offset=5", "offset=x", "order_column=size"])
@pytest.mark.parametrize("path", ["namespaces", "repositories", "namespaces/acme/repositories"])
async def test_a_page_that_cannot_be_is_refused(api: httpx2.AsyncClient, path: str, query: str) -> None:
    code = "4001096" if "order" in query else "4000056"

    assert_problem(await api.get(f"{INSTANCE}/{path}?{query}"), 400, f"SVCSTG.SWR.{code}")


async def test_repositories_are_listed_shown_described_and_deleted(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    await rooms.organization("other")
    image = await rooms.push("acme/team/web", "v1")
    await rooms.push("acme/team/web", "v2", Image.index(image))
    for path in ("acme/db", "other/db"):
        await rooms.repository(path)

    everything = (await api.get(f"{INSTANCE}/repositories")).json()
    assert [(one["namespace_name"], one["name"]) for one in everything["repositories"]] == [
        ("other", "db"),
        ("acme", "db"),
        ("acme", "team/web"),
    ]
    assert everything["total"] == 3
    numbered = (await api.get(f"{INSTANCE}/repositories?namespace_id=2")).json()
    assert [one["namespace_name"] for one in numbered["repositories"]] == ["other"]
    inside = (await api.get(f"{INSTANCE}/namespaces/acme/repositories?order_type=asc&limit=1")).json()
    assert ([one["name"] for one in inside["repositories"]], inside["total"]) == (["team/web"], 2)

    web = f"{INSTANCE}/namespaces/acme/repositories/team%2Fweb"
    assert (await api.put(web, json={"description": "of the team"})).status_code == 200
    assert (await api.get(web)).json() == {
        "id": 1,
        "name": "team/web",
        "namespace_id": 1,
        "namespace_name": "acme",
        "tag_count": 2,
        "artifact_count": 2,
        "pull_count": 0,
        "description": "of the team",
        "created_at": BEGAN,
        "updated_at": BEGAN,
    }
    assert (await api.delete(web)).status_code == 204
    assert_problem(await api.get(web.replace("%2F", "$")), 404, "SVCSTG.SWR.4040113")


async def test_artifacts_are_listed_shown_and_deleted(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    image = await rooms.push("acme/team/web", "v1")
    await rooms.push("acme/team/web", "latest", image)
    other = await rooms.push("acme/team/web", "v2", Image.make())
    path = f"{INSTANCE}/namespaces/acme/repositories/team%2Fweb/artifacts"

    page = (await api.get(path)).json()
    assert ([one["digest"] for one in page["artifacts"]], page["total"]) == ([str(other.digest), str(image.digest)], 2)
    tagged = (await api.get(f"{path}?tags=LATE&type=IMAGE")).json()
    assert [one["digest"] for one in tagged["artifacts"]] == [str(image.digest)]
    assert (await api.get(f"{path}?type=ARTIFACT")).json() == {"artifacts": [], "total": 0}

    shown = (await api.get(f"{path}/{image.digest}")).json()
    assert shown == tagged["artifacts"][0]
    assert [(tag["name"], tag["artifact_id"]) for tag in shown.pop("tags")] == [("latest", 1), ("v1", 1)]
    assert shown == {
        "id": 1,
        "repository_id": 1,
        "repository_name": "team/web",
        "namespace_id": 1,
        "digest": str(image.digest),
        "type": "IMAGE",
        "media_type": "application/vnd.oci.image.config.v1+json",
        "manifest_media_type": image.media_type,
        "size": sum(len(blob.content) for blob in image.blobs),
        "push_time": BEGAN,
    }

    assert (await api.delete(f"{path}/{image.digest}")).status_code == 204
    assert_problem(await api.get(f"{path}/{image.digest}"), 404, "SVCSTG.SWR.4040115")
    assert (await api.get(f"{path}/v1")).status_code == 400


async def test_tags_are_listed_and_deleted(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    image = await rooms.push("acme/team/web", "v1")
    await rooms.push("acme/team/web", "v2", Image.index(image))
    path = f"{TAGS}/team%2Fweb/tags"

    page = (await api.get(path)).json()
    assert ([one["name"] for one in page["tags"]], page["total"]) == (["v2", "v1"], 2)
    assert page["tags"][1] == {
        "id": 1,
        "name": "v1",
        "artifact_id": 1,
        "repository_id": 1,
        "namespace_id": 1,
        "digest": str(image.digest),
        "type": "IMAGE",
        "media_type": "application/vnd.oci.image.config.v1+json",
        "manifest_media_type": image.media_type,
        "size": sum(len(blob.content) for blob in image.blobs),
        "push_time": BEGAN,
    }

    assert (await api.delete(f"{path}/v1")).status_code == 204
    assert_problem(await api.delete(f"{path}/v1"), 404, "SVCSTG.SWR.4040115")
    assert (await api.get(path)).json()["total"] == 1


async def test_the_audit_is_told_by_operation(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    image = await rooms.push("acme/web", "v1")
    await api.delete(f"{TAGS}/web/tags/v1")
    await api.delete(f"{INSTANCE}/namespaces/acme/repositories/web/artifacts/{image.digest}")

    async def told(operation: str, query: str = "") -> tuple[list[tuple[str, str, str]], int]:
        answer = (await api.get(f"{INSTANCE}/audit-logs?operation={operation}{query}")).json()
        rows = [(one["resource_type"], one["resource"], one["username"]) for one in answer["audit_logs"]]
        assert {one["operation"] for one in answer["audit_logs"]} <= {operation}
        return rows, answer["total"]

    created = [("artifact", "acme/web:v1"), ("repository", "acme/web"), ("namespace", "acme")]
    deleted = [("artifact", f"acme/web@{image.digest}"), ("tag", "acme/web:v1")]
    assert await told("create") == ([(*one, "admin") for one in created], 3)
    assert await told("create", "&limit=1&offset=1") == ([(*created[1], "admin")], 3)
    assert await told("delete") == ([(*one, "admin") for one in deleted], 2)
    assert await told("pull") == ([], 0)
    assert_problem(await api.get(f"{INSTANCE}/audit-logs"), 400, "SVCSTG.SWR.4001014")
    assert_problem(await api.get(f"{INSTANCE}/audit-logs?operation=move"), 400, "SVCSTG.SWR.4001024")
