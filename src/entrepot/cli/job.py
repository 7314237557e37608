"""`entrepot job`: what workers do, did and will do. For operators."""

from itertools import islice
from typing import Annotated

import typer

from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_one, show_table

Run = Annotated[str, typer.Argument(help="Id of the run, as the list shows it.")]

_JOBS = "/v2/manage/jobs"
_SCHEDULES = "/v2/manage/schedules"

job = typer.Typer(help="Jobs: what workers do, did and will do.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(job, name="job")


@job.command("list")
def list_runs(
    state: Annotated[
        str | None, typer.Option(metavar="waiting|running|done|failed|cancelled", help="Only runs in this state.")
    ] = None,
    name: Annotated[str | None, typer.Option("--job", metavar="JOB", help="Only runs of this job.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="No more than so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List runs of jobs and reactions, the newest first."""
    from entrepot.cli.client import Client

    wanted: dict[str, str | int] = {"limit": min(limit, 1_000)}
    if state is not None:
        wanted["state"] = state
    if name is not None:
        wanted["job"] = name
    with Client() as client:
        rows = list(islice(client.pages(_JOBS, "runs", wanted), limit))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Job", "State", "Created", "Ended", "Id"),
        ((row["job"], row["state"], row["created_at"][:19], row.get("ended_at", "-")[:19], row["id"]) for row in rows),
    )


@job.command()
def show(run: Run, as_json: AsJson = False) -> None:
    """Show a run: what it was given, its steps, what went wrong."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", _path(run))
    if as_json:
        show_json(found)
        return
    steps = found.pop("steps")
    show_one(found, False)
    if steps:
        show_table(
            ("Step", "Started", "Ended", "Error"),
            (
                (one["name"], one.get("started_at", "-")[:19], one.get("ended_at", "-")[:19], one["error"])
                for one in steps
            ),
        )


@job.command()
def retry(run: Run, as_json: AsJson = False) -> None:
    """Try a run again that failed or was called off. Steps that ended well are not done twice."""
    from entrepot.cli.client import Client

    with Client() as client:
        again = client.call("POST", _path(run, "/retry"))
    done(f"It is tried again, as {again['id']}.", again, as_json)


@job.command()
def cancel(run: Run, yes: Yes = False, as_json: AsJson = False) -> None:
    """Call a run off that has not ended. A step under way ends first."""
    from entrepot.cli.client import Client

    confirm(f"This calls the run {run} off; what its steps did already stays done.", yes)
    with Client() as client:
        client.call("POST", _path(run, "/cancel"))
    done(f"Called off. To go on with it: entrepot job retry {run}", {"id": run}, as_json)


@job.command()
def schedules(as_json: AsJson = False) -> None:
    """List what is due by the clock: when it last was, and is next."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _SCHEDULES)["schedules"]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Job", "Last", "Next", "Schedule (UTC, seconds first)"),
        ((row["job"], row.get("last_at", "never")[:19], row["next_at"][:19], row["cron"]) for row in rows),
    )


@job.command()
def start(
    name: Annotated[str, typer.Argument(metavar="JOB", help="As `schedules` lists it.")], as_json: AsJson = False
) -> None:
    """Have a job that is due by the clock run now, too."""
    from urllib.parse import quote

    from entrepot.cli.client import Client

    with Client() as client:
        made = client.call("POST", f"{_SCHEDULES}/{quote(name, safe='')}/start")
    done(f"{name} runs as {made['id']}.", made, as_json)


def _path(run: str, call: str = "") -> str:
    from urllib.parse import quote

    return f"{_JOBS}/{quote(run, safe='')}{call}"
