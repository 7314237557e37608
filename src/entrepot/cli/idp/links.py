"""`entrepot idp links`, `link`, `unlink`: which account belongs to whom at a provider."""

from typing import Annotated

import typer

from entrepot.cli.idp.places import Name, path_of
from entrepot.cli.output import AsJson, done, show_json, show_table

Subject = Annotated[str, typer.Argument(help="Who they are at the provider, as `entrepot idp links` shows it.")]


def register(idp: typer.Typer) -> None:
    for command in (links, link, unlink):
        idp.command()(command)


def links(name: Name, as_json: AsJson = False) -> None:
    """List which account belongs to whom at a provider."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(f"{path_of(name)}/identities", "identities"))
    if as_json:
        show_json(rows)
        return
    show_table(("Subject", "User", "Since"), ((row["subject"], row["user"], row["created_at"][:10]) for row in rows))


def link(
    name: Name, subject: Subject, user: Annotated[str, typer.Argument(help="The account.")], as_json: AsJson = False
) -> None:
    """Let an account that is there belong to somebody at a provider."""
    from entrepot.cli.client import Client

    with Client() as client:
        made = client.call("POST", f"{path_of(name)}/identities", {"subject": subject, "user": user})
    done(f"{subject} of {name} signs in as {user}.", made, as_json)


def unlink(name: Name, subject: Subject, as_json: AsJson = False) -> None:
    """Let an account belong to nobody at a provider any more; what it is signed in with ends."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("DELETE", f"{path_of(name)}/identities", parameters={"subject": subject})
    done(f"{subject} of {name} signs in as nobody.", {"subject": subject}, as_json)
