"""`entrepot whoami`: as whom the commands work."""

import typer

from entrepot.cli.output import AsJson, show_one


def register(app: typer.Typer) -> None:
    app.command()(whoami)


def whoami(as_json: AsJson = False) -> None:
    """Show your own account: its names, groups, and how you sign in."""
    from entrepot.cli.client import Client

    with Client() as client:
        show_one(client.call("GET", "/v2/manage/account"), as_json)
