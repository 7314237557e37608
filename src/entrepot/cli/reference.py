"""`entrepot reference`: what the code says about itself, for docs/reference."""

from typing import Annotated

import typer

from entrepot.cli.pages import Page, printer


def register(app: typer.Typer) -> None:
    app.command()(reference)


def reference(page: Annotated[Page, typer.Argument(help="Which page.")]) -> None:
    """Print a reference page, as Markdown. The page of settings: `entrepot config reference`."""
    typer.echo(printer(page)(), nl=False)
