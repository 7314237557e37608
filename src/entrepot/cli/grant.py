"""`entrepot grant`: who may do what in an organization or a repository."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, done, last_day, show_json, show_table


class Level(StrEnum):
    READ = "read"
    EDIT = "edit"
    MANAGE = "manage"


_NUMBERS = {Level.READ: 1, Level.EDIT: 3, Level.MANAGE: 7}

Scope = Annotated[
    str,
    typer.Argument(metavar="SCOPE", help="ORG, ORG/REPO, or a pattern as 'ORG/team-*', where * is any characters."),
]
User = Annotated[str | None, typer.Option("--user", "-u", help="A user.")]
Group = Annotated[str | None, typer.Option("--group", "-g", help="A group.")]
Robot = Annotated[str | None, typer.Option("--robot", help="A robot.")]

grant = typer.Typer(help="Permissions: who may read, edit or manage what.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(grant, name="grant")


@grant.command("set")
def set_grant(
    scope: Scope,
    level: Annotated[Level, typer.Option(help="read: pull; edit: push too; manage: delete and grant too.")],
    user: User = None,
    group: Group = None,
    robot: Robot = None,
    until: Annotated[
        str, typer.Option(metavar="DAY", help="The last day on which it counts (UTC), as 2027-12-31; or forever.")
    ] = "forever",
    as_json: AsJson = False,
) -> None:
    """Let a user, a group or a robot read, edit or manage, whatever they might before."""
    from entrepot.cli.client import Client

    path, body = _call(scope, user, group, robot)
    with Client() as client:
        given = client.call("PUT", path, {**body, "auth": _NUMBERS[level], "deadline": until})
    end = "" if given["deadline"] == "forever" else f" until {given['deadline'][:10]}"
    done(f"{body['name']} may {level.value} {scope}{end}.", {**given, "level": level.value}, as_json)


@grant.command()
def remove(scope: Scope, user: User = None, group: Group = None, robot: Robot = None, as_json: AsJson = False) -> None:
    """Take away what a user, a group or a robot was given on exactly this scope."""
    from entrepot.cli.client import Client

    path, body = _call(scope, user, group, robot)
    with Client() as client:
        client.call("DELETE", path, body)
    said = f"{body['name']} has no permission of their own on {scope} any more."
    done(said, {"scope": scope, "kind": body["kind"], "name": body["name"]}, as_json)


@grant.command("list")
def list_grants(
    scope: Annotated[str, typer.Argument(metavar="ORG[/REPO]", help="An organization, or one repository of it.")],
    everything: Annotated[
        bool,
        typer.Option("--all", help="All that counts for a repository, wherever it was given and to whom."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what users, groups and robots were given on an organization and patterns in it, or on a repository."""
    from entrepot.cli.client import Client

    if everything:
        _list_all(scope, as_json)
        return
    with Client() as client:
        rows = [{**row, "level": level_name(row["auth"])} for row in client.pages(_path(scope), "grants")]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Scope", "Who", "Name", "Level", "Until"),
        ((row["scope"], row["kind"], row["name"], row["level"], row["deadline"][:10]) for row in rows),
    )


def _list_all(scope: str, as_json: bool) -> None:
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.names import RepositoryName

    path = f"{repository_path(RepositoryName.parse(scope))}/permissions"
    with Client() as client:
        rows = [{**row, "level": level_name(row["auth"])} for row in client.pages(path, "permissions")]
    if as_json:
        show_json(rows)
    else:
        show_reasons(rows)


def show_reasons(rows: Iterable[dict[str, Any]]) -> None:
    """What counts and where it comes from, as a table."""
    show_table(
        ("Level", "On", "Given to", "Name", "Until"),
        ((level_name(r["auth"]), r["scope"], r["kind"], r["name"], last_day(r.get("expires_at"))) for r in rows),
    )


def level_name(number: int) -> str:
    """The word for a level of the API; `-` for none."""
    return next((level.value for level, known in _NUMBERS.items() if known == number), "-")


def _call(scope: str, user: str | None, group: str | None, robot: str | None) -> tuple[str, dict[str, Any]]:
    """The path of the call, and whom it is about."""
    given = {kind: name for kind, name in (("user", user), ("group", group), ("robot", robot)) if name is not None}
    if len(given) != 1:
        raise typer.BadParameter("give exactly one of them.", param_hint="--user / --group / --robot")
    kind, name = next(iter(given.items()))
    organization, _, pattern = scope.partition("/")
    if "*" in pattern:
        return _path(organization), {"kind": kind, "name": name, "pattern": pattern}
    return _path(scope), {"kind": kind, "name": name}


def _path(scope: str) -> str:
    from entrepot.cli.client import organization_path, repository_path
    from entrepot.values.names import OrganizationName, RepositoryName

    if "/" in scope:
        return f"{repository_path(RepositoryName.parse(scope))}/grants"
    return f"{organization_path(OrganizationName.parse(scope))}/grants"
