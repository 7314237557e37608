"""`entrepot usage` against a real server: what was pushed and pulled is there after a while, and after a stop."""

import pytest

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, push, read
from tests.live.conftest import StartServer


def test_usage_says_what_is_held_and_what_came_and_went(
    start_server: StartServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server()
    for name, value in (("URL", server.url), ("USER", server.user), ("PASSWORD", server.password)):
        monkeypatch.setenv(f"ENTREPOT_{name}", value)
    ok(run("org", "create", "acme"))
    with Api(server) as api:
        image = push(api, "acme/app", "v1")
        assert api.client.get("/v2/acme/app/manifests/v1").status_code == 200
    server.stop()  # which writes down what was counted
    server.start()

    domain, repository = read(run("usage", "--json")), read(run("usage", "acme/app", "--json"))

    size = sum(len(blob.content) for blob in image.blobs)
    today = repository["days"][-1]
    assert {name: today[name] for name in ("pulls", "pushes", "pushed_bytes")} == {
        "pulls": 1, "pushes": 1, "pushed_bytes": size
    }  # fmt: skip
    assert (domain["tags"], domain["stored_bytes"]) == (1, size)
    assert domain["days"][-1] == {**today, "stored_bytes": size}
    shown = ok(run("usage"))
    assert today["date"] in shown and "organizations" in shown
    assert today["date"] in ok(run("usage", "acme/app"))
    held = {"stored_bytes": size, "exclusive_bytes": size, "shared_bytes": 0}
    assert read(run("usage", "acme", "--json")) == held
    day = {"date": today["date"], "pulls": 1, "bytes": 0}
    assert read(run("usage", "acme/app:v1", "--json")) == {**held, "days": [day]}
    of_tag = ok(run("usage", "acme/app:v1"))
    assert "exclusive" in of_tag and f"{today['date']}  1" in of_tag
    assert read(run("usage", "--cold", "acme", "--json")) == []
    assert "no such image" in ok(run("usage", "--cold", "--days", "1"))
    assert run("usage", "acme", "--days", "1").code == 2
