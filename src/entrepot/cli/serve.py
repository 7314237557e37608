"""`entrepot serve`: everything in one command. Prepares the installation, then serves."""

import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import typer

from entrepot.cli.config import ConfigFile
from entrepot.plumbing.processes import is_alive

_MEMORY = Path("/dev/shm")  # noqa: S108  # the folder made in it has a name of its own


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
    # The metrics library looks for this folder when it is imported, so nothing that counts was imported yet.
    numbers = _folder_for_numbers(settings.data)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(numbers)
    try:
        from entrepot.serving import run

        sys.exit(run(loaded))
    finally:
        shutil.rmtree(numbers, ignore_errors=True)


def _folder_for_numbers(data: Path) -> Path:
    """A folder of this process's own, empty; those of earlier servers of `data` that are gone are removed.

    In memory where there is such a place: the library maps its files, and a process that touches a
    mapped page for which a full disk has no block is killed (SIGBUS).
    """
    home = _MEMORY if os.access(_MEMORY, os.W_OK) else data
    prefix = f"entrepot-{sha256(bytes(data)).hexdigest()[:8]}"
    for left in home.glob(f"{prefix}-*-*"):
        if not is_alive(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    return Path(mkdtemp(prefix=f"{prefix}-{os.getpid()}-", dir=home))
