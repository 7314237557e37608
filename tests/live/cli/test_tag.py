"""`entrepot tag` against a real server: one more tag, what a tag named before, and back."""

from datetime import UTC, datetime

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, push, read, refused


def test_tags_are_added_looked_back_at_and_restored(as_admin: Run, api: Api) -> None:
    app = f"{api.create_org()}/team/app"
    first = push(api, app, "v1")
    between = datetime.now(UTC).isoformat()
    second = push(api, app, "v1")

    assert ok(as_admin("tag", "add", f"{app}:v1", "stable")) == f"{app}:stable names {second.digest}.\n"
    assert "already" in refused(as_admin("tag", "add", f"{app}:v1", "stable"))
    assert read(as_admin("tag", "add", f"{app}:v1", "stable", "--move", "--json"))["tag"] == "stable"

    rows = read(as_admin("tag", "history", f"{app}:v1", "--json"))
    assert [(row["version"], row["digest"]) for row in rows] == [(2, str(second.digest)), (1, str(first.digest))]
    assert "admin" in ok(as_admin("tag", "history", f"{app}:v1"))
    then = read(as_admin("tag", "list", app, "--at", between, "--json"))
    assert [(row["tag"], row["digest"]) for row in then] == [("v1", str(first.digest))]

    assert ok(as_admin("tag", "restore", f"{app}:v1")) == f"{app}:v1 names {first.digest} again.\n"
    ok(as_admin("tag", "restore", f"{app}:v1", "--to", str(second.digest)))
    assert api.client.get(f"/v2/{app}/manifests/v1").headers["docker-content-digest"] == str(second.digest)

    for chosen in (("--version", "1"), ("--as-of", between), ("--as-of", between.replace("+00:00", "Z"))):
        assert ok(as_admin("tag", "restore", f"{app}:v1", *chosen)) == f"{app}:v1 names {first.digest} again.\n"
        ok(as_admin("tag", "restore", f"{app}:v1", "--version", "2"))
    assert "has the versions 1 to" in refused(as_admin("tag", "restore", f"{app}:v1", "--version", "99"))
    assert "named nothing at 2020" in refused(as_admin("tag", "restore", f"{app}:v1", "--as-of", "2020-01-01"))
    assert as_admin("tag", "restore", f"{app}:v1", "--as-of", "yesterday").code == 2
    assert as_admin("tag", "restore", f"{app}:v1", "--version", "1", "--as-of", between).code == 2

    ok(as_admin("tag", "delete", f"{app}:v1", "--yes"))
    assert ok(as_admin("tag", "restore", f"{app}:v1")) == f"{app}:v1 names {second.digest} again.\n"
    assert "named nothing else" in refused(as_admin("tag", "restore", f"{app}:stable"))
    assert "never had a tag" in refused(as_admin("tag", "history", f"{app}:none"))


def test_tags_are_copied_to_another_repository_and_many_deleted_with_their_content(as_admin: Run, api: Api) -> None:
    organization = api.create_org()
    app, other = f"{organization}/team/app", f"{organization}/other"
    first, second = push(api, app, "v1"), push(api, app, "v2")

    assert ok(as_admin("tag", "copy", f"{app}:v1", other)) == f"{other}:v1 names {first.digest}.\n"
    assert "already" in refused(as_admin("tag", "copy", f"{app}:v2", f"{other}:v1"))
    assert read(as_admin("tag", "copy", f"{app}:v2", f"{other}:v1", "--move", "--json"))["digest"] == str(second.digest)

    planned = read(as_admin("tag", "delete", f"{app}:v1", f"{app}:v2", "--dry-run", "--json"))
    assert [one["tag"] for one in planned["tags"]] == ["v1", "v2"]
    asked = as_admin("tag", "delete", f"{app}:v1", f"{app}:v2", "--content")
    assert asked.code != 0
    assert "deletes 2 tags:" in asked.out + asked.err
    done = read(as_admin("tag", "delete", f"{app}:v1", f"{app}:v2", "--content", "--yes", "--json"))
    assert done == {"name": app, "tags": 2, "manifests": 2, "kept": []}
    assert api.client.get(f"/v2/{app}/manifests/{first.digest}").status_code == 404
    assert api.client.get(f"/v2/{other}/manifests/v1").headers["docker-content-digest"] == str(second.digest)
    assert "no tag v1" in refused(as_admin("tag", "delete", f"{app}:v1", "--yes"))


def test_a_repository_gets_another_name(as_admin: Run, api: Api) -> None:
    organization = api.create_org()
    app = f"{organization}/team/app"
    image = push(api, app, "v1")
    told = ok(as_admin("repo", "rename", app, "web", "--dry-run"))
    assert told == f"Who pulls {app} finds nothing there from now on. Under the new name: 1 tag.\n"
    planned = read(as_admin("repo", "rename", app, "web", "--dry-run", "--json"))
    assert planned == {"name": app, "tags": 1, "pulls": 0, "patterns": [], "kept": []}
    assert as_admin("repo", "rename", app, "web").code == 2
    assert ok(as_admin("repo", "rename", app, "web", "--yes")) == f"{app} is {organization}/web from now on.\n"
    assert api.client.get(f"/v2/{organization}/web/manifests/v1").headers["docker-content-digest"] == str(image.digest)
    assert api.client.get(f"/v2/{app}/manifests/v1").status_code == 404
