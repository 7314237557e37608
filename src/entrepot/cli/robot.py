"""`entrepot robot`: accounts of programs."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import (
    ENDS,
    AsJson,
    NamePart,
    SortedBy,
    Yes,
    confirm,
    done,
    end_of,
    named,
    show_json,
    show_one,
    show_table,
)

_SCOPE = "SCOPE: ORG, ORG/REPO or a pattern as 'ORG/team-*'"

Name = Annotated[str, typer.Argument(help="Name of the robot.")]
Pull = Annotated[list[str] | None, typer.Option("--pull", metavar="SCOPE", help=f"It may pull from {_SCOPE}.")]
Push = Annotated[list[str] | None, typer.Option("--push", metavar="SCOPE", help="It may push to SCOPE, and pull.")]
Delete = Annotated[
    list[str] | None, typer.Option("--delete", metavar="SCOPE", help="It may delete content of SCOPE, push and pull.")
]
Description = Annotated[str | None, typer.Option(help="What it is for.")]
Expires = Annotated[str | None, typer.Option(metavar="WHEN", help=f"When it ends: {ENDS}.")]

_ROBOTS = "/v2/manage/robots"

robot = typer.Typer(help="Robots: accounts of programs.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(robot, name="robot")


@robot.command()
def create(
    name: Name,
    pull: Pull = None,
    push: Push = None,
    delete: Delete = None,
    description: Description = None,
    expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Create a robot for what you manage, and print its secret, which is shown this once."""
    from entrepot.cli.client import Client
    from entrepot.values.names import RobotName

    rights = _rights(pull, push, delete)
    if not rights:
        raise typer.BadParameter("say what it may reach.", param_hint="--pull / --push / --delete")
    body = {
        "name": RobotName.parse(name),
        "rights": rights,
        "description": description or "",
        "expires_at": None if expires is None else end_of(expires, "--expires"),
    }
    with Client() as client:
        made = client.call("POST", _ROBOTS, body)
    _say_secret(f"Created the robot {name}.", made, client.sign_in.url, as_json)


@robot.command("list")
def list_robots(part: NamePart = None, sort: SortedBy = None, as_json: AsJson = False) -> None:
    """List your robots and those that reach only what you manage."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_ROBOTS, "robots", named(part, sort)))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Name", "Rights", "Owner", "Enabled", "Ends", "Last used"),
        (
            (
                row["name"],
                _said(row["rights"]),
                row["owner_name"] or "-",
                "yes" if row["is_enabled"] else "no",
                row.get("expires_at", "never")[:10],
                row.get("last_used_at", "never")[:10],
            )
            for row in rows
        ),
        empty="There is no robot you may see. To make one: entrepot robot create NAME --pull ORG",
    )


@robot.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a robot."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", _path(name))
    show_one(found if as_json else found | {"rights": _said(found["rights"])}, as_json)


@robot.command()
def update(
    name: Name,
    pull: Pull = None,
    push: Push = None,
    delete: Delete = None,
    description: Description = None,
    expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Change a robot. The rights that are given replace all it had; what is not given stays."""
    from entrepot.cli.client import Client

    given: dict[str, Any] = {}
    if rights := _rights(pull, push, delete):
        given["rights"] = rights
    if description is not None:
        given["description"] = description
    if expires is not None:
        given["expires_at"] = end_of(expires, "--expires")
    if not given:
        raise typer.BadParameter("say what to change.", param_hint="--pull / --push / --delete / …")
    with Client() as client:
        changed = client.call("PATCH", _path(name), given)
    done(f"Changed the robot {name}.", changed, as_json)


@robot.command()
def rotate(
    name: Name,
    keep_old: Annotated[
        str | None, typer.Option(metavar="WHEN", help=f"Until when the old secret works, too: {ENDS}.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a robot a new secret and print it. Without --keep-old the old one ends at once."""
    from entrepot.cli.client import Client

    body = {"old_secret_until": None if keep_old is None else end_of(keep_old, "--keep-old")}
    with Client() as client:
        rotated = client.call("POST", _path(name, "/rotate"), body)
    _say_secret(f"The robot {name} has a new secret.", rotated, client.sign_in.url, as_json)


@robot.command()
def disable(name: Name, as_json: AsJson = False) -> None:
    """Shut a robot out at once."""
    from entrepot.cli.client import Client

    with Client() as client:
        changed = client.call("POST", _path(name, "/disable"))
    done(f"{name} is shut out. To let it work again: entrepot robot enable {name}", changed, as_json)


@robot.command()
def enable(name: Name, as_json: AsJson = False) -> None:
    """Let a robot work again."""
    from entrepot.cli.client import Client

    with Client() as client:
        changed = client.call("POST", _path(name, "/enable"))
    done(f"{name} may work again.", changed, as_json)


@robot.command("delete")
def delete_robot(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a robot. Its secret stops working at once."""
    from entrepot.cli.client import Client

    path = _path(name)
    confirm(f"This deletes the robot {name}; what uses it stops working.", yes)
    with Client() as client:
        client.call("DELETE", path)
    done(f"Deleted the robot {name}.", {"name": name}, as_json)


def _path(name: str, call: str = "") -> str:
    from entrepot.values.names import RobotName

    return f"{_ROBOTS}/{RobotName.parse(name.removeprefix(RobotName.PREFIX))}{call}"


def _rights(pull: list[str] | None, push: list[str] | None, delete: list[str] | None) -> list[dict[str, str]]:
    given = {"pull": pull, "push": push, "delete": delete}
    return [{"scope": scope, "access": access} for access, scopes in given.items() for scope in scopes or ()]


def _said(rights: list[dict[str, str]]) -> str:
    return ", ".join(f"{right['access']} {right['scope']}" for right in rights)


def _say_secret(sentence: str, robot: dict[str, Any], url: str, as_json: bool) -> None:
    """A program gets the whole answer; a person the secret alone on standard output, to be piped."""
    if as_json:
        show_json(robot)
        return
    host = url.partition("://")[2]
    typer.echo(f"{sentence} Next: docker login {host} -u '{robot['login']}'", err=True)
    typer.echo("Its secret, shown this once:", err=True)
    typer.echo(robot["secret"])
