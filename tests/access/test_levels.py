"""Levels and actions, the one table."""

import pytest

from entrepot.access.levels import NEEDS, Action, Level
from entrepot.values.errors import ParameterInvalid


def test_every_action_needs_a_level() -> None:
    assert NEEDS.keys() == set(Action)
    assert Level.NONE not in NEEDS.values()


@pytest.mark.parametrize(
    ("text", "level"),
    [("read", Level.READ), ("Edit", Level.EDIT), ("MANAGE", Level.MANAGE), (1, Level.READ), (3, Level.EDIT), (7, 7)],
)
def test_a_level_is_given_by_name_or_number(text: str | int, level: Level) -> None:
    assert Level.parse(text) is Level(level)


@pytest.mark.parametrize(
    "text", ["", "none", "NONE", "7", "admin", "read ", 0, 2, -1, 8, 10**30, "\ud800", "x" * 10_000]
)
def test_what_is_no_level_is_refused_in_few_words(text: str | int) -> None:
    with pytest.raises(ParameterInvalid) as refused:
        Level.parse(text)
    assert len(refused.value.message) < 200
    refused.value.message.encode()


def test_higher_levels_include_lower_ones() -> None:
    assert Level.NONE < Level.READ < Level.EDIT < Level.MANAGE
