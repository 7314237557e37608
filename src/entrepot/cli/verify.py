"""`entrepot verify`: whether what was acknowledged is still there. For operators."""

import sys
import time
from typing import Annotated, Any

import typer

from entrepot.cli.exit_codes import ExitCode
from entrepot.cli.output import AsJson, Yes, confirm, counted, done, second, show_json, show_one, show_table

_VERIFY = "/v2/manage/verify"
_RUNS = f"{_VERIFY}/runs"
_LOOK_SECONDS = 0.5
_CANCELLED = "cancelled"
_WRONG = {
    "missing_blobs": "missing",
    "corrupt_blobs": "corrupt",
    "wrong_size_blobs": "of another size",
    "unlinked_blobs": "named by a manifest, and not in its repository",
}


def register(app: typer.Typer) -> None:
    app.command()(verify)


def verify(
    deep: Annotated[bool, typer.Option("--deep", help="Read all bytes again, too: hours to days.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Until it has ended; it goes on though nobody waits.")
    ] = True,
    status: Annotated[bool, typer.Option("--status", help="Only say what is wrong now, and what runs.")] = False,
    findings: Annotated[bool, typer.Option("--findings", help="Only list what is wrong now.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Call off what runs, or waits to.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Verify that every blob of every image is still there. Exits with 1 when something is wrong."""
    from entrepot.cli.client import Client

    with Client() as client:
        if findings:
            _list(client, as_json)
            return
        if cancel:
            _cancel(client, yes, as_json)
            return
        if status:
            found = client.call("GET", _VERIFY)
            _show_standing(found, as_json)
        else:
            found = client.call("POST", _RUNS, {"deep": deep})
            if not wait:
                done(f"A worker verifies as {found['id']}. See: entrepot verify --status", found, as_json)
                return
            found = _wait(client, found, as_json)
            done(_said(found), found, as_json)
    if "error" in found or found.get("phase") == _CANCELLED or any(found[name] for name in _WRONG):
        sys.exit(ExitCode.REFUSED)


def _wait(client: Any, made: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """Until it has ended. Each look is a call: the server tells nobody."""
    from rich.console import Console

    try:
        with Console(stderr=True, quiet=as_json).status("waiting for a worker") as shown:
            while "ended_at" not in made:
                time.sleep(_LOOK_SECONDS)
                made = client.call("GET", f"{_RUNS}/{made['id']}")
                shown.update(f"{made['phase']}: {_did(made)}")
    except KeyboardInterrupt:
        typer.echo("The verification goes on. See: entrepot verify --status, or --cancel", err=True)
        raise
    return made


def _cancel(client: Any, yes: bool, as_json: bool) -> None:
    """Call off all that have not ended."""
    running = client.call("GET", _VERIFY)["running"]
    if not running:
        done("Nothing is verified now.", [], as_json)
        return
    told = "; ".join(f"{row['id']}{', deep' if row['deep'] else ''}: {_did(row)}" for row in running)
    confirm(f"This calls off {counted(len(running), 'verification')} ({told}). What they found stays found.", yes)
    ended = [client.call("POST", f"{_RUNS}/{row['id']}/cancel") for row in running]
    done(f"Called off {counted(len(ended), 'verification')}.", ended, as_json)


def _said(found: dict[str, Any]) -> str:
    wrong = [f"{found[name]:,} {said}" for name, said in _WRONG.items() if found[name]]
    if "error" in found:
        return f"Broken off: {found['error']} Looked at {_did(found)}."
    if found["phase"] == _CANCELLED:
        return f"Called off: looked at {_did(found)}."
    if not wrong:
        return f"All is there: {_did(found)}."
    return f"Blobs are not as they should be: {'; '.join(wrong)}. See: entrepot verify --findings"


def _did(row: dict[str, Any]) -> str:
    from entrepot.cli.output import size

    read = f", {size(row['bytes_read'])} read" if row["deep"] else ""
    share = f" ({row['share_read']:.0%})" if "share_read" in row else ""
    return f"{counted(row['manifests_checked'], 'manifest')}, {counted(row['blobs_checked'], 'blob')}{read}{share}"


def _show_standing(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    told = {f"blobs {said}": found[name] for name, said in _WRONG.items()}
    running = [f"{row['id']}, {'deep, ' if row['deep'] else ''}{row['phase']}: {_did(row)}" for row in found["running"]]
    show_one({**told, "runs now": "; ".join(running) or "nothing"}, False)


def _list(client: Any, as_json: bool) -> None:
    rows = list(client.pages(f"{_VERIFY}/findings", "findings"))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Digest", "What", "Found", "Repositories"),
        ((row["digest"], row["kind"], second(row["found_at"]), ", ".join(row["repositories"])) for row in rows),
    )
