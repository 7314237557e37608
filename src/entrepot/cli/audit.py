"""`entrepot audit`: what happened, and who did it from where."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, show_json, show_table

_AUDIT = "/v2/manage/audit"
_LINE_BYTES_MAX = 1024 * 1024
_WHEN = "a time as 2027-01-31 or 2027-01-31T12:00:00Z, or how long ago, as 90m, 24h, 7d"

Org = Annotated[str | None, typer.Option("--org", help="In this organization; managers name one.")]
Subject = Annotated[str | None, typer.Option(metavar="WHAT", help="About exactly this: ORG, ORG/REPO, a user's name.")]
Actor = Annotated[str | None, typer.Option(metavar="WHO", help="Done by: a user, `*` for nobody, `system`.")]
Type = Annotated[str | None, typer.Option("--type", help="Of this type, as grant.set, or family, as 'grant.*'.")]
Address = Annotated[str | None, typer.Option(help="From this address.")]
Credential = Annotated[str | None, typer.Option(help="With this credential, as password or token:ID.")]
Result = Annotated[str | None, typer.Option(metavar="done|refused", help="What was done, or what was refused.")]
Since = Annotated[str | None, typer.Option(metavar="WHEN", help=f"From then on: {_WHEN}.")]
Until = Annotated[str | None, typer.Option(metavar="WHEN", help="Before then.")]

audit = typer.Typer(help="Audit: what happened, who did it, from where.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(audit, name="audit")


@audit.command("list")
def list_events(
    org: Org = None,
    subject: Subject = None,
    actor: Actor = None,
    type_: Type = None,
    address: Address = None,
    credential: Credential = None,
    result: Result = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="No more than so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what happened, the newest first."""
    from itertools import islice

    from entrepot.cli.client import Client

    wanted = _parameters(org, subject, actor, type_, address, credential, result, since, until)
    with Client() as client:
        rows = list(islice(client.pages(_AUDIT, "events", {**wanted, "limit": min(limit, 1_000)}), limit))
    if as_json:
        show_json(rows)
        return
    columns = ("Time", "Who", "From", "With", "What", "About", "Details")
    show_table(columns, (_row(one) for one in rows), empty="Nothing like that happened.")


@audit.command()
def export(
    org: Org = None,
    subject: Subject = None,
    actor: Actor = None,
    type_: Type = None,
    address: Address = None,
    credential: Credential = None,
    result: Result = None,
    since: Since = None,
    until: Until = None,
    after: Annotated[str | None, typer.Option(metavar="MARKER", help="Go on after the line with this marker.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Append to this file, after what it has already.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write what happened as JSON lines, the oldest first. With --output it goes on where the file ends.

    Lines are JSON already; with --json it says in the end how many were written, when they went to a file.
    """
    from entrepot.cli.client import Client

    wanted = _parameters(org, subject, actor, type_, address, credential, result, since, until)
    if output is not None and after is None:
        after = _last_marker(output)
    if after is not None:
        wanted["marker"] = after
    with Client() as client:
        lines = client.lines(f"{_AUDIT}/export", wanted)
        if output is None:
            for line in lines:
                typer.echo(line)
            return
        count = _append(output, lines)
    if as_json:
        show_json({"file": str(output), "lines": count})
    else:
        typer.echo(f"Wrote {count} lines to {output}.")


def _append(file: Path, lines: Iterator[str]) -> int:
    count = 0
    with file.open("a", encoding="utf-8") as opened:
        for line in lines:
            opened.write(f"{line}\n")
            count += 1
    return count


def _last_marker(file: Path) -> str | None:
    """The marker of the last whole line of an export; a line that was broken off is cut away first."""
    if not file.exists():
        return None
    with file.open("r+b") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - _LINE_BYTES_MAX))
        end = opened.read()
        whole = end[: end.rfind(b"\n") + 1]
        opened.truncate(size - len(end) + len(whole))
    if not whole:
        return None
    try:
        return str(json.loads(whole.splitlines()[-1])["marker"])
    except (ValueError, KeyError, TypeError):
        raise typer.BadParameter(f"{file} is no export of this command.", param_hint="--output") from None


def _parameters(
    org: str | None,
    subject: str | None,
    actor: str | None,
    type_: str | None,
    address: str | None,
    credential: str | None,
    result: str | None,
    since: str | None,
    until: str | None,
) -> dict[str, str | int]:
    given = {
        "organization": org,
        "subject": subject,
        "actor": actor,
        "type": type_,
        "address": address,
        "credential": credential,
        "result": result,
        "since": _time(since, "--since"),
        "until": _time(until, "--until"),
    }
    return {name: value for name, value in given.items() if value is not None}


def _time(text: str | None, option: str) -> str | None:
    """A time in RFC 3339."""
    from datetime import UTC, datetime, timedelta

    from entrepot.plumbing.units import parse_seconds

    if text is None:
        return None
    try:
        if text[-1:] in ("s", "m", "h", "d"):
            moment = datetime.now(UTC) - timedelta(seconds=parse_seconds(text))
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"should be {_WHEN}; not {text!r}.", param_hint=option) from None


def _row(event: dict[str, Any]) -> tuple[str, ...]:
    who = event["actor_name"] or ("-" if event["actor"] == "*" else event["actor"])
    said = {key: value for key, value in event["data"].items() if value not in ({}, None, "")}
    details = {key: value for key, value in said.items() if (key, value) != ("count", 1)}
    return (
        event["time"][:19].replace("T", " "),
        who,
        event["address"],
        event["credential"],
        event["type"],
        event["subject"],
        json.dumps(details, ensure_ascii=False) if details else "",
    )
