"""`entrepot token`: personal tokens, for your own tools."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import ENDS, AsJson, Yes, confirm, done, end_of, show_json, show_one, show_table

_SCOPE = "SCOPE: '*', ORG, ORG/REPO or a pattern as 'ORG/team-*'"

Name = Annotated[str, typer.Argument(help="Name of the token.")]
Whose = Annotated[str | None, typer.Option("--user", "-u", help="Whose, if you administer the domain.")]

_TOKENS = "/v2/manage/tokens"

token = typer.Typer(help="Personal tokens: for your own tools.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(token, name="token")


@token.command()
def create(
    name: Name,
    read: Annotated[list[str] | None, typer.Option(metavar="SCOPE", help=f"At most read {_SCOPE}.")] = None,
    edit: Annotated[list[str] | None, typer.Option(metavar="SCOPE", help="At most edit SCOPE.")] = None,
    manage: Annotated[list[str] | None, typer.Option(metavar="SCOPE", help="Also manage SCOPE.")] = None,
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help=f"When it ends: {ENDS}.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create a token and print its secret, which is shown this once.

    It works as your password for docker login. It never reaches further than you; without --read, --edit and
    --manage it reaches as far.
    """
    from entrepot.cli.client import Client
    from entrepot.values.names import TokenName

    levels = {1: read, 3: edit, 7: manage}
    bounds = [{"scope": scope, "auth": auth} for auth, scopes in levels.items() for scope in scopes or ()]
    body = {
        "name": TokenName.parse(name),
        "bounds": bounds or None,
        "expires_at": None if expires is None else end_of(expires, "--expires"),
    }
    with Client() as client:
        made = client.call("POST", _TOKENS, body)
    if as_json:
        show_json(made)
        return
    typer.echo(f"Created the token {name}. Its secret, shown this once:", err=True)
    typer.echo(made["secret"])


@token.command("list")
def list_tokens(user: Whose = None, as_json: AsJson = False) -> None:
    """List your tokens."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_TOKENS, "tokens", _whose(user)))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Name", "Reaches", "Created", "Ends", "Last used"),
        (
            (
                row["name"],
                _said(row.get("bounds")),
                row["created_at"][:10],
                row.get("expires_at", "never")[:10],
                row.get("last_used_at", "never")[:10],
            )
            for row in rows
        ),
        empty="There are no tokens. To make one: entrepot token create NAME",
    )


@token.command()
def show(name: Name, user: Whose = None, as_json: AsJson = False) -> None:
    """Show a token, but not its secret."""
    from entrepot.cli.client import Client
    from entrepot.values.errors import TokenUnknown
    from entrepot.values.names import TokenName

    wanted = TokenName.parse(name)
    with Client() as client:
        found = next((row for row in client.pages(_TOKENS, "tokens", _whose(user)) if row["name"] == wanted), None)
    if found is None:
        raise TokenUnknown(f"There is no token named {wanted}. See which there are: entrepot token list")
    show_one(found if as_json else found | {"bounds": _said(found.get("bounds"))}, as_json)


@token.command("delete")
def delete_token(name: Name, user: Whose = None, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a token. It stops working at once."""
    from entrepot.cli.client import Client
    from entrepot.values.names import TokenName

    path = f"{_TOKENS}/{TokenName.parse(name)}"
    confirm(f"This deletes the token {name}; what uses it stops working.", yes)
    with Client() as client:
        client.call("DELETE", path, parameters=_whose(user))
    done(f"Deleted the token {name}.", {"name": name}, as_json)


def _whose(user: str | None) -> dict[str, str | int] | None:
    return None if user is None else {"user": user}


def _said(bounds: list[dict[str, Any]] | None) -> str:
    from entrepot.cli.grant import level_name

    if bounds is None:
        return "all that you do"
    return ", ".join(f"{level_name(one['auth'])} {one['scope']}" for one in bounds)
