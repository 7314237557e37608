"""Showing: plans and reports, for people on standard output, for programs in a file."""

import json
from pathlib import Path

import typer

from entrepot.cli.moving.report import Outcome, Report
from entrepot.cli.output import counted, show_table, size

_CELL_CHARS_MAX = 200


def show(report: Report, is_plan: bool) -> None:
    """A plan lists every image; a report of what was done only what needs somebody."""
    if is_plan:
        show_table(
            ("Image", "Becomes", "To copy", "Is"),
            ((line.source, line.target or "-", size(line.bytes_to_copy), line.outcome.value) for line in report.lines),
        )
        typer.echo()
    typer.echo(_sums(report, is_plan))
    for line in report.lines:
        if line.reason:
            mark = "cannot be imported" if is_plan else "failed"
            said = f"{mark}: {line.reason}" if line.outcome is Outcome.FAILED else line.reason
            typer.echo(f"{line.source} {said}" if line.outcome is Outcome.FAILED else f"{line.source}: {said}")
    if report.people:
        typer.echo()
        show_table(
            ("Project", "Who", "Name", "Role there", "Level here", "On", "Is"),
            (
                tuple(printable(row[key]) for key in ("project", "kind", "name", "role", "level", "scope", "outcome"))
                for row in report.people
            ),
        )
        for reason in dict.fromkeys(row["reason"] for row in report.people if row["reason"]):
            typer.echo(reason)
    if report.people_unread:
        typer.echo(f"Who may do what there could not be read: {printable(report.people_unread)}")


def printable(text: str) -> str:
    """What others wrote, as a cell of a table may show it."""
    return "".join(one if one.isprintable() else "�" for one in text[:_CELL_CHARS_MAX])


def write(report: Report, file: Path) -> None:
    """Raises OSError."""
    file.write_text(f"{json.dumps(report.document(), indent=2, ensure_ascii=False)}\n", encoding="utf-8")


def _sums(report: Report, is_plan: bool) -> str:
    failed, present = report.count(Outcome.FAILED), report.count(Outcome.PRESENT)
    if is_plan:
        amount = size(sum(line.bytes_to_copy for line in report.lines))
        return (
            f"{counted(report.count(Outcome.TO_COPY), 'image')} to copy (about {amount}), {present} there already, "
            f"{failed} that cannot be imported. Nothing was sent."
        )
    sent = size(sum(line.bytes_sent for line in report.lines))
    return (
        f"{counted(report.count(Outcome.COPIED), 'image')} copied ({sent} sent), {present} there already, "
        f"{failed} failed, in {report.seconds:.1f} seconds."
    )
