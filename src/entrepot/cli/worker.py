"""`entrepot worker`: jobs on their own, where `entrepot serve` does not start them beside itself."""

from pathlib import Path
from typing import Annotated

import typer

from entrepot.cli.config import ConfigFile


def register(app: typer.Typer) -> None:
    app.command()(worker)


def worker(
    data: Annotated[Path | None, typer.Option(help="Folder for everything kept on this machine.")] = None,
    database_url: Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://…")] = None,
    storage_url: Annotated[str | None, typer.Option(help="A folder, or s3://BUCKET/PREFIX?…")] = None,
    config: ConfigFile = None,
    is_child: Annotated[bool, typer.Option("--child", hidden=True, help="End when the parent process ends.")] = False,
) -> None:
    """Run the job worker. `entrepot serve` starts one by itself unless `job_worker` is off."""
    from entrepot.plumbing.processes import die_with_parent

    if is_child:
        die_with_parent()

    from entrepot.settings import load

    loaded = load({"data": data, "database_url": database_url, "storage_url": storage_url, "config": config})
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    loaded.settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)

    if not is_child:
        from entrepot.migrations import upgrade

        upgrade(loaded.settings.database_url)

    from entrepot.worker import run

    run(loaded.settings)
