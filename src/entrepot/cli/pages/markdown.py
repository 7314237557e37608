"""The little Markdown that the pages need."""

from collections.abc import Iterable, Sequence


def heading(title: str, page: str, source: str) -> list[str]:
    """The beginning of a page: its title, and where it comes from."""
    printed = f"<!-- Printed by `entrepot reference {page}` from {source}; `make docs` writes it again. -->"
    return [f"# {title}", "", printed, ""]


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table, with an empty one after it."""
    lines = [_line(columns), "|" + "---|" * len(columns)]
    return [*lines, *(_line([cell.replace("|", "\\|") for cell in row]) for row in rows), ""]


def code(text: str) -> str:
    """`text` as code; nothing for nothing."""
    return f"`{text}`" if text else ""


def first_paragraph(docstring: str | None) -> str:
    """The first paragraph of a docstring, in one line. Raises ValueError where there is none."""
    paragraph = " ".join((docstring or "").strip().partition("\n\n")[0].split())
    if not paragraph:
        raise ValueError("what stands in a reference page needs a docstring")
    return paragraph


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
