"""`entrepot retention plan`, `run`, `runs`, `deleted` and `undo`: what retention would do, does and did."""

import json
from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, Yes, confirm, counted, done, second, show_json, show_table

Place = Annotated[str, typer.Argument(metavar="ORG[/REPO]", help="A repository, or all of an organization.")]
Repository = Annotated[str, typer.Argument(metavar="ORG/REPO", help="Name of the repository.")]
Number = Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")]


def register(app: typer.Typer) -> None:
    """Beside the other commands of `entrepot retention`."""
    for command in (plan, run, runs, deleted, undo):
        app.command()(command)


def plan(
    place: Place,
    with_policy: Annotated[
        int | None, typer.Option("--with", metavar="POLICY", help="As if this policy of the organization were enabled.")
    ] = None,
    only_deleted: Annotated[bool, typer.Option("--deleted", help="Only the tags that would be deleted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what retention would delete now, and for each tag why it is deleted or kept. Nothing is changed.

    With --json a line for each tag as it comes, and one with a summary for each repository.
    """
    from entrepot.cli.client import Client

    parameters = {"only_deleted": "true"} if only_deleted else {}
    if with_policy is not None:
        parameters["policy"] = str(with_policy)
    with Client() as client:
        for line in client.lines(f"{_path(place)}/plan", parameters):
            typer.echo(line if as_json else _told(json.loads(line)))


def run(
    place: Place,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Though the clock jumped, a run was undone there, or it deletes much.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Have the rules carried out now. A job worker does it; `entrepot retention runs` says what it did."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("POST", f"{_path(place)}/run", {"force": anyway})
    done(f"Asked for retention in {place}.", {"place": place}, as_json)


def runs(place: Place, as_json: AsJson = False) -> None:
    """List what retention did, the newest first: 100 runs. Of days on which nothing happened only the last is there."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", f"{_path(place)}/runs")["runs"]
    if as_json:
        show_json(rows)
        return
    columns = ("Run", "Repository", "Started", "Cause", "State", "Looked at", "Deleted", "Immutable", "Came back")
    keys = ("id", "repository", "started_at", "cause", "state", "looked_at", "deleted", "immutable", "restored")
    show_table(columns, (tuple(row[key] for key in keys) for row in rows))
    for row in rows:
        if "stopped" in row:
            typer.echo(f"Run {row['id']}: {row['stopped']}")


def deleted(repository: Repository, number: Number, as_json: AsJson = False) -> None:
    """List the tags that a run deleted, and of an undone one what became of them."""
    from entrepot.cli.client import Client

    path, parameters, rows = f"{_path(repository)}/runs/{number}/tags", {"limit": "1000"}, []
    with Client() as client:
        while True:
            page = client.call("GET", path, parameters=parameters)
            rows += page["tags"]
            if "nextMarker" not in page:
                break
            parameters["marker"] = page["nextMarker"]
    if as_json:
        show_json(rows)
        return
    columns = ("Tag", "Digest", "Pushed", "Deleted", "Undone")
    show_table(
        columns,
        (
            (
                row["tag"],
                row["digest"],
                second(row.get("pushed_at", "")),
                second(row["deleted_at"]),
                row.get("outcome", ""),
            )
            for row in rows
        ),
    )


def undo(repository: Repository, number: Number, yes: Yes = False, as_json: AsJson = False) -> None:
    """Bring back the tags that a run deleted, as far as the history of tags still has them.

    Retention then does nothing in this repository until its rules change, or `entrepot retention run --anyway`.
    """
    from entrepot.cli.client import Client

    confirm(f"This brings back what run {number} deleted in {repository}, and holds retention there.", yes)
    with Client() as client:
        client.call("POST", f"{_path(repository)}/runs/{number}/undo")
    done(f"Asked to bring back what run {number} deleted in {repository}.", {"repository": repository}, as_json)


def _told(line: dict[str, Any]) -> str:
    if "summary" not in line:
        mark = "delete" if line["is_deleted"] else "keep  "
        return f"{mark}  {line['repository']}:{line['tag']}  pushed {line['pushed_at']}  {line['because']}"
    deleted = f"{line['deleted']} of {counted(line['looked_at'], 'tag')} would be deleted"
    said = f"{line['summary']}: {deleted}, {line['kept']} kept"
    if line["untagged"]:
        said += f"; {counted(line['untagged'], 'image')} without a tag would go"
    stopped = f"\nNot by the clock, though: {line['stopped']}" if line["stopped"] else ""
    return f"{said}.{stopped}"


def _path(place: str) -> str:
    from entrepot.cli.client import organization_path, repository_path
    from entrepot.values.names import OrganizationName, RepositoryName

    if "/" in place:
        return f"{repository_path(RepositoryName.parse(place))}/retention"
    return f"{organization_path(OrganizationName.parse(place))}/retention"
