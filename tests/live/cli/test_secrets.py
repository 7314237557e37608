"""`entrepot secrets rotate` beside a running server: nobody notices, and the old key opens nothing."""

import sqlite3

import pytest

from entrepot.plumbing.sealing import SealBroken, Sealer, new_key, read_keys, write_keys
from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, push, read
from tests.live.conftest import StartServer
from tests.live.process import Server, end

PURPOSE = "token signing key"


def sealed(server: Server) -> list[bytes]:
    with sqlite3.connect(server.data / "entrepot.db") as database:
        return [row[0] for row in database.execute("SELECT sealed_private FROM signing_key")]


def token(api: Api) -> str:
    parameters = {"scope": "repository:acme/app:pull"}
    found: str = api.client.get("/auth/token", params=parameters).json()["token"]
    return found


def pulls(server: Server, bearer: str) -> int:
    with Api(server) as api:
        headers = {"authorization": f"Bearer {bearer}"}
        return api.client.get("/v2/acme/app/manifests/v1", headers=headers, auth=None).status_code


def test_the_key_is_replaced_while_the_server_runs(start_server: StartServer, run: Run) -> None:
    server = start_server(workers=2)
    file = server.data / "secret-key"
    (old,) = read_keys(file)
    with Api(server) as api:
        api.create_org("acme")
        push(api, "acme/app", "v1")
        before = token(api)

    assert read(run("secrets", "rotate", "--data", str(server.data), "--json")) == {"sealed": 1}

    (new,) = read_keys(file)
    assert new != old
    assert file.stat().st_mode & 0o777 == 0o600
    with Api(server) as api:
        assert pulls(server, before) == pulls(server, token(api)) == 200
    for value in sealed(server):
        Sealer(new).open(value, PURPOSE)
        with pytest.raises(SealBroken):
            Sealer(old).open(value, PURPOSE)
    server.restart()
    assert pulls(server, before) == 200


def test_a_rotation_that_was_broken_off_goes_on(start_server: StartServer, run: Run) -> None:
    server = start_server()
    file, new = server.data / "secret-key", new_key()
    write_keys(file, [new, *read_keys(file)])

    assert ok(run("secrets", "rotate", "--data", str(server.data))).startswith("Sealed 1 secrets anew.")
    assert read_keys(file) == [new]
    assert read(run("secrets", "rotate", "--data", str(server.data), "--json")) == {"sealed": 1}
    assert read_keys(file) != [new]


def test_keys_of_the_environment_are_the_operators(
    start_server: StartServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64

    old, new = (base64.b64encode(new_key()).decode() for _ in range(2))
    server = start_server(secret_key=old)
    monkeypatch.setenv("ENTREPOT_SECRET_KEY", old)
    assert "Put a new one before it" in run("secrets", "rotate", "--data", str(server.data)).err
    end(server)
    both = start_server(data=server.data, secret_key=f"{new},{old}")

    monkeypatch.setenv("ENTREPOT_SECRET_KEY", f"{new},{old}")
    assert "Take the old keys out" in ok(run("secrets", "rotate", "--data", str(server.data)))
    end(both)

    start_server(data=server.data, secret_key=new)
