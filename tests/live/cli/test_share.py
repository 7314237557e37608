"""`entrepot share` against a real server: a share opens a repository to another domain, for docker clients too."""

import pytest
from sqlalchemy import create_engine

from entrepot.accounts.tables import domain
from entrepot.plumbing.clock import SYSTEM_CLOCK
from entrepot.plumbing.ids import new_id
from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import ok, push, read, refused
from tests.live.process import Server


@pytest.fixture
def guests(server: Server) -> str:
    name = fresh_name("guests")
    engine = create_engine(f"sqlite:///{server.data / 'entrepot.db'}")
    with engine.begin() as connection:
        connection.execute(domain.insert().values(id=new_id(), name=name, created_at=SYSTEM_CLOCK.now()))
    engine.dispose()
    return name


def test_a_repository_is_shared_listed_and_taken_back(as_admin: Run, api: Api, guests: str) -> None:
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

    assert ok(as_admin("share", "remove", app, "-d", guests)) == f"{app} is not shared with {guests} any more.\n"
    assert "is not shared with" in refused(as_admin("share", "remove", app, "-d", guests))


def test_what_cannot_be_shared_is_refused(as_admin: Run, api: Api, guests: str) -> None:
    app = f"{api.create_org()}/app"
    push(api, app, "v1")

    assert "no domain named nobody" in refused(as_admin("share", "set", app, "-d", "nobody"))
    assert "A deadline is forever or a day" in refused(as_admin("share", "set", app, "-d", guests, "--until", "soon"))
    assert as_admin("share", "list", app, "--received").code == 2
