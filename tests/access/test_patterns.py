"""Patterns over names decide alike in Python and in SQL."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.access.patterns import ESCAPE, fits, is_pattern, like_of, parse_pattern
from entrepot.values.errors import ParameterInvalid


@pytest.mark.parametrize(
    ("pattern", "name", "is_fitting"),
    [
        ("acme/*", "acme/app", True),
        ("acme/*", "acme/app/inner", True),
        ("acme/*", "acme", False),
        ("acme/*", "acme2/app", False),
        ("acme/team-*", "acme/team-", True),
        ("acme/team-*", "acme/team", False),
        ("acme/*/base", "acme/a/b/base", True),
        ("acme/*/base", "acme/base", False),
        ("acme/a_b*", "acme/axb", False),
        ("acme/a.b*", "acme/axb", False),
        ("acme/app", "acme/app", True),
        ("acme/app", "acme/app2", False),
    ],
)
def test_a_star_stands_for_any_characters(pattern: str, name: str, is_fitting: bool) -> None:
    assert fits(pattern, name) is is_fitting


@given(st.text("ab_%/\\*-.", max_size=8), st.text("ab_%/\\-.", max_size=8))
def test_sql_and_python_agree(pattern: str, name: str) -> None:
    connection = sqlite3.connect(":memory:")
    (said,) = connection.execute("SELECT ? LIKE ? ESCAPE ?", (name, like_of(pattern), ESCAPE)).fetchone()
    connection.close()
    assert bool(said) is fits(pattern, name)


@pytest.mark.parametrize("text", ["acme/*", "acme/team-*", "acme/*/base", "acme/a_b.c/*"])
def test_a_pattern_is_kept_as_written(text: str) -> None:
    assert parse_pattern(text) == text
    assert is_pattern(text)


@pytest.mark.parametrize(
    "text",
    ["", "*", "*/app", "ac*me/app", "acme", "acme/", "Acme/*", "acme/%", "acme/*****", "acme/a b*", "a/" + "b" * 400],
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(ParameterInvalid, match="pattern"):
        parse_pattern(text)
