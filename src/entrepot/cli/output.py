"""How client commands ask and answer: tables for people, JSON for programs, questions before deleting."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

_WIDTH_WITHOUT_TERMINAL = 1_000  # nothing is cut for a program that reads the table

AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would go; nothing is deleted.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ENDS = "a day as 2027-01-31, a time as 2027-01-31T12:00Z, a number of days as 90d, or never"
Password = Annotated[
    str | None, typer.Option("--password", "-p", help="The password; others may see it in the list of processes.")
]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
NamePart = Annotated[str | None, typer.Option("--filter", metavar="PART", help="Only those with this in their name.")]

SortedBy = Annotated[
    str | None,
    typer.Option(
        "--sort", metavar="KEY", help="By name, created_at (the latest first), or expires_at where it can end."
    ),
]


def named(part: str | None, sort: str | None = None) -> dict[str, str | int]:
    """The parameters of a list that is narrowed by a part of names, and sorted."""
    return {
        **({} if part is None else {"filter": f"name::{part}"}),
        **({} if sort is None else {"order_column": sort}),
    }


def show_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "") -> None:
    """One line for each row, with a heading; when there are none, what `empty` says, or the heading alone."""
    from rich.console import Console
    from rich.table import Table

    rows = list(rows)
    if not rows and empty:
        typer.echo(empty)
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    width = None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)


def show_one(document: Mapping[str, Any], as_json: bool) -> None:
    """One thing, a line for each of its fields."""
    if as_json:
        show_json(document)
        return
    show_table(("Of", "Value"), ((key, _said(value)) for key, value in document.items()))


def _said(value: object) -> str:
    """A value of an answer, for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value in (None, "") else str(value)


def done(sentence: str, document: Any, as_json: bool) -> None:
    """Say that something was done, in the form that was asked for."""
    if as_json:
        show_json(document)
    else:
        typer.echo(sentence)


def confirm(what: str, yes: bool) -> None:
    """Go on when the user says so; without a terminal to ask on, `--yes` must be given."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{what} Add --yes to do it without being asked.", param_hint="--yes")
    typer.confirm(f"{what} Go on?", abort=True)


def choose_one(first: bool, second: bool, hint: str) -> bool:
    """Which of two options was given: True for the first."""
    if first == second:
        raise typer.BadParameter("give exactly one of them.", param_hint=hint)
    return first


def read_password(password: str | None, from_stdin: bool, is_new: bool = False) -> str:
    """The password of a command: its option, its standard input, or what the user types."""
    if password is not None and from_stdin:
        raise typer.BadParameter("give only one of them.", param_hint="--password / --password-stdin")
    if password is not None:
        return password
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise typer.BadParameter("give one of them.", param_hint="--password / --password-stdin")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=is_new))


def end_of(text: str, option: str) -> str | None:
    """The time at which something ends, in RFC 3339; None for `never`."""
    from datetime import UTC, datetime, timedelta

    if text == "never":
        return None
    try:
        if text.endswith("d"):
            moment = datetime.now(UTC) + timedelta(days=int(text[:-1]))
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"should be {ENDS}; not {text!r}.", param_hint=option) from None


def size(count: int) -> str:
    """Bytes, as people read them."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def counted(number: int, one: str, many: str = "") -> str:
    """How many there are of something, as `1 blob` and `1,200 blobs`; `many` where that is more than an added s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def last_pull(found: Mapping[str, Any]) -> str:
    """Of a tag or repository: when, and by whom."""
    who = "nobody signed in" if found["is_anonymous"] else found["by"] or "an account that is gone"
    return f"{second(found['at'])} by {who}"


def second(time: str) -> str:
    return time[:19].replace("T", " ")


def last_day(end: str | None) -> str:
    """The last day on which something counts that ends with a day, else the second of its end; empty for no end."""
    from datetime import datetime, time, timedelta

    if end is None:
        return ""
    moment = datetime.fromisoformat(end)
    return str(moment.date() - timedelta(days=1)) if moment.time() == time() else second(end)
