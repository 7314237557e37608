"""`entrepot group`: users who are given permissions together."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, NamePart, SortedBy, Yes, confirm, done, named, show_json, show_one, show_table

Name = Annotated[str, typer.Argument(help="Name of the group.")]
Users = Annotated[list[str], typer.Argument(metavar="USER…", help="Users of the domain.")]
Description = Annotated[str | None, typer.Option(help="What it is for.")]

_GROUPS = "/v2/manage/groups"

group = typer.Typer(help="Groups: users who are given permissions together.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="group")


@group.command()
def create(name: Name, description: Description = None, as_json: AsJson = False) -> None:
    """Create a group with nobody in it."""
    from entrepot.cli.client import Client
    from entrepot.values.names import GroupName

    with Client() as client:
        made = client.call("POST", _GROUPS, {"name": GroupName.parse(name), "description": description or ""})
    done(f"Created the group {name}. Next: entrepot group add {name} USER", made, as_json)


@group.command("list")
def list_groups(part: NamePart = None, sort: SortedBy = None, as_json: AsJson = False) -> None:
    """List the groups of the domain."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_GROUPS, "groups", named(part, sort)))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Name", "Members", "Description", "Created"),
        ((row["name"], row["member_count"], row["description"], row["created_at"][:10]) for row in rows),
        empty="There are no groups. To make one: entrepot group create NAME",
    )


@group.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a group and who belongs to it."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", _path(name))
        found["members"] = [one["name"] for one in client.pages(_path(name, "/members"), "members")]
    show_one(found if as_json else found | {"members": ", ".join(found["members"])}, as_json)


@group.command()
def update(
    name: Name,
    rename: Annotated[str | None, typer.Option(metavar="NAME", help="A new name.")] = None,
    description: Description = None,
    as_json: AsJson = False,
) -> None:
    """Change a group. Members and permissions stay."""
    from entrepot.cli.client import Client

    given: dict[str, Any] = {}
    if rename is not None:
        given["name"] = rename
    if description is not None:
        given["description"] = description
    if not given:
        raise typer.BadParameter("say what to change.", param_hint="--rename / --description")
    with Client() as client:
        changed = client.call("PATCH", _path(name), given)
    done(f"Changed the group {rename or name}.", changed, as_json)


@group.command("delete")
def delete_group(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a group and what it was given."""
    from entrepot.cli.client import Client

    path = _path(name)
    confirm(f"This deletes the group {name} and all its permissions.", yes)
    with Client() as client:
        client.call("DELETE", path)
    done(f"Deleted the group {name}.", {"name": name}, as_json)


@group.command()
def add(name: Name, users: Users, as_json: AsJson = False) -> None:
    """Let users belong to a group."""
    _change_members("PUT", name, users)
    done(f"{', '.join(users)}: in the group {name} now.", {"name": name, "users": users}, as_json)


@group.command()
def remove(name: Name, users: Users, as_json: AsJson = False) -> None:
    """Let users not belong to a group any more."""
    _change_members("DELETE", name, users)
    done(f"{', '.join(users)}: not in the group {name} any more.", {"name": name, "users": users}, as_json)


def _change_members(method: str, name: str, users: list[str]) -> None:
    from entrepot.cli.client import Client
    from entrepot.values.names import UserName

    paths = [_path(name, f"/members/{UserName.parse(user)}") for user in users]
    with Client() as client:
        for path in paths:
            client.call(method, path)


def _path(name: str, call: str = "") -> str:
    from entrepot.values.names import GroupName

    return f"{_GROUPS}/{GroupName.parse(name)}{call}"
