"""`entrepot maintenance` on a server of its own: the installation is closed and opened, an organization alone, too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, push, read, refused
from tests.live.process import Server, running_server


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    with running_server(tmp_path, workers=2) as server:
        yield server


def test_nothing_is_changed_in_any_process_and_pulls_go_on(run: Run, own: Server) -> None:
    ok(run("login", own.url, "-u", own.user, "-p", own.password))
    with Api(own) as api:
        app = f"{api.create_org()}/app"
        image = push(api, app, "v1")
        assert read(run("maintenance", "status", "--json")) == {"mode": "open"}

        ok(run("maintenance", "on", "--read-only", "--message", "Until noon."))
        state = read(run("maintenance", "status", "--json"))
        assert (state["mode"], state["message"], state["by"]) == ("read-only", "Until noon.", "admin")
        assert "read-only for now: Until noon." in refused(run("org", "create", "another"))
        for _ in range(10):
            refusal = api.client.post(f"/v2/{app}/blobs/uploads/")
            assert (refusal.status_code, refusal.json()["errors"][0]["code"]) == (403, "DENIED")
            assert api.client.get(f"/v2/{app}/manifests/v1").status_code == 200

        ok(run("maintenance", "on"))
        for _ in range(10):
            answer = api.client.put(
                f"/v2/{app}/manifests/v2", content=image.body, headers={"content-type": image.media_type}
            )
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert "maintenance" in run("org", "create", "another").err

        ok(run("maintenance", "off"))
        ok(run("org", "create", "another"))


def test_an_organization_is_made_read_only(as_admin: Run, api: Api) -> None:
    closed, other = api.create_org(), api.create_org()
    push(api, f"{closed}/app", "v1")

    ok(as_admin("maintenance", "on", "--org", closed, "--message", "It has ended."))

    said = refused(as_admin("tag", "add", f"{closed}/app:v1", "v2"))
    assert f"organization {closed} is read-only: It has ended." in said
    push(api, f"{other}/app", "v1")
    assert read(as_admin("org", "show", closed, "--json"))["settings"]["read_only"] is True
    ok(as_admin("maintenance", "off", "--org", closed))
    ok(as_admin("tag", "add", f"{closed}/app:v1", "v2"))
    assert read(as_admin("org", "show", closed, "--json"))["settings"]["read_only"] is False
