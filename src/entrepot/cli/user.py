"""`entrepot user`: who may sign in."""

from typing import Annotated

import typer

from entrepot.cli.output import AsJson, Password, PasswordStdin, done, read_password, show_json, show_table

Name = Annotated[str, typer.Argument(help="User name.")]

_USERS = "/v2/manage/users"

user = typer.Typer(help="Users: who may sign in.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(user, name="user")


@user.command()
def create(
    name: Name,
    password: Password = None,
    password_stdin: PasswordStdin = False,
    admin: Annotated[bool, typer.Option("--admin", help="An administrator of the domain.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create a user, who may do nothing yet; `entrepot grant set` changes that."""
    from entrepot.cli.client import Client
    from entrepot.values.names import UserName

    body = {
        "name": UserName.parse(name),
        "password": read_password(password, password_stdin, is_new=True),
        "is_admin": admin,
    }
    with Client() as client:
        made = client.call("POST", _USERS, body)
    done(f"Created the user {name}. Next: entrepot grant set ORG --user {name} --level read", made, as_json)


@user.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the users of the domain."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_USERS, "users"))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Name", "Administrator", "Enabled", "Created"),
        ((row["name"], _yes(row["is_admin"]), _yes(row["is_enabled"]), row["created_at"][:10]) for row in rows),
    )


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
        own = client.sign_in.user == name
        # Those who are no administrators show the old one, which is the one they are signed in with.
        shown = {"current_password": client.sign_in.password} if own else {}
        client.call("PUT", _path(name, "/password"), {"password": new, **shown})
    if own and client.sign_in.is_kept:
        kept = credentials.read()
        kept.servers[client.sign_in.url] = SignIn(client.sign_in.url, name, new)
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


def _path(name: str, call: str) -> str:
    from entrepot.values.names import UserName

    return f"{_USERS}/{UserName.parse(name)}{call}"


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
