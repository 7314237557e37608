"""`entrepot backup` and `entrepot restore`: run on a machine of the installation, with the settings of its server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.backup_progress import full_disk, told
from entrepot.cli.config import ConfigFile
from entrepot.cli.exit_codes import ExitCode
from entrepot.cli.output import AsJson, counted, done, second, show_json, show_table, size

if TYPE_CHECKING:
    from entrepot.backups.make import Made
    from entrepot.backups.snapshot import Snapshot
    from entrepot.settings import Settings

_AT_ONCE = 8
Place = Annotated[str, typer.Argument(help="A folder, or s3://BUCKET/PREFIX?… as in storage_url.", metavar="PLACE")]
Data = Annotated[Path | None, typer.Option(help="Folder for everything kept on this machine.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://…")]
StorageUrl = Annotated[str | None, typer.Option(help="A folder, or s3://BUCKET/PREFIX?…")]
AtOnce = Annotated[int, typer.Option(min=1, max=256, help="Blobs copied at the same time.")]
SnapshotName = Annotated[
    str | None, typer.Option("--snapshot", metavar="TIME", help="Which one; the newest by default.")
]


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)


def backup(
    place: Place,
    data: Data = None,
    database_url: DatabaseUrl = None,
    storage_url: StorageUrl = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Keep so many snapshots, remove older ones.")] = None,
    with_secret_key: Annotated[
        bool,
        typer.Option(
            "--with-secret-key", help="Also the secret key: whoever reads the backup can open what is sealed."
        ),
    ] = False,
    allow_damaged: Annotated[
        bool, typer.Option("--allow-damaged", help="Also when blobs are missing or damaged: those are left out.")
    ] = False,
    show: Annotated[bool, typer.Option("--list", help="Only list the snapshots in the place.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Only check a snapshot: everything is there.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="With --verify: read every blob, too.")] = False,
    snapshot: SnapshotName = None,
    at_once: AtOnce = _AT_ONCE,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Back the installation up while it works: facts and blobs, in a snapshot beside earlier ones.

    Only blobs that the place does not have are copied. Settings are not part of it, nor, without --with-secret-key, the
    key that opens sealed secrets: keep copies elsewhere.
    """
    if (deep or snapshot is not None) and not verify:
        raise typer.BadParameter("goes with --verify.", param_hint="--deep / --snapshot")
    if show:
        _show(place, as_json)
    elif verify:
        _verify(place, snapshot, deep, as_json)
    else:
        from entrepot.backups.make import Wish

        settings = settings_of(data, database_url, storage_url, config)
        wish = Wish(keep, None, allow_damaged, at_once)
        _back_up(settings, place, wish, with_secret_key, as_json)


