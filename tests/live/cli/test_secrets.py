"""`entrepot secrets rotate` beside a running server: nobody notices, and the old key opens nothing."""

import base64
import sqlite3
from dataclasses import dataclass

import psycopg
import pytest

from entrepot.plumbing.sealing import SealBroken, Sealer, new_key, read_keys, write_keys
from tests.cli.run import Ran, Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, push, read
from tests.live.conftest import StartServer
from tests.live.postgres import Postgres
from tests.live.process import Server, end

PURPOSE = "token signing key"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server's facts are: `url` is None for SQLite in its folder."""

    url: str | None

    def rotate(self, run: Run, server: Server, *words: str) -> Ran:
        there = ("--database-url", self.url, "--only-server") if self.url else ()
        return run("secrets", "rotate", "--data", str(server.data), *there, *words)

    def sealed(self, server: Server) -> list[bytes]:
        query = "SELECT sealed_private FROM signing_key"
        if self.url is None:
            with sqlite3.connect(server.data / "entrepot.db") as database:
                return [row[0] for row in database.execute(query)]
        with psycopg.connect(self.url) as connection:
            return [row[0] for row in connection.execute(query)]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "sqlite":
        return Place(None)
    postgres: Postgres = request.getfixturevalue("postgres")
    return Place(postgres.new_database())


def token(api: Api) -> str:
    parameters = {"scope": "repository:acme/app:pull"}
    found: str = api.client.get("/auth/token", params=parameters).json()["token"]
    return found


def pulls(server: Server, bearer: str) -> int:
    with Api(server) as api:
        headers = {"authorization": f"Bearer {bearer}"}
        return api.client.get("/v2/acme/app/manifests/v1", headers=headers, auth=None).status_code


def test_the_key_is_replaced_while_the_server_runs(start_server: StartServer, run: Run, place: Place) -> None:
    server = start_server(workers=2, database_url=place.url)
    file = server.data / "secret-key"
    (old,) = read_keys(file)
    with Api(server) as api:
        api.create_org("acme")
        push(api, "acme/app", "v1")
        before = token(api)

    assert read(place.rotate(run, server, "--json")) == {"sealed": 1}

    (new,) = read_keys(file)
    assert new != old
    assert file.stat().st_mode & 0o777 == 0o600
    with Api(server) as api:
        assert pulls(server, before) == pulls(server, token(api)) == 200
    for value in place.sealed(server):
        Sealer(new).open(value, PURPOSE)
        with pytest.raises(SealBroken):
            Sealer(old).open(value, PURPOSE)
    server.restart()
    assert pulls(server, before) == 200


def test_a_rotation_that_was_broken_off_goes_on(start_server: StartServer, run: Run, place: Place) -> None:
    server = start_server(database_url=place.url)
    file, new = server.data / "secret-key", new_key()
    write_keys(file, [new, *read_keys(file)])

    assert ok(place.rotate(run, server)).startswith("Sealed 1 secrets anew.")
    assert read_keys(file) == [new]
    assert read(place.rotate(run, server, "--json")) == {"sealed": 1}
    assert read_keys(file) != [new]


def test_keys_of_the_environment_are_the_operators(
    start_server: StartServer, run: Run, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (base64.b64encode(new_key()).decode() for _ in range(2))
    server = start_server(secret_key=old, database_url=place.url)
    monkeypatch.setenv("ENTREPOT_SECRET_KEY", old)
    assert "Put a new one before it" in place.rotate(run, server).err
    end(server)
    both = start_server(data=server.data, secret_key=f"{new},{old}", database_url=place.url)

    monkeypatch.setenv("ENTREPOT_SECRET_KEY", f"{new},{old}")
    assert "Take the old keys out" in ok(place.rotate(run, server))
    end(both)

    start_server(data=server.data, secret_key=new, database_url=place.url)


def test_on_postgresql_it_asks_whether_other_machines_need_the_key(
    start_server: StartServer, run: Run, postgres: Postgres
) -> None:
    url = postgres.new_database()
    server = start_server(database_url=url)
    before = read_keys(server.data / "secret-key")

    ran = run("secrets", "rotate", "--data", str(server.data), "--database-url", url)

    assert (ran.code, "--only-server" in ran.err) == (2, True)
    assert read_keys(server.data / "secret-key") == before
