"""`entrepot immutable`: rules are made, hold, and let go."""

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, push, read, refused


def test_tags_stay_where_they_are_until_their_rule_is_disabled(as_admin: Run, api: Api) -> None:
    organization = api.create_org()
    app = f"{organization}/app"
    push(api, app, "v1")
    push(api, app, "latest")

    made = read(
        as_admin(
            "immutable", "create", organization, "--tags", "v*", "--except", "*-rc", "--description", "Why.", "--json"
        )
    )
    rule = str(made["id"])
    assert (made["tags"], made["exclusions"], made["enabled"], made["set_by"]) == ("v*", ["*-rc"], True, "admin")
    assert "v*" in ok(as_admin("immutable", "list", organization))

    said = refused(as_admin("tag", "add", f"{app}:latest", "v1", "--move"))
    assert f"tag v1 of {app} is immutable by rule {rule} of {organization}" in said
    way_out = f"entrepot immutable update {organization} {rule} --disable"
    assert way_out in refused(as_admin("repo", "delete", app, "--yes"))
    assert ok(as_admin("tag", "delete", f"{app}:v1", "--yes")) == f"v1 stays: it is immutable by rule {rule}.\n"

    assert "disabled" in ok(as_admin("immutable", "update", organization, rule, "--disable"))
    ok(as_admin("tag", "add", f"{app}:latest", "v1", "--move"))
    changed = read(as_admin("immutable", "update", organization, rule, "--no-exceptions", "--enable", "--json"))
    assert (changed["exclusions"], changed["enabled"]) == ([], True)
    assert as_admin("immutable", "update", organization, rule).code == 2
    assert as_admin("immutable", "delete", organization, rule).code == 2
    ok(as_admin("immutable", "delete", organization, rule, "--yes"))
    assert read(as_admin("immutable", "list", organization, "--json")) == []
    assert "no rule of immutability" in refused(as_admin("immutable", "delete", organization, rule, "--yes"))
