"""`entrepot grant`: who may do what in an organization or a repository."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.output import AsJson, done, show_json, show_table

if TYPE_CHECKING:
    from entrepot.cli.client import Client


class Level(StrEnum):
    READ = "read"
    EDIT = "edit"
    MANAGE = "manage"


_NUMBERS = {Level.READ: 1, Level.EDIT: 3, Level.MANAGE: 7}
_CONFLICT = 409

Scope = Annotated[str, typer.Argument(metavar="ORG[/REPO]", help="An organization, or one repository of it.")]
User = Annotated[str, typer.Option("--user", "-u", help="User name.")]

grant = typer.Typer(help="Permissions: who may read, edit or manage what.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(grant, name="grant")


@grant.command("set")
def set_grant(
    scope: Scope,
    user: User,
    level: Annotated[Level, typer.Option(help="read: pull; edit: push too; manage: delete and grant too.")],
    as_json: AsJson = False,
) -> None:
    """Let a user read, edit or manage, whatever they might before."""
    from entrepot.cli.client import Client, Refusal

    path = _access(scope)
    with Client() as client:
        held = _held(client, path, user)
        wanted = [{"user_id": held["user_id"] if held else "", "user_name": user, "auth": _NUMBERS[level]}]
        try:
            client.call("PATCH" if held else "POST", path, wanted)
        except Refusal as refusal:
            # Somebody gave them one in the meantime.
            if held or refusal.status != _CONFLICT:
                raise
            client.call("PATCH", path, wanted)
    document = {"scope": scope, "user_name": user, "level": level.value, "auth": _NUMBERS[level]}
    done(f"{user} may {level.value} {scope}.", document, as_json)


@grant.command()
def remove(scope: Scope, user: User, as_json: AsJson = False) -> None:
    """Take a user's own permission on an organization or repository away."""
    from entrepot.cli.client import Client
    from entrepot.values.errors import GrantUnknown

    path = _access(scope)
    with Client() as client:
        held = _held(client, path, user)
        if held is None:
            raise GrantUnknown(f"{user} has no permission of their own on {scope}. See: entrepot grant list {scope}")
        client.call("DELETE", path, [held["user_id"]])
    done(f"{user} has no permission of their own on {scope} any more.", {"scope": scope, "user_name": user}, as_json)


@grant.command("list")
def list_grants(scope: Scope, as_json: AsJson = False) -> None:
    """List the users with a permission of their own on an organization or repository; your own comes first."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", _access(scope))
    rows = [{**row, "level": level_name(row["auth"])} for row in (found["self_auth"], *found["others_auths"])]
    if as_json:
        show_json(rows)
        return
    show_table(("User", "Level"), ((row["user_name"], row["level"]) for row in rows))


def level_name(number: int) -> str:
    """The word for a level of the API; `-` for none."""
    return next((level.value for level, known in _NUMBERS.items() if known == number), "-")


def _access(scope: str) -> str:
    from entrepot.cli.client import organization_path, repository_path
    from entrepot.values.names import OrganizationName, RepositoryName

    if "/" in scope:
        return f"{repository_path(RepositoryName.parse(scope))}/access"
    return f"{organization_path(OrganizationName.parse(scope))}/access"


def _held(client: "Client", path: str, user: str) -> dict[str, Any] | None:
    """The user's own permission, if they have one."""
    found: list[dict[str, Any]] = client.call("GET", path)["others_auths"]
    return next((row for row in found if row["user_name"] == user), None)
