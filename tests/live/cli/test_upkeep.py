"""`entrepot retention`, `region` and `sync` against a real server."""

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import ok, push, read, refused
from tests.live.process import Server


def pushed(server: Server) -> str:
    """A new repository with one tag, `v1`."""
    with Api(server) as api:
        repository = f"{api.create_org()}/team/web"
        push(api, repository, "v1")
    return repository


def test_a_policy_is_set_changed_and_deleted(as_admin: Run, server: Server) -> None:
    repository = pushed(server)

    [made] = read(as_admin("retention", "set", repository, "--days", "30", "--spare", "latest", "--json"))
    [changed] = read(as_admin("retention", "set", repository, "--days", "7", "--spare-matching", r"v\d+", "--json"))
    assert changed["id"] == made["id"]
    assert changed["rules"] == [
        {
            "template": "date_rule",
            "params": {"days": "7"},
            "tag_selectors": [{"kind": "regexp", "pattern": r"v\d+"}],
        }
    ]
    assert "tags of the last 7 days" in ok(as_admin("retention", "show", repository))
    assert "cannot be changed" in refused(as_admin("retention", "set", repository, "--tags", "5"))
    assert read(as_admin("retention", "history", repository, "--json")) == []

    ok(as_admin("retention", "delete", repository, "--yes"))
    assert "has no retention policy" in refused(as_admin("retention", "delete", repository, "--yes"))
    assert as_admin("retention", "set", repository).code == 2


def test_a_region_is_made_known_copied_to_and_forgotten(as_admin: Run, server: Server) -> None:
    repository, region = pushed(server), fresh_name("north")
    place = ("--region", region, "--org", "copies")
    assert "entrepot region create" in refused(as_admin("sync", "create", repository, *place))

    ok(as_admin("region", "create", region, "https://north.example"))
    assert {"regionID": region, "url": "https://north.example"} in read(as_admin("region", "list", "--json"))
    ok(as_admin("sync", "create", repository, *place, "--auto"))
    [rule] = read(as_admin("sync", "list", repository, "--json"))
    assert (rule["remoteRegionId"], rule["syncAuto"], rule["override"]) == (region, True, False)
    ok(as_admin("sync", "copy", repository, "v1", *place))
    [job] = read(as_admin("sync", "jobs", repository, "--json"))
    assert (job["tag"], job["status"], job["syncOperatorName"]) == ("v1", "waiting", server.user)

    ok(as_admin("sync", "delete", repository, *place))
    ok(as_admin("region", "delete", region, "--yes"))
    assert "cancel" in ok(as_admin("sync", "jobs", repository))
