"""`entrepot retention`: which tags of a repository are deleted in time."""

from typing import Annotated, Any

import typer

from entrepot.cli import retention_runs
from entrepot.cli.output import AsJson, DryRun, Yes, choose_one, confirm, done, second, show_json, show_table
from entrepot.cli.retention_policies import policy
from entrepot.cli.retention_preview import ask

Repository = Annotated[str, typer.Argument(metavar="ORG/REPO", help="Name of the repository.")]

retention = typer.Typer(help="Retention: tags that are deleted in time.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    retention_runs.register(retention)
    retention.add_typer(policy, name="policy")
    app.add_typer(retention, name="retention")


@retention.command()
def show(repository: Repository, as_json: AsJson = False) -> None:
    """Show the retention policy of a repository."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", _path(repository))
    if as_json:
        show_json(found)
        return
    show_table(
        ("Policy", "Keeps", "Spares"),
        ((policy["id"], _kept(rule), _spared(rule)) for policy in found for rule in policy["rules"]),
    )


@retention.command("set")
def change(
    repository: Repository,
    days: Annotated[int | None, typer.Option(help="Keep tags pushed within so many days, 1 to 365.")] = None,
    tags: Annotated[int | None, typer.Option(help="Keep so many of the newest tags, 1 to 1000.")] = None,
    spare: Annotated[list[str] | None, typer.Option(metavar="TAG", help="Never this tag; may be given again.")] = None,
    spare_matching: Annotated[
        list[str] | None,
        typer.Option(metavar="EXPRESSION", help="Never tags that this regular expression matches whole."),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Give a repository a retention policy, or its policy another number and other exceptions.

    Between --days and --tags a policy does not change: delete it first. It is carried out at once, and then once a day;
    what it deletes now is said first.
    """
    from entrepot.cli.client import Client

    by_days = choose_one(days is not None, tags is not None, "--days / --tags")
    selectors = [{"kind": "label", "pattern": tag} for tag in spare or []]
    selectors += [{"kind": "regexp", "pattern": expression} for expression in spare_matching or []]
    rule = {
        "template": "date_rule" if by_days else "tag_rule",
        "params": {"days": str(days)} if by_days else {"num": str(tags)},
        "tag_selectors": selectors,
    }
    body, path = {"algorithm": "or", "rules": [rule]}, _path(repository)
    with Client() as client:
        preview = f"{path.removesuffix('s')}/preview"
        if not ask(client, preview, body, yes, dry_run, as_json):
            return
        found = client.call("GET", path)
        if found:
            client.call("PATCH", f"{path}/{found[0]['id']}", body)
        else:
            client.call("POST", path, body)
        made = client.call("GET", path)
    done(f"The retention policy of {repository} keeps {_kept(rule)}.", made, as_json)


@retention.command()
def delete(repository: Repository, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete the retention policy of a repository. What it deleted stays in the history."""
    from entrepot.cli.client import Client
    from entrepot.values.errors import RuleUnknown

    path = _path(repository)
    with Client() as client:
        found = client.call("GET", path)
        if not found:
            raise RuleUnknown(f"{repository} has no retention policy.", kind="retention-unknown")
        confirm(f"This deletes the retention policy of {repository}.", yes)
        client.call("DELETE", f"{path}/{found[0]['id']}")
    done(f"Deleted the retention policy of {repository}.", {"repository": repository}, as_json)


@retention.command()
def history(repository: Repository, as_json: AsJson = False) -> None:
    """List the last 100 tags that retention deleted from a repository, the newest first."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", f"{_path(repository)}/histories")["retention_log"]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Deleted", "Tag", "Policy"), ((second(row["created_at"]), row["tag"], row["retention_id"]) for row in rows)
    )


def _path(repository: str) -> str:
    from entrepot.cli.client import repository_path
    from entrepot.values.names import RepositoryName

    return f"{repository_path(RepositoryName.parse(repository))}/retentions"


def _kept(rule: dict[str, Any]) -> str:
    if rule["template"] == "date_rule":
        return f"tags of the last {rule['params']['days']} days"
    return f"the newest {rule['params']['num']} tags"


def _spared(rule: dict[str, Any]) -> str:
    return ", ".join(one["pattern"] for one in rule["tag_selectors"])
