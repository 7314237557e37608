"""The figures as a table on the terminal, as JSON, and as a page of the documentation."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Figure

WIDTH = 140
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def show(figures: Sequence[Figure], facts: dict[str, str]) -> None:
    """The table a person reads."""
    table = Table("measurement", "server", "value", "unit", "× docker-registry", "")
    for number in (2, 4):
        table.columns[number].justify = "right"
    last = ""
    for figure in figures:
        if last and figure.measurement != last:
            table.add_section()
        shown = "" if figure.measurement == last else figure.measurement
        last = figure.measurement
        table.add_row(shown, figure.server, _value(figure.value), figure.unit, _ratio(figure), figure.note)
    console = Console(width=max(Console().width, WIDTH))
    console.print(table)
    console.print(", ".join(f"{name} {value}" for name, value in facts.items()))


def write_json(path: Path, figures: Sequence[Figure], facts: dict[str, str]) -> None:
    """Everything, for a program to compare."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"measured_at": _now(), "machine": facts, "figures": [figure.json() for figure in figures]}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_page(path: Path, figures: Sequence[Figure], facts: dict[str, str]) -> None:
    """Replace what stands between the two marks of `path`; the words around them were written by people."""
    before, begin, rest = path.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no {BEGIN} … {END}")
    lines = [f"Measured {_now()} on:", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in facts.items()]
    lines += ["", "| measurement | server | value | × docker-registry | |", "|---|---|---:|---:|---|"]
    lines += [
        f"| {one.measurement} | {one.server} | {_value(one.value)} {one.unit} | {_ratio(one)} | {one.note} |"
        for one in figures
    ]
    path.write_text("\n".join([f"{before}{BEGIN}", *lines, f"{END}{after}"]))


def _value(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _ratio(figure: Figure) -> str:
    return "" if figure.ratio is None else f"{figure.ratio:.2f}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
