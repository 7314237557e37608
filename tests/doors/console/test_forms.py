"""What a field shows when its form is shown again."""

import pytest

from entrepot.doors.console.forms import Form


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({}, "kept"),
        ({"other": ["x"]}, "kept"),
        ({"name": [" new "]}, "new"),
        ({"name": [""]}, ""),
        ({"name": [" "]}, ""),
    ],
)
def test_a_field_shows_what_was_sent_also_when_it_was_emptied(sent: dict[str, list[str]], shown: str) -> None:
    assert Form(sent).shown("name", "kept") == shown
