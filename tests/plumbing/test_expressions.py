"""Expressions of users: what they match, what is refused, and that none can hold a process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.plumbing.expressions import CHARS_MAX, Expression
from entrepot.values.errors import ParameterInvalid


@pytest.mark.parametrize(
    ("expression", "text", "fits"),
    [
        ("v.*", "v1", True),
        ("v.*", "dev1", False),
        (r"v\d+", "v12", True),
        (r"v\d+", "v12-rc", False),
        ("", "", True),
        ("a|b", "ab", False),
        ("(?i)LATEST", "latest", True),
        ("^v1$", "v1", True),
        ("é+", "éé", True),
    ],
)
def test_the_whole_text_is_matched(expression: str, text: str, fits: bool) -> None:
    assert Expression.parse(expression).fits(text) is fits


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("[", "missing ]"),
        ("a**", "bad repetition operator"),
        (r"(a)\1", "invalid escape sequence"),
        ("(?=a)", "invalid perl operator"),
        ("((a{100}){100}){100}", "invalid repetition size"),
        (r"\pL{500}", "pattern too large"),
        ("\ud800", "half of a character"),
        ("a" * (CHARS_MAX + 1), "at most 512 characters; this one has 513"),
    ],
)
def test_what_is_refused_is_told_why(expression: str, said: str) -> None:
    with pytest.raises(ParameterInvalid) as refused:
        Expression.parse(expression)

    assert said in refused.value.message
    assert len(refused.value.message.encode()) < 400


@pytest.mark.timeout(20)
@pytest.mark.parametrize("expression", ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*)*(.*)*(.*)*b", "(a?){100}a{100}b"])
def test_what_holds_other_engines_for_ages_is_answered(expression: str) -> None:
    """The same with Python's engine would outlive the process."""
    parsed = Expression.parse(expression)

    assert not any(parsed.fits("a" * 100_000) for _ in range(3))


@given(st.text(max_size=600))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        parsed = Expression.parse(text)
    except ParameterInvalid:
        return
    assert parsed.fits("v1") in (True, False)
