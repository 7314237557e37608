"""`entrepot gc`: garbage collection, for operators."""

import time
from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, counted, done, show_json, show_one, show_table

gc = typer.Typer(help="Garbage collection: what nothing refers to any more.", no_args_is_help=True)

_COLLECTIONS = "/v2/manage/gc/collections"
_LOOK_SECONDS = 0.5


def register(app: typer.Typer) -> None:
    app.add_typer(gc, name="gc")


@gc.command()
def status(as_json: AsJson = False) -> None:
    """Show how collection stands: what waits, what is due, what runs."""
    from entrepot.cli.client import Client
    from entrepot.cli.output import size

    with Client() as client:
        found = client.call("GET", "/v2/manage/gc")
    if as_json:
        show_json(found)
        return
    running, last = found.get("running"), found.get("last")
    show_one(
        {
            "reviews that wait": found["waiting"],
            "of them due": found["due"],
            "bytes left over": f"{size(found['left_over_bytes'])} in {counted(found['left_over'], 'blob')}",
            "runs now": _progress(found, running) if running else "nothing",
            "last": f"{last['ended_at'][:19]}, {_did(last)}" if last else "never",
        },
        False,
    )


@gc.command()
def run(
    wait: Annotated[bool, typer.Option("--wait", help="Until it has ended, and say what it did.")] = False,
    as_json: AsJson = False,
) -> None:
    """Collect everything that is due now."""
    from entrepot.cli.client import Client

    with Client() as client:
        made = client.call("POST", _COLLECTIONS)
        if not wait:
            done(f"A worker collects as {made['id']}. See: entrepot gc status", made, as_json)
            return
        made = _wait(client, made, as_json)
    done(f"Done: {_did(made)}.", made, as_json)


@gc.command("list")
def list_collections(
    limit: Annotated[int, typer.Option(min=1, help="No more than so many.")] = 20, as_json: AsJson = False
) -> None:
    """List collections that did something or were asked for, the newest first."""
    from itertools import islice

    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(islice(client.pages(_COLLECTIONS, "collections", {"limit": min(limit, 1_000)}), limit))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Asked", "By", "Ended", "Phase", "Did"),
        ((row["asked_at"][:19], row["by"], row.get("ended_at", "-")[:19], row["phase"], _did(row)) for row in rows),
    )


@gc.command()
def explain(
    digest: Annotated[str, typer.Argument(help="As sha256: and 64 hexadecimal digits.")], as_json: AsJson = False
) -> None:
    """Say why a blob is in the store, or when it goes."""
    from urllib.parse import quote

    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", f"/v2/manage/gc/explain?digest={quote(digest, safe='')}")
    if as_json:
        show_json(found)
        return
    for line in _reasons(found):
        typer.echo(line)


def _wait(client: Any, made: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """Until it has ended. Each look is a call: the server tells nobody."""
    from rich.console import Console

    with Console(stderr=True, quiet=as_json).status("waiting for a worker") as shown:
        while "ended_at" not in made:
            time.sleep(_LOOK_SECONDS)
            made = client.call("GET", f"{_COLLECTIONS}/{made['id']}")
            shown.update(f"{made['phase']}: {_did(made)}")
    return made


def _did(row: dict[str, Any]) -> str:
    from entrepot.cli.output import size

    reviewed = row["manifests_reviewed"] + row["blobs_reviewed"]
    freed = size(row["bytes_freed"])
    return f"{reviewed:,} reviewed, {counted(row['blobs_deleted'], 'blob')} removed, {freed} freed"


def _progress(found: dict[str, Any], running: dict[str, Any]) -> str:
    left = f", about {found['seconds_left']} s left" if "seconds_left" in found else ""
    return f"{running['phase']}: {_did(running)}{left}"


def _reasons(found: dict[str, Any]) -> list[str]:
    lines = []
    for one in found["holdings"]:
        if "needed_by" in one:
            lines.append(f"{one['repository']} has it, and its manifest {one['needed_by']} needs it.")
        else:
            lines.append(f"{one['repository']} has it since {one['since'][:19]}, and no manifest there needs it.")
    if "review_at" in found:
        lines.append(f"It lost a reference, or never had one: it is reviewed from {found['review_at'][:19]} on.")
    lines += [f"{name} had it until a moment ago; a push there gets it back." for name in found["taken_from"]]
    if found["is_claimed"]:
        lines.append("Nothing refers to it any more; its bytes are being removed now.")
    elif "removed_from" in found:
        lines.append(f"Nothing refers to it any more; its bytes are removed from {found['removed_from'][:19]} on.")
    lines += [f"It is a manifest of {name} that lost a name; it is reviewed there." for name in found["reviewed_in"]]
    return lines or ["Nobody here knows it."]
