"""Commands about people and what acts for them, against a real server."""

import json
from typing import Any

import httpx2
import pytest

from tests.cli.run import Ran, Run
from tests.live.api import Api, fresh_name
from tests.live.process import Server

PASSWORD = "a long enough password"


def ok(ran: Ran) -> str:
    assert ran.code == 0, ran
    return ran.out


def read(ran: Ran) -> Any:
    assert ran.err == "", ran
    return json.loads(ok(ran))


def status(server: Server, user: str, password: str) -> int:
    return httpx2.get(f"{server.url}/v2/manage/namespaces", auth=(user, password)).status_code


def test_a_robots_life(as_admin: Run, server: Server, api: Api) -> None:
    organization, name = api.create_org(), fresh_name("bot")
    made = as_admin("robot", "create", name, "--push", f"{organization}/team-*", "--expires", "30d")
    secret = ok(made).strip()
    assert f"-u 'robot${name}'" in made.err
    assert status(server, f"robot${name}", secret) == 200

    shown = read(as_admin("robot", "show", name, "--json"))
    assert shown["rights"] == [{"scope": f"{organization}/team-*", "access": "push"}]
    assert "secret" not in shown
    assert f"push {organization}/team-*" in ok(as_admin("robot", "list"))

    changed = read(as_admin("robot", "update", name, "--pull", organization, "--expires", "never", "--json"))
    assert (changed["rights"], changed["expires_at"]) == ([{"scope": organization, "access": "pull"}], None)

    rotated = read(as_admin("robot", "rotate", name, "--keep-old", "1d", "--json"))["secret"]
    assert status(server, f"robot${name}", secret) == status(server, f"robot${name}", rotated) == 200

    ok(as_admin("robot", "disable", name))
    assert status(server, f"robot${name}", rotated) == 401
    ok(as_admin("robot", "enable", name))
    assert status(server, f"robot${name}", rotated) == 200
    assert as_admin("robot", "delete", name).code == 2  # nobody can be asked
    ok(as_admin("robot", "delete", name, "--yes"))
    assert status(server, f"robot${name}", rotated) == 401
    assert "no robot named" in as_admin("robot", "show", name).err


