"""`entrepot user`: who may sign in."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import (
    ENDS,
    AsJson,
    NamePart,
    Password,
    PasswordStdin,
    SortedBy,
    Yes,
    confirm,
    done,
    end_of,
    named,
    read_password,
    show_json,
    show_one,
    show_table,
)

Name = Annotated[str, typer.Argument(help="User name.")]
Expires = Annotated[str | None, typer.Option(metavar="WHEN", help=f"When they are shut out: {ENDS}.")]

_USERS = "/v2/manage/users"
_LEVELS = {1: "read", 3: "edit", 7: "manage"}

user = typer.Typer(help="Users: who may sign in.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(user, name="user")


@user.command()
def create(
    name: Name,
    password: Password = None,
    password_stdin: PasswordStdin = False,
    admin: Annotated[bool, typer.Option("--admin", help="An administrator of the domain.")] = False,
    expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Create a user, who may do nothing yet; `entrepot grant set` changes that."""
    from entrepot.cli.client import Client
    from entrepot.values.names import UserName

    body = {
        "name": UserName.parse(name),
        "password": read_password(password, password_stdin, is_new=True),
        "is_admin": admin,
        "expires_at": None if expires is None else end_of(expires, "--expires"),
    }
    with Client() as client:
        made = client.call("POST", _USERS, body)
    done(f"Created the user {name}. Next: entrepot grant set ORG --user {name} --level read", made, as_json)


@user.command("list")
def list_users(part: NamePart = None, sort: SortedBy = None, as_json: AsJson = False) -> None:
    """List the users of the domain."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_USERS, "users", named(part, sort)))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Name", "Administrator", "Enabled", "Created", "Ends"),
        (
            (
                row["name"],
                _yes(row["is_admin"]),
                _yes(row["is_enabled"]),
                row["created_at"][:10],
                row.get("expires_at", "never")[:10],
            )
            for row in rows
        ),
    )


@user.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a user; everybody may see themselves."""
    from entrepot.cli.client import Client

    with Client() as client:
        show_one(client.call("GET", _path(name)), as_json)


@user.command()
def holdings(name: Name, as_json: AsJson = False) -> None:
    """Show what hangs on a user: groups, permissions, robots, keys, sessions. Everybody may see their own."""
    from entrepot.cli.client import Client

    with Client() as client:
        held = client.call("GET", _path(name, "/holdings"))
    if as_json:
        show_json(held)
        return
    told = {
        "groups": ", ".join(held["groups"]),
        "permissions": ", ".join(f"{one['scope']} ({_LEVELS[one['auth']]})" for one in held["grants"]),
        "robots": ", ".join(held["robots"]),
        "access keys": held["key_count"],
        "personal tokens": held["token_count"],
        "sessions": held["session_count"],
        "identities": ", ".join(f"{one['subject']} at {one['provider']}" for one in held["identities"]),
        "waits until": held.get("waits_until"),
    }
    show_one(told, as_json)


@user.command()
def update(
    name: Name,
    rename: Annotated[str | None, typer.Option(metavar="NAME", help="A new name to sign in with.")] = None,
    admin: Annotated[
        bool | None, typer.Option("--admin/--no-admin", help="Whether they administer the domain.")
    ] = None,
    expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Change a user. Everything they are logged in with ends."""
    from entrepot.cli.client import Client

    given: dict[str, Any] = {}
    if rename is not None:
        given["name"] = rename
    if admin is not None:
        given["is_admin"] = admin
    if expires is not None:
        given["expires_at"] = end_of(expires, "--expires")
    if not given:
        raise typer.BadParameter("say what to change.", param_hint="--rename / --admin / --expires")
    with Client() as client:
        changed = client.call("PATCH", _path(name), given)
    done(f"Changed the user {rename or name}.", changed, as_json)


@user.command("delete")
def delete_user(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a user with their permissions, tokens and keys. Their robots are disabled; what they pushed stays."""
    from entrepot.cli.client import Client

    path = _path(name)
    confirm(f"This deletes the user {name}, their permissions, tokens and keys, and disables their robots.", yes)
    with Client() as client:
        client.call("DELETE", path)
    done(f"Deleted the user {name}.", {"name": name}, as_json)


@user.command()
def passwd(
    name: Name, password: Password = None, password_stdin: PasswordStdin = False, as_json: AsJson = False
) -> None:
    """Give a user a new password. Everything they are logged in with ends."""
    from entrepot.cli import credentials
    from entrepot.cli.client import Client
    from entrepot.cli.credentials import SignIn

    new = read_password(password, password_stdin, is_new=True)
    with Client() as client:
        own = client.sign_in.user.rpartition("/")[2] == name
        # Those who are no administrators show the old one, which is the one they are signed in with.
        shown = {"current_password": client.sign_in.password} if own else {}
        client.call("PUT", _path(name, "/password"), {"password": new, **shown})
    if own and client.sign_in.is_kept:
        kept = credentials.read()
        kept.servers[client.sign_in.url] = SignIn(client.sign_in.url, client.sign_in.user, new)
        credentials.write(kept)
    done(f"{name} has a new password.", {"name": name}, as_json)


@user.command()
def disable(name: Name, as_json: AsJson = False) -> None:
    """Shut a user out at once: passwords and tokens stop working."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("POST", _path(name, "/disable"))
    done(f"{name} is shut out. To let them in again: entrepot user enable {name}", {"name": name}, as_json)


@user.command()
def enable(name: Name, as_json: AsJson = False) -> None:
    """Let a user in again."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("POST", _path(name, "/enable"))
    done(f"{name} may sign in again.", {"name": name}, as_json)


@user.command()
def unlock(name: Name, as_json: AsJson = False) -> None:
    """Let a user try again who has to wait after too many wrong passwords."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("POST", _path(name, "/unlock"))
    done(f"{name} need not wait any more.", {"name": name}, as_json)


def _path(name: str, call: str = "") -> str:
    from entrepot.values.names import UserName

    return f"{_USERS}/{UserName.parse(name)}{call}"


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
