"""`entrepot session` against a real server."""

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, read, refused

SESSIONS = "/v2/manage/sessions"


def begin(user: Api) -> str:
    body = {"name": user.user, "password": user.password}
    session_id: str = user.client.post(SESSIONS, json=body, headers={"user-agent": "Browser/1"}).json()["id"]
    return session_id


def test_sessions_are_listed_and_ended(as_admin: Run, api: Api) -> None:
    with api.create_user() as user:
        first, second = begin(user), begin(user)

        rows = read(as_admin("session", "list", "--user", user.user, "--json"))
        assert {row["id"] for row in rows} == {first, second}
        assert "Browser/1" in ok(as_admin("session", "list", "--user", user.user))
        assert rows[0]["address"] == "127.0.0.1"
        assert ok(as_admin("session", "end", first)) == "Ended.\n"
        assert "no such session" in refused(as_admin("session", "end", first))
        assert ok(as_admin("session", "end", "--all", "--user", user.user)) == "Ended all sessions.\n"
        assert read(as_admin("session", "list", "--user", user.user, "--json")) == []
        assert as_admin("session", "end").code == 2


def test_who_one_is_is_said(as_admin: Run) -> None:
    assert read(as_admin("whoami", "--json"))["login"] == "admin"
    shown = {line.split()[0]: line.split()[1] for line in ok(as_admin("whoami")).splitlines()}
    assert (shown["domain_name"], shown["is_admin"], shown["groups"]) == ("default", "yes", "-")
