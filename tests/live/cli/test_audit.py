"""`entrepot audit` against a real server: what its own process noted, with the address of a real connection."""

import json
from pathlib import Path

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import ok, read, refused
from tests.live.conftest import StartServer


def test_what_happened_is_listed_and_exported(as_admin: Run, api: Api, tmp_path: Path) -> None:
    org, file = fresh_name(), tmp_path / "audit.jsonl"
    ok(as_admin("org", "create", org))

    (row,) = read(as_admin("audit", "list", "--subject", org, "--json"))
    assert (row["type"], row["actor_name"], row["address"]) == ("organization.created", "admin", "127.0.0.1")
    assert "organization.created" in ok(as_admin("audit", "list", "--org", org, "--since", "1h"))
    assert read(as_admin("audit", "list", "--org", org, "--until", "1h", "--json")) == []

    export = ("audit", "export", "--org", org, "-o", str(file))
    assert ok(as_admin(*export)) == f"Wrote 1 lines to {file}.\n"
    with file.open("a") as opened:
        opened.write('{"marker": "0-')  # a writer that was killed
    api.grant(org, api.create_user().user, "read")
    assert read(as_admin(*export, "--json")) == {"file": str(file), "lines": 1}
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["organization.created", "grant.set"]
    assert ok(as_admin("audit", "export", "--org", org)) == file.read_text()
    assert '"level": 1' in ok(as_admin("audit", "list", "--org", org, "--type", "grant.set"))

    assert as_admin("audit", "list", "--since", "yesterday").code == 2
    assert "marker" in refused(as_admin("audit", "export", "--after", "x"))


def test_what_was_noted_is_written_when_the_server_stops(start_server: StartServer) -> None:
    server = start_server(workers=2)
    with Api(server, password="wrong") as api:
        assert api.client.get("/v2/manage/namespaces").status_code == 401
    server.restart()

    with Api(server) as api:
        rows = api.client.get("/v2/manage/audit", params={"result": "refused"}).json()["events"]
    assert [(row["type"], row["subject"], row["address"]) for row in rows] == [("login.refused", "admin", "127.0.0.1")]
