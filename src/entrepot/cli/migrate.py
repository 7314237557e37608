"""`entrepot migrate`: run on a machine of the installation, with the settings of its server."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.backup import AtOnce, Data, DatabaseUrl, StorageUrl, settings_of
from entrepot.cli.backup_progress import full_disk, told
from entrepot.cli.config import ConfigFile
from entrepot.cli.output import AsJson, counted, done, size

if TYPE_CHECKING:
    from entrepot.backups.moving import Moved
    from entrepot.migrating import To
    from entrepot.settings import Settings

_AT_ONCE = 8


def register(app: typer.Typer) -> None:
    app.command()(migrate)


def migrate(
    to_database: Annotated[
        str | None, typer.Option(metavar="URL", help="The new database, empty: postgresql://… or sqlite:///FILE")
    ] = None,
    to_storage: Annotated[
        str | None, typer.Option(metavar="URL", help="The new storage, empty: s3://BUCKET/PREFIX?… or a folder.")
    ] = None,
    only_plan: Annotated[
        bool, typer.Option("--plan", help="Only say what would be copied, and change nothing.")
    ] = False,
    allow_damaged: Annotated[
        bool, typer.Option("--allow-damaged", help="Also when blobs are missing or damaged: those are left out.")
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    storage_url: StorageUrl = None,
    at_once: AtOnce = _AT_ONCE,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Move the installation to another database, another storage, or both, while it works.

    Blobs are copied while everybody works. Then nothing is changed until the rest is there, and pulls go on. The old
    installation stays closed: restart the servers with the new settings. Broken off, run it again; it goes on.
    """
    from entrepot.migrating import To, plan_migration
    from entrepot.migrating import migrate as run
    from entrepot.settings import load

    if to_database is None and to_storage is None:
        raise typer.BadParameter("say where to.", param_hint="--to-database / --to-storage")
    settings = settings_of(data, database_url, storage_url, config)
    there = {"database_url": to_database or database_url, "storage_url": to_storage or storage_url}
    new = load({"data": data, "config": config, **there}).settings
    to = To(
        None if to_database is None else new.database_url,
        None if to_storage is None else new.storage_url,
        settings.free_bytes_min,
    )
    if only_plan:
        with told(as_json) as bars:
            plan = plan_migration(settings, to, bars)
        lack = f"{counted(plan.missing_blobs, 'blob')} to copy, {size(plan.missing_bytes)}"
        held = f"{counted(plan.rows, 'row')} and {counted(plan.blobs, 'blob')}, {size(plan.bytes)}"
        done(f"{held}; {lack}. Nothing was changed.", asdict(plan), as_json)
        return
    with told(as_json) as bars, full_disk("There is no room for the installation"):
        moved = run(settings, to, at_once, allow_damaged, bars)
    done(_said(moved, settings, to), _document(moved, to), as_json)


def _said(moved: "Moved", settings: "Settings", to: "To") -> str:
    seconds = f"{moved.closed_seconds:.1f}"
    key = "ENTREPOT_SECRET_KEY" if settings.secret_key is not None else settings.data
    what = f"{counted(moved.rows, 'row')} and {counted(moved.blobs, 'blob')}, {size(moved.bytes)}"
    lines = [
        f"Moved {what}; closed for {seconds} s.",
        "The old installation stays closed. Stop all its servers, and start them with",
        *(f'  {name} = "{url}"' for name, url in _new_settings(to).items()),
        f"and else as before: the secret key stays in {key}.",
    ]
    if not moved.is_open:
        lines.append("Then open it: entrepot maintenance off")
    return "\n".join(lines)


def _new_settings(to: "To") -> dict[str, str]:
    both = {"database_url": to.database_url, "storage_url": to.storage_url}
    return {name: url for name, url in both.items() if url is not None}


def _document(moved: "Moved", to: "To") -> dict[str, Any]:
    return {
        "rows": moved.rows,
        "blobs": moved.blobs,
        "bytes": moved.bytes,
        "copied_blobs": moved.copied.blobs + moved.last.blobs,
        "copied_bytes": moved.copied.bytes + moved.last.bytes,
        "damaged": moved.last.damaged,
        "closed_seconds": round(moved.closed_seconds, 3),
        "is_open": moved.is_open,
        "settings": _new_settings(to),
    }
