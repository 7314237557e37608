"""`entrepot config`: the settings in effect, and where each came from."""

import json
from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML file to read settings from.", metavar="FILE")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")]

config = typer.Typer(help="Settings of the server: what is in effect, what there is.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(config, name="config")


@config.command()
def show(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print every setting, its effective value and where that came from. Secrets are masked."""
    from entrepot.settings import load
    from entrepot.settings.showing import plain
    from entrepot.settings.showing import show as shown

    loaded = load({"config": config})
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    values = {name: getattr(loaded.settings, name) for name in loaded.origins}

    if as_json:
        rows = {name: {"value": plain(name, values[name]), "origin": loaded.origins[name]} for name in values}
        typer.echo(json.dumps(rows, indent=2))
        return

    from rich.console import Console
    from rich.table import Table

    table = Table("Setting", "Value", "Origin", box=None, pad_edge=False, header_style="bold")
    table.columns[1].overflow = "fold"
    for name, origin in loaded.origins.items():
        table.add_row(name, shown(name, values[name]), origin, style="dim" if origin == "default" else None)
    Console().print(table, markup=False)


@config.command()
def reference() -> None:
    """Print the reference page of all settings, as Markdown."""
    from entrepot.settings.reference import settings_page

    typer.echo(settings_page(), nl=False)


@config.command()
def example() -> None:
    """Print a settings file with every setting at its default, commented out."""
    from entrepot.settings.reference import example_file

    typer.echo(example_file(), nl=False)
