"""The client commands against a real server."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from entrepot.values.digest import Digest
from tests.cli.run import Ran, Run
from tests.live.api import Api, fresh_name
from tests.live.certificates import Certificate
from tests.live.conftest import StartServer
from tests.live.process import Server
from tests.make.image import Image

PASSWORD = "a long enough password"


def ok(ran: Ran) -> str:
    assert (ran.code, ran.err) == (0, ""), ran
    return ran.out


def read(ran: Ran) -> Any:
    return json.loads(ok(ran))


def refused(ran: Ran) -> str:
    assert (ran.code, ran.out) == (1, ""), ran
    return ran.err


def push(api: Api, repository: str, tag: str) -> Image:
    image = Image.make()
    for blob in image.blobs:
        path = f"/v2/{repository}/blobs/uploads/?digest={blob.digest}"
        assert api.client.post(path, content=blob.content).status_code == 201
    headers = {"content-type": image.media_type}
    answer = api.client.put(f"/v2/{repository}/manifests/{tag}", content=image.body, headers=headers)
    assert answer.status_code == 201, answer.text
    return image


def test_creating_an_organization_works_as_the_first_command(start_server: StartServer) -> None:
    server = start_server()
    environment = {
        "PATH": os.environ["PATH"],
        "ENTREPOT_URL": server.url,
        "ENTREPOT_USER": "admin",
        "ENTREPOT_PASSWORD": server.password,
    }

    command = [sys.executable, "-m", "entrepot", "org", "create", "acme"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"Created the organization acme. Next: docker push {server.host}/acme/IMAGE\n"


def test_log_in_out_and_between(run: Run, server: Server, api: Api) -> None:
    user = api.create_user(password=PASSWORD).user
    assert "not logged in" in refused(run("org", "list"))

    assert (
        ok(run("login", server.url, "-u", "admin", "-p", server.password)) == f"Logged in to {server.url} as admin.\n"
    )
    assert read(run("user", "list", "--json"))[0]["name"] == "admin"

    # The same server under another name is another server to the client.
    other = server.url.replace("127.0.0.1", "localhost")
    ok(run("login", other, "-u", user, "--password-stdin", stdin=f"{PASSWORD}\n"))
    assert "administrator" in refused(run("user", "list"))

    ok(run("login", server.url))
    ok(run("user", "list"))

    assert ok(run("logout")) == f"Logged out of {server.url}. Commands talk to {other} now.\n"
    assert read(run("logout", "--json")) == {"url": other, "current": None}
    assert "not logged in" in refused(run("logout"))


def test_a_login_that_fails_is_not_kept(run: Run, server: Server) -> None:
    said = refused(run("login", server.url, "-u", "admin", "-p", "wrong"))

    assert f"Run: entrepot login {server.url} -u admin" in said
    assert "not logged in" in refused(run("org", "list"))


def test_users_from_beginning_to_end(as_admin: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    name = fresh_name("user")
    assert ok(as_admin("user", "create", name, "--password", PASSWORD)).startswith(f"Created the user {name}.")
    assert "exists already" in refused(as_admin("user", "create", name, "--password", PASSWORD))
    listed = {row["name"]: row for row in read(as_admin("user", "list", "--json"))}
    assert (listed[name]["is_enabled"], listed[name]["is_admin"]) == (True, False)
    assert name in ok(as_admin("user", "list"))

    ok(as_admin("user", "disable", name))
    assert not next(row for row in read(as_admin("user", "list", "--json")) if row["name"] == name)["is_enabled"]
    ok(as_admin("user", "enable", name))
    ok(as_admin("user", "passwd", name, "--password-stdin", stdin="another long password\n"))

    monkeypatch.setenv("ENTREPOT_USER", name)
    assert "not right" in refused(as_admin("org", "list"))
    monkeypatch.setenv("ENTREPOT_PASSWORD", "another long password")
    ok(as_admin("org", "list"))


def test_people_change_their_own_password_and_stay_logged_in(run: Run, server: Server, api: Api) -> None:
    user = api.create_user(password=PASSWORD).user
    ok(run("login", server.url, "-u", user, "-p", PASSWORD))

    ok(run("user", "passwd", user, "-p", "another long password"))

    ok(run("org", "list"))
    assert "8 to 1024 characters" in refused(run("user", "passwd", user, "-p", "short"))


def test_organizations_from_beginning_to_end(as_admin: Run) -> None:
    name = fresh_name()
    made = read(as_admin("org", "create", name, "--json"))
    assert (made["name"], made["auth"]) == (name, 7)
    assert "exists already" in refused(as_admin("org", "create", name))
    row = next(row for row in read(as_admin("org", "list", "--json")) if row["name"] == name)
    assert (row["repo_count"], row["creator_name"]) == (0, "admin")
    assert any(line.split()[:2] == [name, "manage"] for line in ok(as_admin("org", "list")).splitlines())

    changed = read(as_admin("org", "set", name, "--sparse", "allow", "--public", "--json"))
    assert changed == {"name": name, "sparse": True, "public": True}
    assert as_admin("org", "set", name).code == 2
    assert read(as_admin("org", "update", name, "--private", "--json")) == {"name": name, "public": False}
    ok(as_admin("org", "set", name, "--public"))
    assert read(as_admin("org", "set", name, "--sparse", "refuse", "--json"))["sparse"] is False
    ok(as_admin("org", "set", name, "--history-days", "90"))
    settings = {"sparse": False, "public": True, "history_days": 90, "own_history_days": 90, "read_only": False}
    assert read(as_admin("org", "show", name, "--json"))["settings"] == settings
    ok(as_admin("org", "set", name, "--history-days", "default"))
    assert read(as_admin("org", "show", name, "--json"))["settings"]["history_days"] == 14
    assert as_admin("org", "set", name, "--history-days", "long").code == 2

    assert as_admin("org", "delete", name).code == 2
    assert ok(as_admin("org", "delete", name, "--yes")) == f"Deleted the organization {name}.\n"
    assert "no organization" in refused(as_admin("org", "delete", name, "--yes"))


def test_repositories_and_tags_from_beginning_to_end(as_admin: Run, api: Api) -> None:
    organization = api.create_org()
    repository = f"{organization}/team/web"
    image = push(api, repository, "1.0")
    push(api, repository, "2.0")

    rows = read(as_admin("repo", "list", organization, "--json"))
    assert [(row["name"], row["num_images"], row["is_public"]) for row in rows] == [("team/web", 2, False)]
    assert f"{repository}  private" in ok(as_admin("repo", "list", "--name", "team/w"))
    tags = read(as_admin("tag", "list", repository, "--json"))
    assert [row["tag"] for row in tags] == ["2.0", "1.0"]
    assert str(image.digest) in ok(as_admin("tag", "list", repository))
    assert Digest.parse(tags[1]["digest"]) == image.digest

    assert ok(as_admin("repo", "set", repository, "--public")) == f"{repository} is public.\n"
    anonymous = api.client.get(f"/v2/{repository}/tags/list", auth=lambda request: request)
    assert anonymous.status_code == 200
    assert read(as_admin("repo", "set", repository, "--private", "--json"))["is_public"] is False

    ran = as_admin("tag", "delete", f"{repository}:1.0")
    assert ran.code == 2
    ok(as_admin("tag", "delete", f"{repository}:1.0", "--yes"))
    assert "no tag" in refused(as_admin("tag", "delete", f"{repository}:1.0", "--yes"))
    assert "still has repositories" in refused(as_admin("org", "delete", organization, "--yes"))
    assert "still holds 1 repository," in ok(as_admin("org", "delete", organization, "--dry-run"))
    assert read(as_admin("repo", "delete", repository, "--dry-run", "--json"))["name"] == repository
    assert f"deletes the repository {repository} with" in ok(as_admin("repo", "delete", repository, "--dry-run"))
    ok(as_admin("repo", "delete", repository, "--yes"))
    assert "no repository" in refused(as_admin("repo", "delete", repository, "--yes"))
    ok(as_admin("org", "delete", organization, "--yes"))


def test_an_empty_list_says_how_to_make_something(as_admin: Run, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    user = api.create_user(password=PASSWORD)
    monkeypatch.setenv("ENTREPOT_USER", user.user)
    monkeypatch.setenv("ENTREPOT_PASSWORD", PASSWORD)

    for noun, step in (
        ("org", "entrepot org create"),
        ("repo", "entrepot repo create"),
        ("image", "entrepot image push"),
        ("key", "entrepot key create"),
        ("token", "entrepot token create"),
        ("robot", "entrepot robot create"),
    ):
        assert step in ok(as_admin(noun, "list")), noun
        assert read(as_admin(noun, "list", "--json")) == [], noun
    assert ok(as_admin("session", "list")) == "Nobody is signed in.\n"


def test_permissions_from_beginning_to_end(as_admin: Run, api: Api) -> None:
    organization, user = api.create_org(), api.create_user(password=PASSWORD)
    push(api, f"{organization}/web", "1.0")

    for scope in (organization, f"{organization}/web"):
        for level in ("read", "manage", "edit", "edit"):
            said = ok(as_admin("grant", "set", scope, "--user", user.user, "--level", level))
            assert said == f"{user.user} may {level} {scope}.\n"
        rows = read(as_admin("grant", "list", scope, "--json"))
        assert [row["level"] for row in rows if row["name"] == user.user] == ["edit"]
        assert user.user in ok(as_admin("grant", "list", scope))
        everything = read(as_admin("grant", "list", f"{organization}/web", "--all", "--json"))
        assert {(row["scope"], row["kind"], row["level"]) for row in everything} >= {
            (organization, "administrators", "manage"),
            (scope, "user", "edit"),
        }
        assert user.user in ok(as_admin("grant", "list", f"{organization}/web", "--all"))
        ok(as_admin("grant", "set", scope, "--user", user.user, "--level", "edit", "--until", "2099-12-31"))
        assert "2099-12-31" in ok(as_admin("grant", "list", f"{organization}/web", "--all"))
        ok(as_admin("grant", "remove", scope, "--user", user.user))
        assert "no permission of their own" in refused(as_admin("grant", "remove", scope, "--user", user.user))
    with user:
        assert user.client.get(f"/v2/{organization}/web/tags/list").status_code == 404


def test_a_manager_who_is_no_administrator_can_grant(as_admin: Run, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    organization = api.create_org()
    manager, user = api.create_user(password=PASSWORD), api.create_user(password=PASSWORD)
    api.grant(organization, manager.user, "manage")
    monkeypatch.setenv("ENTREPOT_USER", manager.user)
    monkeypatch.setenv("ENTREPOT_PASSWORD", PASSWORD)

    ok(as_admin("grant", "set", organization, "--user", user.user, "--level", "read"))
    ok(as_admin("grant", "set", organization, "--user", user.user, "--level", "edit"))
    ok(as_admin("grant", "remove", organization, "--user", user.user))

    assert "themselves" in refused(as_admin("grant", "set", organization, "--user", manager.user, "--level", "read"))
    assert "no user named" in refused(as_admin("grant", "set", organization, "--user", "nobody", "--level", "read"))


def test_a_certificate_nobody_knows_is_explained_and_one_that_is_named_is_trusted(
    run: Run, start_server: StartServer, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server(tls_cert=certificate.certificate, tls_key=certificate.key)
    login = ("login", server.url, "-u", "admin", "-p", server.password)

    ran = run(*login)
    assert ran.code == 3
    assert "SSL_CERT_FILE" in ran.err

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    ok(run(*login))


def test_repositories_organizations_and_tags_are_created_and_shown(as_admin: Run, api: Api) -> None:
    organization = api.create_org()
    repository = f"{organization}/team/web"

    made = read(as_admin("repo", "create", repository, "--public", "--description", "Our page", "--json"))
    assert (made["is_public"], made["description"], made["category"]) == (True, "Our page", "other")
    assert "exists already" in refused(as_admin("repo", "create", repository))
    assert "Our page" in ok(as_admin("repo", "show", repository))
    changed = read(as_admin("repo", "set", repository, "--category", "database", "--json"))
    assert (changed["is_public"], changed["category"]) == (True, "database")
    assert "--description" in as_admin("repo", "update", repository).err
    shown = read(as_admin("repo", "show", repository, "--json"))
    assert (shown["is_public"], shown["category"], shown["description"]) == (True, "database", "Our page")

    image = push(api, repository, "1.0")
    assert read(as_admin("tag", "show", f"{repository}:1.0", "--json"))["digest"] == str(image.digest)
    assert str(image.digest) in ok(as_admin("tag", "show", f"{repository}:1.0"))
    assert "no tag" in refused(as_admin("tag", "show", f"{repository}:2.0"))

    found = read(as_admin("org", "show", organization, "--json"))
    assert (found["name"], found["auth"]) == (organization, 7)
    assert {row["resource"]: row["used"] for row in found["quotas"]}["tags"] == 1
    ok(as_admin("quota", "set", "--org", organization, "--tags", "7"))
    shown = ok(as_admin("org", "show", organization))
    assert "manage" in shown and "1 of 7" in shown and "archive" not in shown
    assert "no organization" in refused(as_admin("org", "show", "nothing-here"))