def test_a_tokens_life(run: Run, server: Server, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with api.create_user(password=PASSWORD) as user:
        name = user.user
    monkeypatch.setenv("ENTREPOT_URL", server.url)
    monkeypatch.setenv("ENTREPOT_USER", name)
    monkeypatch.setenv("ENTREPOT_PASSWORD", PASSWORD)
    secret = ok(run("token", "create", "laptop", "--read", "*", "--expires", "30d")).strip()
    assert status(server, name, secret) == 200

    assert [row["name"] for row in read(run("token", "list", "--json"))] == ["laptop"]
    assert "read *" in ok(run("token", "list"))
    assert read(run("token", "show", "laptop", "--json"))["bounds"] == [{"scope": "*", "auth": 1}]
    assert "read *" in ok(run("token", "show", "laptop"))
    assert "entrepot token list" in run("token", "show", "desktop").err
    monkeypatch.setenv("ENTREPOT_PASSWORD", secret)
    assert "limited token" in run("token", "create", "second").err

    monkeypatch.setenv("ENTREPOT_PASSWORD", PASSWORD)
    made = read(run("token", "create", "second", "--json"))
    assert (made["bounds"], made["expires_at"]) == (None, None)
    assert ok(run("token", "delete", "laptop", "--yes")) == "Deleted the token laptop.\n"
    assert status(server, name, secret) == 401
    assert "no token named" in run("token", "delete", "laptop", "--yes").err


def test_a_groups_life(as_admin: Run, server: Server, api: Api) -> None:
    name, renamed = fresh_name("team"), fresh_name("team")
    with api.create_user(password=PASSWORD) as user:
        ann = user.user
    ok(as_admin("group", "create", name, "--description", "us"))
    ok(as_admin("group", "add", name, ann))
    assert read(as_admin("group", "show", name, "--json"))["members"] == [ann]
    assert ann in ok(as_admin("group", "show", name))

    assert read(as_admin("group", "update", name, "--rename", renamed, "--json"))["member_count"] == 1
    ok(as_admin("group", "remove", renamed, ann))
    assert [row["member_count"] for row in read(as_admin("group", "list", "--json")) if row["name"] == renamed] == [0]
    ok(as_admin("group", "delete", renamed, "--yes"))
    assert "no group named" in as_admin("group", "show", renamed).err


def test_a_user_is_shown_changed_and_deleted(as_admin: Run, server: Server, api: Api) -> None:
    with api.create_user(password=PASSWORD) as user:
        name = user.user
    renamed = fresh_name("ann")
    assert name in ok(as_admin("user", "show", name))

    changed = read(as_admin("user", "update", name, "--rename", renamed, "--admin", "--expires", "1d", "--json"))
    assert (changed["name"], changed["is_admin"]) == (renamed, True)
    assert read(as_admin("user", "show", renamed, "--json")) == changed
    assert (status(server, name, PASSWORD), status(server, renamed, PASSWORD)) == (401, 200)

    ok(as_admin("user", "delete", renamed, "--yes"))
    assert status(server, renamed, PASSWORD) == 401
    assert "no user named" in as_admin("user", "show", renamed).err
    assert "last administrator" in as_admin("user", "delete", "admin", "--yes").err


def test_permissions_of_groups_and_robots_on_patterns_until_a_day(as_admin: Run, server: Server, api: Api) -> None:
    organization, team, bot = api.create_org(), fresh_name("team"), fresh_name("bot")
    with api.create_user(password=PASSWORD) as user:
        ok(as_admin("group", "create", team))
        ok(as_admin("group", "add", team, user.user))
        pattern = f"{organization}/team-*"
        said = ok(as_admin("grant", "set", pattern, "--group", team, "--level", "edit", "--until", "2099-12-31"))
        assert said == f"{team} may edit {pattern} until 2099-12-31.\n"
        assert user.client.post(f"/v2/{organization}/team-a/blobs/uploads/").status_code == 202
        assert user.client.post(f"/v2/{organization}/other/blobs/uploads/").status_code == 403

        ok(as_admin("robot", "create", bot, "--pull", organization))
        assert "themselves" in as_admin("grant", "set", organization, "--robot", bot, "--level", "edit").err
        assert "exactly one" in as_admin("grant", "set", organization, "--level", "edit").err
        listed = read(as_admin("grant", "list", organization, "--json"))
        assert {(row["scope"], row["kind"], row["name"], row["level"]) for row in listed} == {
            (organization, "user", "admin", "manage"),
            (organization, "robot", bot, "read"),
            (pattern, "group", team, "edit"),
        }
        ok(as_admin("grant", "remove", pattern, "--group", team))
        assert user.client.post(f"/v2/{organization}/team-a/blobs/uploads/").status_code == 403


def test_a_domains_life(as_admin: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    name = fresh_name("blue")
    made = read(as_admin("domain", "create", name, "--admin", "boss", "--password", PASSWORD, "--json"))
    assert made["name"] == name
    assert name in ok(as_admin("domain", "list"))
    assert read(as_admin("domain", "show", name, "--json")) == made

    monkeypatch.setenv("ENTREPOT_USER", f"{name}/boss")
    monkeypatch.setenv("ENTREPOT_PASSWORD", PASSWORD)
    assert [row["name"] for row in read(as_admin("user", "list", "--json"))] == ["boss"]
    ok(as_admin("user", "create", "ann", "--password", PASSWORD))
    monkeypatch.setenv("ENTREPOT_USER", f"{name}/ann")
    ok(as_admin("user", "passwd", "ann", "--password", "another long password"))
    monkeypatch.setenv("ENTREPOT_USER", f"{name}/boss")
    ok(as_admin("org", "create", name))
    assert "does not operate" in as_admin("domain", "list").err

    monkeypatch.setenv("ENTREPOT_USER", server.user)
    monkeypatch.setenv("ENTREPOT_PASSWORD", server.password)
    assert "still has organizations" in as_admin("domain", "delete", name, "--yes").err
    monkeypatch.setenv("ENTREPOT_USER", f"{name}/boss")
    monkeypatch.setenv("ENTREPOT_PASSWORD", PASSWORD)
    ok(as_admin("org", "delete", name, "--yes"))
    monkeypatch.setenv("ENTREPOT_USER", server.user)
    monkeypatch.setenv("ENTREPOT_PASSWORD", server.password)
    ok(as_admin("domain", "delete", name, "--yes"))
    assert status(server, f"{name}/boss", PASSWORD) == 401
