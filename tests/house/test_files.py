"""What may stand in a file of this project, and how long one may get."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.files import ROOT, modules, texts

LINES_MAX = 400
# `--index-url`, `--extra-index-url`, `--find-links`: where packages come from is each machine's own matter.
PACKAGE_SOURCE = re.compile(r"--(?:extra-)?index-url|--find-links|pypi\.org|pythonhosted\.org|deb\.debian\.org")
SECRET = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bglpat-[\w-]{20}\b"
)
INSPECTORS = {"tests/house/test_files.py", "tools/lock"}


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {found[0][:60]}"
        for name, text in texts()
        if name not in INSPECTORS
        for found in pattern.finditer(text)
    ]


def test_no_file_says_where_packages_come_from() -> None:
    assert lines_with(PACKAGE_SOURCE) == []


def test_no_file_holds_a_secret() -> None:
    assert lines_with(SECRET) == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    places = {str(ROOT), str(ROOT.parent), str(Path.home())} - {"/", "/root", "/home", "/tmp", "/srv", "/opt", "/src"}

    assert lines_with(re.compile("|".join(rf"{re.escape(place)}(?![\w-])" for place in sorted(places)))) == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_has_exact_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=\S)", text)

    assert len(entries) > 20
    assert "://" not in text
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_what_is_locked_to_run_is_locked_alike_to_develop() -> None:
    runtime, develop = (
        set(re.findall(r"^\S+==\S+", (ROOT / lock).read_text(), re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    )

    assert runtime <= develop


def test_a_file_answers_one_question() -> None:
    lengths = {str(module.relative_to(ROOT)): len(module.read_text().splitlines()) for module in modules()}

    assert {name: length for name, length in lengths.items() if length > LINES_MAX} == {}


def test_a_file_says_at_its_top_what_it_is_about() -> None:
    silent = [module for module in modules() if not ast.get_docstring(ast.parse(module.read_text()))]

    assert [str(module.relative_to(ROOT)) for module in silent] == []
