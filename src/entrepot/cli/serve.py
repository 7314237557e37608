"""`entrepot serve`: everything in one command. Prepares the installation, then serves."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from entrepot.cli.config import ConfigFile
from entrepot.cli.numbers import counting


def register(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port to listen on.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for everything kept on this machine.")] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes.")] = None,
    database_url: Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://…")] = None,
    storage_url: Annotated[str | None, typer.Option(help="A folder, or s3://BUCKET/PREFIX?…")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM file with the certificate and its chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file with the private key.")] = None,
    config: ConfigFile = None,
) -> None:
    """Run the registry. Flags win over ENTREPOT_… variables, those over the file; see `entrepot config show`."""
    from entrepot.settings import load

    loaded = load(
        {
            "host": host,
            "port": port,
            "data": data,
            "workers": workers,
            "database_url": database_url,
            "storage_url": storage_url,
            "tls_cert": tls_cert,
            "tls_key": tls_key,
            "config": config,
        }
    )
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)

    settings = loaded.settings
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with counting(settings.data):
        from entrepot.serving import run

        sys.exit(run(loaded))
