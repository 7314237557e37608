"""`entrepot key`: access keys, with which programs and the official client sign their requests."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, Yes, choose_one, confirm, done, show_json, show_table

AccessKey = Annotated[str, typer.Argument(help="The access key (AK).", metavar="AK")]

_KEYS = "/v2/manage/keys"

key = typer.Typer(help="Access keys: how programs sign in.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(key, name="key")


@key.command()
def create(
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    as_json: AsJson = False,
) -> None:
    """Create an access key for yourself. Its secret is shown this once."""
    from entrepot.cli.client import Client

    with Client() as client:
        made = client.call("POST", _KEYS, {"description": description})
    pair = {"access_key": made["access_key"], "secret_key": made["secret_key"]}
    if as_json:
        show_json(pair)
        return
    typer.echo(f"Access key: {pair['access_key']}\nSecret key: {pair['secret_key']}")
    typer.echo("Keep the secret: it is not shown again.", err=True)


@key.command("list")
def list_keys(
    user: Annotated[str | None, typer.Option(help="Of this user instead of yours; for administrators.")] = None,
    as_json: AsJson = False,
) -> None:
    """List access keys, and when each was last used."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _KEYS, parameters={"user": user} if user else None)["keys"]
    if as_json:
        show_json(rows)
        return
    show_table(_COLUMNS, map(_cells, rows), empty="There are no access keys. To make one: entrepot key create")


@key.command()
def show(key: AccessKey, as_json: AsJson = False) -> None:
    """Show one access key."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("GET", _path(key))
    if as_json:
        show_json(row)
        return
    show_table(_COLUMNS, [_cells(row)])


@key.command()
def update(
    key: AccessKey,
    enable: Annotated[bool, typer.Option("--enable", help="Let it work again.")] = False,
    disable: Annotated[bool, typer.Option("--disable", help="Stop it from working, at once.")] = False,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    as_json: AsJson = False,
) -> None:
    """Disable, enable or describe an access key."""
    from entrepot.cli.client import Client

    changes: dict[str, Any] = {}
    if enable or disable:
        changes["is_enabled"] = choose_one(enable, disable, "--enable / --disable")
    if description is not None:
        changes["description"] = description
    if not changes:
        raise typer.BadParameter("give at least one of them.", param_hint="--enable / --disable / --description")
    with Client() as client:
        row = client.call("PATCH", _path(key), changes)
    done(f"The access key {key} is {'enabled' if row['is_enabled'] else 'disabled'}.", row, as_json)


@key.command()
def delete(key: AccessKey, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete an access key. What is signed in with it ends at once."""
    from entrepot.cli.client import Client

    confirm(f"The access key {key} stops working, and there is no way back.", yes)
    with Client() as client:
        client.call("DELETE", _path(key))
    done(f"Deleted the access key {key}.", {"access_key": key}, as_json)


def _path(key: str) -> str:
    from urllib.parse import quote

    return f"{_KEYS}/{quote(key, safe='')}"


_COLUMNS = ("Access key", "User", "Enabled", "Created", "Last used", "Description")


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    used = row["last_used_at"][:16].replace("T", " ") if row["last_used_at"] else "never"
    enabled = "yes" if row["is_enabled"] else "no"
    return row["access_key"], row["user_name"], enabled, row["created_at"][:10], used, row["description"]
