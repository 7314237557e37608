"""A directory beside a real server: set up by the command line; its people log in with a real client until it goes."""

from pathlib import Path

import pytest

from tests.cli.run import Run
from tests.live.cli.conftest import as_admin, home, run
from tests.live.cli.test_commands import ok, refused
from tests.live.clients.conftest import person, plain_registry
from tests.live.clients.containers import Containers
from tests.live.clients.images import Layout
from tests.live.clients.registries import Account, Registry
from tests.live.slapd import PASSWORD, PEOPLE, SEARCHER, SEARCHER_PASSWORD, running_slapd

__all__ = ["as_admin", "home", "person", "plain_registry", "run"]  # fixtures


def test_people_of_a_directory_push_until_it_is_no_longer_trusted(
    person: Containers, plain_registry: Registry, as_admin: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, folder = plain_registry, tmp_path / "slapd"
    registry.need_ours()
    folder.mkdir()
    repository = registry.new_repository()
    organization = repository.partition("/")[0]
    image = f"docker://{registry.image(repository)}"
    Layout(tmp_path / "built").add_image("1.0")
    person.trust(registry)
    with running_slapd(folder) as slapd:
        slapd.add_person("dora")
        ok(
            as_admin(
                *("idp", "create", organization, "--kind", "ldap", "--url", slapd.tls_url, "--reach", "private"),
                *("--authority", str(slapd.tls.authority), "--base-dn", PEOPLE, "--bind-dn", SEARCHER, "--provision"),
                "--secret-stdin",
                stdin=f"{SEARCHER_PASSWORD}\n",
            )
        )
        assert "The directory answers" in ok(as_admin("idp", "check", organization))

        person.login(registry, Account("dora", PASSWORD))
        ok(as_admin("grant", "set", organization, "--user", "dora", "--level", "edit"))
        person.skopeo("copy", f"oci:{tmp_path}/built:1.0", image)
        assert "dora" in ok(as_admin("idp", "links", organization))
        wrong = person.refused("skopeo", "inspect", "--creds=dora:wrong", image)
        assert "unauthorized" in wrong or "invalid username/password" in wrong

        update = ("idp", "update", organization)
        ok(as_admin(*update, "--bind-dn", "", "--base-dn", "", "--user-dn", f"uid={{name}},{PEOPLE}"))
        slapd.add_person("emil")
        person.login(registry, Account("emil", PASSWORD))
        assert "emil" in ok(as_admin("idp", "links", organization))
        assert "give one of them" in refused(as_admin(*update, "--bind-dn", SEARCHER))

        slapd.stop()
        assert "fails" in as_admin("idp", "check", organization).out
        assert "There is no identity provider" in refused(as_admin("idp", "show", "nowhere"))
        slapd.start()
    ok(as_admin("idp", "delete", organization, "--yes"))
    out = person.refused("skopeo", "inspect", image)
    assert "unauthorized" in out or "invalid username/password" in out
