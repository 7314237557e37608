"""`entrepot system`: the installation as it is now. For operators."""

import typer

from entrepot.cli.output import AsJson, show_json, show_one, show_table, size

system = typer.Typer(help="The installation: version, storage, database, workers.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(system, name="system")


@system.command()
def show(as_json: AsJson = False) -> None:
    """Show how the installation does now. Its settings: `entrepot config show` there, or --json here."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", "/v2/manage/system")
    if as_json:
        show_json(found)
        return
    storage, database, work = found["storage"], found["database"], found["work"]
    told = {
        "version": found["version"],
        "storage": f"{storage['kind']}, {storage['place']}",
        "storage answers": _answers(storage["health"]),
        "disk free": f"{size(storage['free'])} of {size(storage['total'])}" if "free" in storage else "-",
        "database": f"{database['kind']} {database['version']}, {size(database['size'])}",
        "database answers": _answers(database["health"]),
        "runs that wait": work["waiting"],
        "last run ended": work.get("last_ended_at", "never")[:19],
        "signing key of": found.get("signing_key_at", "-")[:19],
    }
    show_one(told, False)


@system.command()
def warnings(as_json: AsJson = False) -> None:
    """Show what needs you: credentials that end soon; for operators, a full disk and failed jobs, too."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", "/v2/manage/warnings")
    if as_json:
        show_json(found)
        return
    rows: list[tuple[str, str]] = []
    if disk := found.get("disk"):
        rows.append(("disk", f"{size(disk['free'])} of {size(disk['total'])} free"))
    if failed := found.get("jobs"):
        rows.append(("jobs", f"{failed['count']} failed within a day; entrepot job list --state failed"))
    rows += [(one["kind"], f"{one['name']} ends {one['ends_at'][:19]}") for one in found["expiring"]]
    show_table(("What", "Why"), rows)


def _answers(health: dict[str, object]) -> str:
    return f"in {float(str(health['seconds'])) * 1_000:.1f} ms" if health["is_good"] else str(health["says"])
