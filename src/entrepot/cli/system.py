"""`entrepot system`: the installation as it is now. For operators."""

from typing import Any

import typer

from entrepot.cli.output import AsJson, counted, second, show_json, show_one, show_table, size

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
    backup = found.get("last_backup")
    told = {
        "version": found["version"],
        "storage": f"{storage['kind']}, {storage['place']}",
        "storage answers": _answers(storage["health"]),
        "disk free": f"{size(storage['free'])} of {size(storage['total'])}" if "free" in storage else "-",
        "database": f"{database['kind']} {database['version']}, {size(database['size'])}",
        "database answers": _answers(database["health"]),
        "servers": _living(found, "server"),
        "job workers": _living(found, "worker"),
        "runs that wait": work["waiting"],
        "last run ended": work.get("last_ended_at", "never")[:19],
        "signing key of": found.get("signing_key_at", "-")[:19],
        "last backup": f"{second(backup['made_at'])}, {backup['place']}" if backup else "never",
    }
    show_one(told, False)
    typer.echo()
    show_table(
        ("Process", "Host", "Number", "Release", "Started", "Seen"),
        (
            (
                one["kind"],
                one["host"],
                one["pid"],
                one["version"],
                second(one["started_at"]),
                second(one["seen_at"]) + ("" if one["is_alive"] else ", dead"),
            )
            for one in found["processes"]
        ),
    )


@system.command()
def warnings(as_json: AsJson = False) -> None:
    """Show what needs you: what ends; for operators, full disks, failed jobs, no workers, lost blobs, no backup."""
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
    if gone := found.get("workers"):
        rows.append(
            (
                "workers",
                f"no job worker lives since {second(gone['since'])}; {counted(gone['waiting'], 'run')} in the queue",
            )
        )
    if wrong := found.get("blobs"):
        rows.append(("blobs", f"{wrong} are not as they were pushed; entrepot verify --findings"))
    if (old := found.get("backup")) is not None:
        rows.append(("backup", f"the last is of {second(old['last_at'])}" if "last_at" in old else "there is none yet"))
    rows += [(one["kind"], f"{one['name']} ends {one['ends_at'][:19]}") for one in found["expiring"]]
    show_table(("What", "Why"), rows)


def _living(found: dict[str, Any], kind: str) -> int:
    return sum(one["kind"] == kind and one["is_alive"] for one in found["processes"])


def _answers(health: dict[str, object]) -> str:
    return f"in {float(str(health['seconds'])) * 1_000:.1f} ms" if health["is_good"] else str(health["says"])
