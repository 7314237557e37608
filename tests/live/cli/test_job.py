"""`entrepot job` and `entrepot system` against a real server with a real worker."""

from tests.cli.run import Run
from tests.live.cli.test_commands import ok, read
from tests.make.waiting import until


async def test_a_job_is_started_by_hand_seen_and_told_of(as_admin: Run) -> None:
    await until(lambda: as_admin("job", "schedules").code == 0, 30)  # once a worker has started
    due = read(as_admin("job", "schedules", "--json"))
    assert {"accounts.forget_guesses", "registry.sweep_parts"} <= {one["job"] for one in due}
    run = read(as_admin("job", "start", "accounts.forget_guesses", "--json"))["id"]

    await until(lambda: read(as_admin("job", "show", run, "--json"))["state"] == "done", 30)

    assert "forget" in ok(as_admin("job", "show", run))
    assert run in {one["id"] for one in read(as_admin("job", "list", "--state", "done", "--json"))}
    assert as_admin("job", "retry", run).code != 0
    assert as_admin("job", "cancel", run, "--yes").code != 0
    assert as_admin("job", "show", "none").code != 0


async def test_the_system_knows_which_processes_live(as_admin: Run) -> None:
    def kinds() -> set[str]:
        return {one["kind"] for one in read(as_admin("system", "show", "--json"))["processes"] if one["is_alive"]}

    await until(lambda: kinds() == {"server", "worker"}, 30)  # the worker takes a moment to start

    assert "worker" in ok(as_admin("system", "show"))


def test_the_system_says_how_it_does(as_admin: Run) -> None:
    told = read(as_admin("system", "show", "--json"))
    assert told["database"]["health"]["is_good"] and told["storage"]["free"] > 0
    assert {"port", "data"} <= {one["name"] for one in told["settings"]}
    assert "database answers" in ok(as_admin("system", "show"))
