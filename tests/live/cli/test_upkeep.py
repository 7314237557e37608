"""`entrepot retention`, `region` and `sync` against a real server."""

from typing import Any

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import ok, push, read, refused
from tests.live.process import Server
from tests.make.waiting import until


def pushed(server: Server) -> str:
    """A new repository with one tag, `v1`."""
    with Api(server) as api:
        repository = f"{api.create_org()}/team/web"
        push(api, repository, "v1")
    return repository


def test_a_policy_is_set_changed_and_deleted(as_admin: Run, server: Server) -> None:
    repository = pushed(server)

    month = ("retention", "set", repository, "--days", "30", "--spare", "latest")
    assert read(as_admin(*month, "--dry-run", "--json"))["deleted"] == 0
    unasked = as_admin(*month)
    assert unasked.code == 2
    assert "Now it deletes 0 of 1 tag." in unasked.err
    assert "Add --yes" in unasked.err
    assert read(as_admin("retention", "show", repository, "--json")) == []
    [made] = read(as_admin(*month, "--yes", "--json"))
    week = ("retention", "set", repository, "--days", "7", "--spare-matching", r"v\d+")
    [changed] = read(as_admin(*week, "--yes", "--json"))
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


async def test_a_policy_of_an_organization_is_planned_carried_out_and_undone(as_admin: Run, server: Server) -> None:
    repository = pushed(server)
    organization = repository.partition("/")[0]
    with Api(server) as api:
        push(api, repository, "pr-1")
        push(api, repository, "pr-2")
    retention = ("retention", "policy")
    assert "would delete everything" in refused(as_admin(*retention, "create", organization, "--tags", "pr-*"))
    made = read(as_admin(*retention, "create", organization, "--tags", "pr-*", "--newest", "1", "--disabled", "--json"))
    number = str(made["id"])
    assert "0 of 3 tags would be deleted" in ok(as_admin("retention", "plan", repository))
    assert "1 of 3 tags would be deleted" in ok(as_admin("retention", "plan", organization, "--with", number))
    assert "of pr-* keeps the newest 1" in ok(as_admin(*retention, "list", organization))
    assert "No retention policy reaches" in refused(as_admin("retention", "run", repository))

    update = (*retention, "update", organization, number)
    told = ok(as_admin(*update, "--repositories", "team*", "--dry-run"))
    assert told.startswith("Now it deletes 1 of 3 tags; ")
    assert f"  {repository}:pr-1  pushed 20" in told
    assert as_admin(*update, "--enable").code == 2
    ok(as_admin(*update, "--description", "what CI leaves behind", "--repositories", "nothing"))
    assert "of pr-* keeps the newest 1" in ok(as_admin(*update, "--enable", "--yes"))
    ok(as_admin(*update, "--description", "of CI"))
    assert as_admin(*update, "--repositories", "team*").code == 2
    ok(as_admin(*update, "--repositories", "team*", "--yes"))

    def runs() -> list[dict[str, Any]]:
        return list(read(as_admin("retention", "runs", organization, "--json")))

    await until(lambda: any(one["deleted"] and one["state"] == "done" for one in runs()), 30)
    [done] = [one for one in runs() if one["deleted"]]
    run = str(done["id"])
    assert (done["repository"], done["deleted"], done["cause"]) == (repository, 1, "changed")
    assert [one["tag"] for one in read(as_admin("retention", "deleted", repository, run, "--json"))] == ["pr-1"]
    planned = ok(as_admin("retention", "plan", organization))
    assert f"keep    {repository}:pr-2" in planned
    assert "It is one of the newest 1." in planned
    assert planned.rstrip().endswith(f"{repository}: 0 of 2 tags would be deleted, 2 kept.")

    ok(as_admin("retention", "undo", repository, run, "--yes"))
    await until(lambda: any(one["restored"] for one in runs()), 30)
    assert "Not by the clock, though: A run was undone here" in ok(as_admin("retention", "plan", repository))
    ok(as_admin("retention", "run", repository, "--anyway"))
    await until(lambda: any(one["cause"] == "asked" and one["state"] == "done" for one in runs()), 30)
    ok(as_admin(*retention, "delete", organization, number, "--yes"))
    assert read(as_admin(*retention, "list", organization, "--json")) == []


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
    assert (job["tag"], job["operator_name"]) == ("v1", server.user)
    assert job["status"] in ("waiting", "running")  # nobody is there, and it is tried again

    ok(as_admin("sync", "delete", repository, *place))
    ok(as_admin("region", "delete", region, "--yes"))
    assert "cancel" in ok(as_admin("sync", "jobs", repository))
