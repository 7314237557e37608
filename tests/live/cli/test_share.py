"""`entrepot share` against a real server: a share opens a repository to another domain, for docker clients too."""

import pytest

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import PASSWORD, ok, push, read, refused


@pytest.fixture
def guests(api: Api) -> str:
    """A domain with the administrator `boss`."""
    name = fresh_name("guests")
    body = {"name": name, "admin_name": "boss", "admin_password": PASSWORD}
    assert api.client.post("/v2/manage/domains", json=body).status_code == 201
    return name


def test_a_repository_is_shared_listed_and_taken_back(
    as_admin: Run, api: Api, guests: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = api.create_org()
    app = f"{organization}/team/app"
    push(api, app, "v1")

    said = ok(as_admin("share", "set", app, "-d", guests, "--until", "2999-12-31", "--description", "For a test."))
    assert said == f"{guests} may pull {app} until the end of 2999-12-31 (UTC).\n"
    assert "For a test." in ok(as_admin("share", "list", app))
    assert app in ok(as_admin("share", "list"))
    assert app not in ok(as_admin("share", "list", "--received"))

    made = read(as_admin("share", "set", app, "-d", guests, "--json"))
    assert (made["deadline"], made["status"], made["access_domain"]) == ("forever", True, guests)
    assert read(as_admin("share", "list", app, "--json")) == [{k: v for k, v in made.items() if k != "exist"}]
    assert [row["status"] for row in read(as_admin("share", "list", "--json")) if row["name"] == "team/app"] == [False]

    monkeypatch.setenv("ENTREPOT_USER", f"{guests}/boss")
    monkeypatch.setenv("ENTREPOT_PASSWORD", PASSWORD)
    (received,) = read(as_admin("share", "list", "--received", "--json"))
    assert (received["name"], received["domain_name"], received["status"]) == ("team/app", "default", True)
    assert app in ok(as_admin("share", "list", "--received"))
    assert "may not" in refused(as_admin("share", "list", app))
    monkeypatch.setenv("ENTREPOT_USER", api.user)
    monkeypatch.setenv("ENTREPOT_PASSWORD", api.password)

    assert ok(as_admin("share", "remove", app, "-d", guests)) == f"{app} is not shared with {guests} any more.\n"
    assert "is not shared with" in refused(as_admin("share", "remove", app, "-d", guests))


def test_what_cannot_be_shared_is_refused(as_admin: Run, api: Api, guests: str) -> None:
    app = f"{api.create_org()}/app"
    push(api, app, "v1")

    assert "no domain named nobody" in refused(as_admin("share", "set", app, "-d", "nobody"))
    assert "A deadline is forever or a day" in refused(as_admin("share", "set", app, "-d", guests, "--until", "soon"))
    assert as_admin("share", "list", app, "--received").code == 2
