"""`entrepot explain` and `entrepot user unlock` against a real server."""

from contextlib import ExitStack

import httpx2

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import ok, read, refused
from tests.live.conftest import StartServer


def test_it_says_why(as_admin: Run, api: Api) -> None:
    org = api.create_org()
    with api.create_user() as created:
        user = created.user
    api.grant(org, user, "read")

    assert read(as_admin("explain", user, "pull", f"{org}/app", "--json"))["is_allowed"] is True
    said = ok(as_admin("explain", user, "push", f"{org}/app"))
    assert f"{user} may not do repository:push on {org}/app: read on {org} is given to the user {user}" in said
    assert "no user" in refused(as_admin("explain", fresh_name(), "read", org))


def test_a_wait_is_ended_by_an_administrator(start_server: StartServer, run: Run) -> None:
    server = start_server(workers=2, login_tries_account=3, login_wait_seconds_max="1h")
    with ExitStack() as stack:
        api = stack.enter_context(Api(server))
        user = stack.enter_context(api.create_user())
        for _ in range(3):
            assert httpx2.get(f"{server.url}/v2/", auth=(user.user, "wrong")).status_code == 401
        waiting = httpx2.get(f"{server.url}/v2/", auth=(user.user, "wrong"))
        assert (waiting.status_code, waiting.headers["retry-after"]) == (429, "1")

        ok(run("login", server.url, "-u", "admin", "-p", server.password))
        ok(run("user", "unlock", user.user))

        assert user.client.get("/v2/").status_code == 200
