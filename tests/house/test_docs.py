"""The papers in the hall agree with the house."""

import re
import tomllib
from pathlib import Path

import pytest

from entrepot.settings import load
from tests.house.files import PACKAGE, ROOT

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def test_the_example_file_loads() -> None:
    file = ROOT / "docs/reference/entrepot.toml"

    assert load({"config": file}, {}).warnings == ()


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda decision: decision.stem)
def test_a_decision_is_dated_and_says_what_else_was_possible(decision: Path) -> None:
    text = decision.read_text()

    assert re.match(rf"# {int(decision.name[:4])}\. .+\n\nDate: \d{{4}}-\d\d-\d\d\n", text)
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "What else was possible"]


def test_decisions_are_numbered_without_holes() -> None:
    assert [int(decision.name[:4]) for decision in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_every_room_is_described_in_the_architecture() -> None:
    described = (ROOT / "ARCHITECTURE.md").read_text()

    rooms = [sign.parent.name for sign in PACKAGE.glob("*/__init__.py")]
    assert [room for room in rooms if f"`{room}`" not in described] == []


def test_every_dependency_says_why_it_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    said = (ROOT / "docs/dependencies.md").read_text()

    wanted = [
        *project["project"]["dependencies"],
        *(line for extra in project["project"]["optional-dependencies"].values() for line in extra),
        *(line for group in project["dependency-groups"].values() for line in group if isinstance(line, str)),
    ]
    names = [re.split(r"[\[<>=~! ]", line)[0] for line in wanted]
    assert [name for name in names if f"| `{name}` |" not in said] == []
