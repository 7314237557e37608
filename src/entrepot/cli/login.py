"""`entrepot login` and `logout`: which server the other commands talk to."""

import os
import sys
from typing import Annotated

import typer

from entrepot.cli.output import AsJson, Password, PasswordStdin, done, read_password

_NAME_CHARS_MAX = 255

Url = Annotated[str | None, typer.Argument(help="Address of the server, as in https://registry.example.")]


def register(app: typer.Typer) -> None:
    app.command()(login)
    app.command()(logout)


def login(
    url: Url = None,
    user: Annotated[str | None, typer.Option("--user", "-u", help="User name.")] = None,
    password: Password = None,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Log in to a server; the commands that follow talk to it.

    Without -u, a server that was logged in to before becomes the one they talk to again.
    """
    from entrepot.cli import credentials
    from entrepot.cli.client import Client
    from entrepot.cli.credentials import SignIn

    kept = credentials.read()
    address = credentials.parse_url(url or os.environ.get("ENTREPOT_URL") or kept.current or credentials.URL_DEFAULT)
    known = kept.servers.get(address)
    if known is not None and user is None and password is None and not password_stdin:
        sign_in = known
    else:
        if user is None:
            if not sys.stdin.isatty():
                raise typer.BadParameter("give a user name.", param_hint="--user")
            user = str(typer.prompt("User"))
        sign_in = SignIn(address, _login_name(user), read_password(password, password_stdin))

    if credentials.is_exposed(address):
        typer.echo(f"warning: {address} is not encrypted; the password can be read on the way.", err=True)
    with Client(sign_in) as client:
        client.call("GET", "/v2")
    kept.servers[address], kept.current = sign_in, address
    credentials.write(kept)
    done(f"Logged in to {address} as {sign_in.user}.", {"url": address, "user": sign_in.user}, as_json)


def _login_name(text: str) -> str:
    """A user, `DOMAIN/USER`, or a robot; a colon would end the name on its way. Raises NameInvalid."""
    from entrepot.values.errors import NameInvalid, quoted

    if not text or len(text) > _NAME_CHARS_MAX or ":" in text or not text.isprintable() or " " in text:
        raise NameInvalid(f"{quoted(text)} is not a name to log in with.", kind="user")
    return text


def logout(url: Url = None, as_json: AsJson = False) -> None:
    """Forget the password for a server, the current one unless another is named."""
    from entrepot.cli import credentials

    kept = credentials.read()
    address = credentials.parse_url(url) if url else kept.current
    if kept.servers.pop(address, None) is None:
        raise credentials.NotSignedIn(f"You are not logged in{f' to {address}' if address else ''}.")
    if kept.current == address:
        kept.current = next(iter(kept.servers), "")
    credentials.write(kept)
    left = f" Commands talk to {kept.current} now." if kept.current else ""
    done(f"Logged out of {address}.{left}", {"url": address, "current": kept.current or None}, as_json)
