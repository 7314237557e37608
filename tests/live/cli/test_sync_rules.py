"""`entrepot sync rule` and `entrepot sync all`: images go to a region and come from it, by rules."""

import json
import time
from collections.abc import Callable
from typing import Any

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import push
from tests.live.conftest import StartServer


def wait_for(run: Run, name: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The rule, once it is so."""
    deadline = time.monotonic() + 30
    while True:
        shown: dict[str, Any] = json.loads(run("sync", "rule", "show", name, "--json").out)
        if is_so(shown):
            return shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.1)  # another process: it tells nobody


def is_done(shown: dict[str, Any]) -> bool:
    return "last_run" in shown and not shown["under_way"]


def test_a_rule_is_made_run_changed_and_forgotten(as_admin: Run, api: Api, start_server: StartServer) -> None:
    there, region, name = start_server(), fresh_name("north"), fresh_name("releases")
    organization = api.create_org()
    for tag in ("v1", "v2-rc1"):
        push(api, f"{organization}/app", tag)
    as_admin("region", "create", region, there.url, "--username", there.user, "--password-stdin", stdin=there.password)
    with Api(there) as north:
        north.create_org(organization)

    assert as_admin("sync", "rule", "list").code == 0
    patterns = ("--repo", f"{organization}/*", "--tag", "v*", "--exclude", "*-rc*")
    made = as_admin("sync", "rule", "create", name, "--region", region, *patterns, "--every", "1h", "--rate", "50MB")
    told = f"{name} copies {organization}/* to {region}; see: entrepot sync rule show {name}\n"
    assert (made.code, made.out) == (0, told)
    shown = wait_for(as_admin, name, is_done)
    assert (shown["last_run"]["looked_at"], shown["last_run"]["wanted"], shown["last_run"]["error"]) == (1, 1, "")
    assert (shown["every_seconds"], shown["bytes_per_second"]) == (3_600, 50_000_000)
    assert name in as_admin("sync", "rule", "list").out
    jobs = as_admin("sync", "all", "jobs", "--rule", name).out
    assert (f"{organization}/app:v1" in jobs, "success" in jobs, "rc1" in jobs) == (True, True, False)

    changed = as_admin("sync", "rule", "update", name, "--exclude", "", "--window", "00:00-23:59", "--at", "")
    assert (changed.code, changed.out) == (0, f"Changed the rule {name}.\n")
    shown = wait_for(as_admin, name, lambda one: is_done(one) and one["last_run"]["looked_at"] == 2)
    assert (shown["exclusions"], shown["windows"]) == ([], ["00:00-23:59"])
    [newest, *_] = json.loads(as_admin("sync", "all", "jobs", "--rule", name, "--json").out)
    assert (newest["tag"], newest["status"]) == ("v2-rc1", "success")
    late = as_admin("sync", "all", "cancel", str(newest["id"]))
    assert "The copy has ended already" in late.err
    assert as_admin("sync", "all", "retry", str(newest["id"])).code != 0

    assert as_admin("sync", "rule", "update", name, "--disable").code == 0
    refused = as_admin("sync", "rule", "run", name)
    assert f"entrepot sync rule update {name} --enable" in refused.err
    assert as_admin("sync", "rule", "delete", name, "--yes").out == f"Deleted the rule {name}; what it copied stays.\n"
    assert as_admin("sync", "rule", "show", name).code != 0


def test_what_a_region_has_is_pulled(as_admin: Run, api: Api, start_server: StartServer) -> None:
    there, region, name = start_server(), fresh_name("vendor"), fresh_name("pulled")
    organization = api.create_org()
    as_admin("region", "create", region, there.url, "--username", there.user, "--password-stdin", stdin=there.password)
    with Api(there) as vendor:
        vendor.create_org("theirs")
        push(vendor, "theirs/app", "v1")

        where = ("--pull", "--region", region, "--repo", "theirs/*", "--org", organization)
        refused = as_admin("sync", "rule", "create", name, *where)
        assert "every_seconds or at" in refused.err
        assert as_admin("sync", "rule", "create", name, *where, "--every", "1h").code == 0
        wait_for(as_admin, name, is_done)
        assert "v1" in as_admin("tag", "list", f"{organization}/app").out

        push(vendor, "theirs/app", "v2")
        assert as_admin("sync", "rule", "run", name).code == 0
        wait_for(as_admin, name, lambda one: is_done(one) and one["last_run"]["looked_at"] == 2)
        assert "v2" in as_admin("tag", "list", f"{organization}/app").out
