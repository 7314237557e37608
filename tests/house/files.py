"""The files of the project, for the inspector."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "entrepot"

FOLDERS = (".ci", "bench", "docs", "src", "tests", "tools")
PRODUCED = {"__pycache__", ".venv", ".pytest_cache"}


def project_files() -> Iterator[Path]:
    """Every file that belongs to the project; no caches, no environment, no data."""
    yield from (path for path in ROOT.iterdir() if path.is_file())
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and PRODUCED.isdisjoint(path.parts):
                yield path


def texts() -> Iterator[tuple[str, str]]:
    """Path within the project and content of every file that is text."""
    for path in project_files():
        try:
            yield str(path.relative_to(ROOT)), path.read_text()
        except UnicodeDecodeError:
            continue


def modules() -> Iterator[Path]:
    """The Python files of the package."""
    yield from sorted(PACKAGE.rglob("*.py"))
