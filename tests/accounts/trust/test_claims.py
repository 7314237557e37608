"""Claims: conditions with patterns, names and groups out of what strangers wrote."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.accounts.trust.claims import (
    Condition,
    email_domain,
    fits,
    mapped_groups,
    parse_conditions,
    unmet,
    user_name,
    value_of,
    values_of,
)
from entrepot.values.errors import NameInvalid, ParameterInvalid

NESTED = {
    "sub": "repo:acme/app:ref:refs/heads/main",
    "ref_protected": "true",
    "flag": True,
    "number": 7,
    "groups": ["a", "b", 3, None, {"c": 1}, "x" * 2_000],
    "kubernetes.io": {"namespace": "prod", "a/b": {"~": "deep"}},
    "nothing": None,
}


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("main", "main", True),
        ("main", "main2", False),
        ("main", "Main", False),
        ("", "", True),
        ("*", "", True),
        ("*", "main", True),
        ("*", "feature/x", False),
        ("*", "a:b", False),
        ("**", "feature/x:y", True),
        ("repo:acme/*:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main", True),
        ("repo:acme/*:ref:refs/heads/main", "repo:acme/app/evil:ref:refs/heads/main", False),
        ("repo:acme/app*", "repo:acme/app-evil:ref:refs/heads/main", False),
        ("repo:acme/app:**", "repo:acme/app:pull_request", True),
        ("repo:acme/app:**", "repo:acme/app-evil:pull_request", False),
        ("v*.*", "v1.2", True),
        ("a**b*c", "a/x/b/bzc", True),
        ("a.c", "abc", False),
        ("[a]", "a", False),
        ("a*", "a\n", True),
    ],
)
def test_a_pattern_fits_or_does_not(pattern: str, text: str, does: bool) -> None:
    assert fits(pattern, text) is does


@given(st.text("ab*/:", max_size=8), st.text("ab/:", max_size=8))
def test_patterns_fit_what_the_same_expression_matches(pattern: str, text: str) -> None:
    made = {"**": ".*", "*": "[^/:]*"}
    expression = "".join(made.get(part, re.escape(part)) for part in re.split(r"(\*\*?)", pattern))

    assert fits(pattern, text) is (re.fullmatch(expression, text) is not None)


def test_a_pattern_of_many_stars_ends_soon() -> None:
    """A regular expression would go back and forth over this for longer than anybody waits."""
    assert not fits("**a" * 80, "a" * 1_000 + "b")


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        ("sub", ["repo:acme/app:ref:refs/heads/main"]),
        ("flag", ["true"]),
        ("number", ["7"]),
        ("groups", ["a", "b", "3"]),
        ("/kubernetes.io/namespace", ["prod"]),
        ("/kubernetes.io/a~1b/~0", ["deep"]),
        ("/kubernetes.io", []),
        ("/sub/more", []),
        ("kubernetes.io/namespace", []),
        ("nothing", []),
        ("absent", []),
    ],
)
def test_values_are_found_where_a_claim_points(claim: str, values: list[str]) -> None:
    assert values_of(NESTED, claim) == values


def test_the_first_condition_that_is_not_met_is_told() -> None:
    good, bad = Condition("ref_protected", "true"), Condition("number", "8")

    assert unmet(NESTED, []) is None
    assert unmet(NESTED, [good, Condition("groups", "b"), Condition("/kubernetes.io/namespace", "p*")]) is None
    assert unmet(NESTED, [good, bad]) == bad
    assert unmet(NESTED, [Condition("absent", "**")]) == Condition("absent", "**")


@pytest.mark.parametrize("pairs", [[("", "x")], [("x", "")], [("x" * 129, "y")], [("x", "y" * 257)], [("x", "y")] * 21])
def test_conditions_have_bounds(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(ParameterInvalid):
        parse_conditions(pairs)


def test_what_only_asks_that_a_claim_is_there_is_open() -> None:
    assert Condition("sub", "**").is_open and Condition("sub", "*").is_open
    assert not Condition("sub", "a**").is_open


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("ann", "ann"),
        ("Ann.Lee", "Ann.Lee"),
        ("ann@example.com", "ann"),
        ("ann lee (acme)", "ann-lee-acme-"),
        ("...ann", "ann"),
        ("robot$evil", "robot-evil"),
        ("acme/admin", "acme-admin"),
        ("x" * 100, "x" * 64),
        (7, "7"),
    ],
)
def test_a_claim_gives_an_account_its_name(said: Any, name: str) -> None:
    assert user_name({"preferred_username": said}, "preferred_username") == name


@pytest.mark.parametrize("said", ["", "@example.com", "日本", None, ["ann", "bob"], {"a": 1}])
def test_what_gives_no_name_is_refused(said: Any) -> None:
    with pytest.raises(NameInvalid):
        user_name({"preferred_username": said}, "preferred_username")


@pytest.mark.parametrize(
    ("claims", "domain"),
    [
        ({"email": "ann@Example.COM", "email_verified": True}, "example.com"),
        ({"email": "ann@evil.com@example.com", "email_verified": "true"}, "example.com"),
        ({"email": "ann@example.com"}, ""),
        ({"email": "ann@example.com", "email_verified": False}, ""),
        ({"email": "example.com", "email_verified": True}, ""),
        ({"email": ["a@example.com", "b@example.com"], "email_verified": True}, ""),
    ],
)
def test_only_a_verified_address_has_a_domain(claims: dict[str, Any], domain: str) -> None:
    assert email_domain(claims) == domain


def test_groups_that_are_not_mapped_count_for_nothing() -> None:
    assert mapped_groups(["dev", "root", "ops"], {"dev": "editors", "ops": "editors", "qa": "readers"}) == {"editors"}


def test_several_values_are_no_value() -> None:
    assert value_of(NESTED, "groups") == ""
    assert value_of(NESTED, "number") == "7"
