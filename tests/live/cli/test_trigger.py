"""`entrepot trigger` against a real server."""

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, push, read
from tests.live.process import Server


def test_a_trigger_is_made_shown_switched_and_deleted(as_admin: Run, server: Server) -> None:
    with Api(server) as api:
        repository = f"{api.create_org()}/team/web"
        push(api, repository, "v1")
    target = ("--deployment", "web", "--namespace", "shop", "--cluster", "c-7")

    made = read(as_admin("trigger", "create", repository, "deploy", *target, "--matching", r"v\d+", "--json"))
    assert (made["trigger_type"], made["condition"], made["enable"]) == ("regular", r"v\d+", "true")
    ok(as_admin("trigger", "create", repository, "two", *target, "--tag", "v1", "--tag", "v2", "--disabled"))
    rows = read(as_admin("trigger", "list", repository, "--json"))
    assert [(row["name"], row["condition"], row["enable"]) for row in rows] == [
        ("two", "v1;v2", "false"), ("deploy", r"v\d+", "true")
    ]  # fmt: skip
    assert "deployment web" in ok(as_admin("trigger", "show", repository, "deploy"))

    assert read(as_admin("trigger", "disable", repository, "deploy", "--json"))["enable"] == "false"
    assert "is on" in ok(as_admin("trigger", "enable", repository, "deploy"))
    ok(as_admin("trigger", "delete", repository, "deploy", "--yes"))
    gone = as_admin("trigger", "show", repository, "deploy")
    assert (gone.code, "has no trigger named deploy" in gone.err) == (1, True)


def test_what_cannot_be_said_is_wrong_usage(as_admin: Run) -> None:
    for arguments in (
        ["--namespace", "shop"],
        ["--namespace", "shop", "--deployment", "a", "--statefulset", "b"],
        ["--namespace", "shop", "--deployment", "a", "--tag", "v1", "--matching", "v.*"],
    ):
        assert as_admin("trigger", "create", "acme/web", "deploy", *arguments).code == 2
