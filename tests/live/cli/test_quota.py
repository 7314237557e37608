"""`entrepot quota` against a real server, and what the server makes of its settings and of a stop."""

import pytest

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import ok, push, read
from tests.live.conftest import StartServer
from tests.live.process import end

GIB = 1 << 30


def test_quotas_are_shown_set_and_taken_back(
    start_server: StartServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server()
    for name, value in (("URL", server.url), ("USER", server.user), ("PASSWORD", server.password)):
        monkeypatch.setenv(f"ENTREPOT_{name}", value)
    ok(run("org", "create", "acme"))

    rows = read(run("quota", "set", "default", "--tags", "2", "--bytes", "3GiB", "--json"))
    assert {row["resource"]: row["limit"] for row in rows} == {
        "organizations": -1, "repositories": -1, "tags": 2, "bytes": 3 * GIB
    }  # fmt: skip
    assert read(run("quota", "show", "--json")) == rows
    assert "3.0 GiB" in ok(run("quota", "show", "default"))

    ok(run("quota", "set", "--org", "acme", "--repositories", "0", "--archive-bytes", "20GiB"))
    assert "20.0 GiB" in ok(run("quota", "show", "--org", "acme"))
    with Api(server) as api:
        refused = api.client.post("/v2/acme/app/blobs/uploads/")
    assert "quota of the organization for repositories is used up: 0 used, 0 allowed" in refused.text
    ok(run("quota", "set", "--org", "acme", "--repositories", "default"))
    with Api(server) as api:
        push(api, "acme/app", "v1")


def test_a_limit_that_cannot_be_read_is_wrong_usage(as_admin: Run) -> None:
    for arguments in (
        ["default"],
        ["--tags", "5"],
        ["default", "--tags", "many"],
        ["default", "--tags", "-5"],
        ["default", "--org", "acme", "--tags", "5"],
        ["--org", "acme", "--organizations", "5"],
        ["default", "--archive-bytes", "5GiB"],
    ):
        assert as_admin("quota", "set", *arguments).code == 2


def test_limits_of_the_settings_hold_and_pulls_survive_a_stop(start_server: StartServer) -> None:
    server = start_server(quota_organizations="1", accounting_seconds="1h")
    with Api(server) as api:
        api.create_org("acme")
        assert api.client.post("/v2/manage/namespaces", json={"namespace": "more"}).status_code == 400
        image = push(api, "acme/app", "v1")
        for _ in range(3):
            assert api.client.get("/v2/acme/app/manifests/v1").status_code == 200
        assert api.client.get(f"/v2/acme/app/blobs/{image.blobs[1].digest}").status_code == 200
    end(server)

    again = start_server(data=server.data, quota_organizations="2")
    with Api(again, password=server.password) as api:
        assert api.client.get("/v2/manage/namespaces/acme/repos/app").json()["num_download"] == 3
        report = api.client.get("/v2/manage/reports/downflow/daily").json()
        assert report[-1]["value"] == len(image.blobs[1].content)
        api.create_org(fresh_name())
        assert api.client.post("/v2/manage/namespaces", json={"namespace": "more"}).status_code == 400
