"""`entrepot region` and `entrepot sync`: from a region that is known to a copy that is there."""

import time

import httpx2

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import push
from tests.live.conftest import StartServer


def test_images_are_copied_to_a_region_and_what_failed_is_tried_again(
    as_admin: Run, api: Api, start_server: StartServer
) -> None:
    there, region, path = start_server(), fresh_name("north"), f"{api.create_org()}/app"
    push(api, path, "v1")
    made = as_admin("region", "create", region, there.url, "--username", there.user, "--password-stdin", stdin="wrong")
    assert (made.code, made.out) == (0, f"{region} is known as {there.url}.\n")
    assert "has_password" in as_admin("region", "show", region).out
    assert as_admin("sync", "jobs", path).out.startswith("No copy. Have tags copied: entrepot sync copy")

    asked = as_admin("sync", "copy", path, "v1", "--region", region, "--org", "copies")
    assert asked.out == f"v1 of {path} will be copied to copies in {region}; see: entrepot sync jobs {path}\n"
    number = wait_for(as_admin, path, "failed")
    assert "does not accept" in as_admin("sync", "jobs", path, "--json").out

    changed = as_admin("region", "update", region, "--password-stdin", stdin=there.password)
    assert (changed.code, changed.out) == (0, f"Changed the region {region} at {there.url}.\n")
    with Api(there) as south:
        south.create_org("copies")
    again = as_admin("sync", "retry", path, number)
    assert (again.code, again.out) == (0, f"Copy {number} of {path} is tried again.\n")
    wait_for(as_admin, path, "success")
    manifest = f"{there.url}/v2/copies/app/manifests/v1"
    assert httpx2.head(manifest, auth=(there.user, there.password), trust_env=False).status_code == 200

    late = as_admin("sync", "cancel", path, number)
    assert late.code != 0
    assert "The copy has ended already: it is success." in late.err
    assert as_admin("region", "delete", region, "--yes").code == 0


def wait_for(run: Run, path: str, status: str) -> str:
    """The number of the only copy, once it has this status."""
    deadline = time.monotonic() + 30
    while True:
        row = run("sync", "jobs", path).out.splitlines()[-1].split()
        if status in row:
            return row[0]
        assert time.monotonic() < deadline, row
        time.sleep(0.1)  # another process: it tells nobody
