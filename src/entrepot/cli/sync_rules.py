"""`entrepot sync rule` and `entrepot sync all`: rules for several regions, and the copies of all repositories."""

from typing import Annotated, Any

import typer

from entrepot.cli.options import Fields, said, taking
from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_one, show_table, size
from entrepot.cli.sync_fields import WHAT, what, when

_RULES = "/v2/manage/sync/rules"
_COPIES = "/v2/manage/sync/copies"

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the rule.")]

rule = typer.Typer(help="Rules for several regions, in both directions, if you operate this installation.")
every = typer.Typer(help="Copies of all repositories, if you operate this installation.")


def register(app: typer.Typer) -> None:
    app.add_typer(rule, name="rule", no_args_is_help=True)
    app.add_typer(every, name="all", no_args_is_help=True)


@rule.command()
@taking(what, when)
def create(
    name: Name,
    fields: Fields,
    region: Annotated[
        list[str], typer.Option(help="A region; may be given again. See: entrepot region list.", rich_help_panel=WHAT)
    ],
    repo: Annotated[
        list[str],
        typer.Option(
            metavar="PATTERN",
            help="Repositories where they come from, as acme/*; may be given again.",
            rich_help_panel=WHAT,
        ),
    ],
    pull: Annotated[
        bool,
        typer.Option(
            "--pull", help="From the region to here; without, from here to the regions.", rich_help_panel=WHAT
        ),
    ] = False,
    disabled: Annotated[bool, typer.Option("--disabled", help="Do not begin yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a rule: by itself it copies each change from here when it happens. It begins with what is there."""
    from entrepot.cli.client import Client

    least = {"name": name, "direction": "pull" if pull else "push", "regions": region, "repositories": repo}
    with Client() as client:
        row = client.call("POST", _RULES, {**least, "enabled": not disabled, **fields})
    where = f"from {region[0]}" if pull else f"to {', '.join(region)}"
    done(f"{name} copies {', '.join(repo)} {where}; see: entrepot sync rule show {name}", row, as_json)


@rule.command("list")
def list_rules(as_json: AsJson = False) -> None:
    """List the rules."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_RULES, "rules"))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Rule", "Direction", "Regions", "Repositories", "When", "Enabled", "Under way", "Last run", "Error"),
        (
            (
                row["name"],
                row["direction"],
                ", ".join(row["regions"]),
                ", ".join(row["repositories"]),
                _times(row),
                "yes" if row["enabled"] else "no",
                row["under_way"],
                row.get("last_run", {}).get("at", ""),
                row.get("last_run", {}).get("error", ""),
            )
            for row in rows
        ),
        "There is no rule.",
    )


@rule.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a rule, and how its last run went."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("GET", _path(name))
    if not as_json:
        last = row.pop("last_run", {})
        row |= {f"last run: {key.replace('_', ' ')}": value for key, value in last.items()}
    show_one(row, as_json)


@rule.command()
@taking(what, when)
def update(
    name: Name,
    fields: Fields,
    region: Annotated[list[str] | None, typer.Option(help="Its regions from now on.", rich_help_panel=WHAT)] = None,
    repo: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="The repositories from now on.", rich_help_panel=WHAT),
    ] = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it works.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given. Unless that is when and how fast, it begins anew, and what waits or runs is called off."""
    from entrepot.cli.client import Client

    body = said(regions=region, repositories=repo, enabled=enabled) | fields
    with Client() as client:
        row = client.call("PATCH", _path(name), body)
    done(f"Changed the rule {name}.", row, as_json)


@rule.command()
def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Forget a rule. What it copied stays; what waits or runs of it is called off."""
    from entrepot.cli.client import Client

    confirm(f"{name} copies and deletes nothing any more; what waits or runs of it is called off.", yes)
    with Client() as client:
        client.call("DELETE", _path(name))
    done(f"Deleted the rule {name}; what it copied stays.", {"name": name}, as_json)


@rule.command()
def run(name: Name, as_json: AsJson = False) -> None:
    """Look for what differs now, and copy it, within the rule's windows."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("POST", f"{_path(name)}/run")
    done(f"{name} looks for what differs; see: entrepot sync rule show {name}", row, as_json)


@every.command()
def jobs(
    of: Annotated[str | None, typer.Option("--rule", help="Of this rule.")] = None,
    status: Annotated[str | None, typer.Option(help="In this status, as failed.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the last 100 copies and deletions, the newest first."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _COPIES, parameters=said(rule=of, status=status))["copies"]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Number", "Asked for", "What", "Here", "At the region", "Rule", "Status", "Done", "Moved", "Why"),
        (_line(row) for row in rows),
        "No copy.",
    )


@every.command()
def retry(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the copy.", min=1)], as_json: AsJson = False
) -> None:
    """Try a copy again that did not succeed."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("POST", f"{_COPIES}/{number}/retry")
    done(f"Copy {number} is tried again.", {"copy": number}, as_json)


@every.command()
def cancel(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the copy.", min=1)], as_json: AsJson = False
) -> None:
    """Call a copy off that waits or runs."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("POST", f"{_COPIES}/{number}/cancel")
    done(f"Copy {number} was called off.", {"copy": number}, as_json)


def _path(name: str) -> str:
    from entrepot.values.names import SyncRuleName

    return f"{_RULES}/{SyncRuleName.parse(name)}"


def _times(row: dict[str, Any]) -> str:
    from entrepot.plumbing.units import show_seconds

    often = f"every {show_seconds(row['every_seconds'])}" if "every_seconds" in row else "each change"
    begins = f"at {row['at']}" if "at" in row else often
    return ", ".join([begins, *row["windows"]])


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    total = row["bytes_total"]
    return (
        row["id"],
        row["created_at"],
        f"{row['direction']} {row['action']}",
        f"{row['repository']}:{row['tag']}",
        f"{row['region']} {row['place']}",
        row["rule"],
        row["status"],
        f"{100 * row['bytes_done'] // total}%" if total else "",
        size(row["bytes_sent"]),
        row["error"],
    )