def restore(
    place: Place,
    data: Data = None,
    database_url: DatabaseUrl = None,
    storage_url: StorageUrl = None,
    snapshot: SnapshotName = None,
    lost_secret_key: Annotated[
        bool, typer.Option("--lost-secret-key", help="Without what only the secret key opens: access keys, webhooks.")
    ] = False,
    keep_storage: Annotated[
        bool,
        typer.Option("--keep-storage", help="The storage has blobs: they are this installation's own, and stay."),
    ] = False,
    at_once: AtOnce = _AT_ONCE,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an installation from a backup, in an empty place. Every byte is verified; broken off, run it again.

    The settings say where: --data for SQLite and a folder, others with --database-url and --storage-url. It need not be
    the kind of database or storage that the backup was made of.
    """
    from entrepot.safekeeping import Wanted
    from entrepot.safekeeping import restore as run

    settings = settings_of(data, database_url, storage_url, config)
    with told(as_json) as bars, full_disk("There is no room for the installation"):
        made = run(settings, place, Wanted(snapshot, at_once, lost_secret_key, keep_storage), bars)
    done(
        f"Restored {made.name}: {counted(made.rows, 'row')}, {counted(made.blobs, 'blob')}, {size(made.bytes)}. "
        f"Next: entrepot serve --data {settings.data}",
        _document(made),
        as_json,
    )


def _back_up(settings: "Settings", place: str, wish: Any, with_key: bool, as_json: bool) -> None:
    from entrepot.safekeeping import back_up

    with told(as_json) as bars, full_disk("The place of the backup is full; earlier snapshots are whole"):
        made = back_up(settings, place, wish, with_key, bars)
    if not with_key and not as_json:
        kept = "ENTREPOT_SECRET_KEY" if settings.secret_key is not None else settings.data / "secret-key"
        typer.echo(f"The secret key is not in it: keep a copy of {kept} elsewhere, it is needed to restore.", err=True)
    if made.snapshot.damaged:
        typer.echo(f"warning: {counted(len(made.snapshot.damaged), 'damaged blob')} left out of it.", err=True)
    done(_said(made), _made_document(made), as_json)


def _said(made: "Made") -> str:
    snapshot, copied = made.snapshot, made.copied
    pruned = f" Removed {len(made.pruned)} older, {size(made.freed)}." if made.pruned or made.freed else ""
    return (
        f"Made {snapshot.name}: {counted(snapshot.rows, 'row')}, {counted(snapshot.blobs, 'blob')}, "
        f"{size(snapshot.bytes)}; "
        f"copied {counted(copied.blobs, 'blob')}, {size(copied.bytes)}.{pruned}"
    )


def _show(place: str, as_json: bool) -> None:
    from entrepot.safekeeping import list_snapshots

    found = list_snapshots(place)
    if as_json:
        show_json([_document(one) for one in found])
    elif not found:
        typer.echo("There is no snapshot here yet.")
    else:
        show_table(
            ("Snapshot", "Made", "Version", "Rows", "Blobs", "Size", "Key"),
            (
                (
                    one.name,
                    second(one.made_at.isoformat()),
                    one.version,
                    f"{one.rows:,}",
                    f"{one.blobs:,}",
                    size(one.bytes),
                    "yes" if one.has_key else "no",
                )
                for one in found
            ),
        )


def _verify(place: str, snapshot: str | None, deep: bool, as_json: bool) -> None:
    from entrepot.safekeeping import verify

    with told(as_json) as bars:
        found = verify(place, snapshot, deep, bars)
    for problem in found.problems if not as_json else ():
        typer.echo(f"entrepot: {problem}", err=True)
    document = {**_document(found.snapshot), "problems": found.problems}
    count = len(found.problems)
    said = counted(count, "problem") if count else "all of it is there"
    how = "read" if deep else "looked at"
    done(
        f"{found.snapshot.name}: {counted(found.blobs, 'blob')}, {size(found.bytes)} {how}; {said}.", document, as_json
    )
    if count:
        raise typer.Exit(ExitCode.REFUSED)


def settings_of(
    data: Path | None, database_url: str | None, storage_url: str | None, config: Path | None
) -> "Settings":
    """The settings of the installation, with what was given; warnings are shown. Raises SettingsInvalid."""
    from entrepot.settings import load

    given = {"data": data, "database_url": database_url, "storage_url": storage_url, "config": config}
    loaded = load(given)
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    return loaded.settings


def _document(snapshot: "Snapshot") -> dict[str, Any]:
    return {
        "snapshot": snapshot.name,
        "made_at": snapshot.made_at.isoformat(),
        "version": snapshot.version,
        "migration": snapshot.migration,
        "database": snapshot.database,
        "rows": snapshot.rows,
        "blobs": snapshot.blobs,
        "bytes": snapshot.bytes,
        "has_secret_key": snapshot.has_key,
        "damaged": list(snapshot.damaged),
    }


def _made_document(made: "Made") -> dict[str, Any]:
    return {
        **_document(made.snapshot),
        "copied_blobs": made.copied.blobs,
        "copied_bytes": made.copied.bytes,
        "removed_snapshots": list(made.pruned),
        "removed_bytes": made.freed,
    }
