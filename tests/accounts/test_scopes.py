"""The grammar of docker token scopes, and what a level gives of them."""

import pytest

from entrepot.access.levels import Level
from entrepot.accounts.scopes import Scope, granted_actions, parse_scopes
from entrepot.values.errors import ParameterInvalid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("repository:team/app:pull", Scope("repository", "team/app", ("pull",))),
        ("repository:team/app:pull,push", Scope("repository", "team/app", ("pull", "push"))),
        ("repository:team/app:*", Scope("repository", "team/app", ("*",))),
        ("repository(plugin):team/app:pull", Scope("repository", "team/app", ("pull",))),
        ("repository:host:5000/app:pull", Scope("repository", "host:5000/app", ("pull",))),
        ("registry:catalog:*", Scope("registry", "catalog", ("*",))),
        ("repository:a:pull,pull", Scope("repository", "a", ("pull", "pull"))),
    ],
)
def test_a_scope(text: str, expected: Scope) -> None:
    assert parse_scopes([text]) == [expected]


def test_several_scopes_in_one_parameter_or_in_many() -> None:
    assert len(parse_scopes(["repository:a:pull repository:b:pull", " repository:c:pull ", ""])) == 3
    assert parse_scopes([]) == []
    assert len(parse_scopes(["a:b:c"] * 100)) == 100
    with pytest.raises(ParameterInvalid):
        parse_scopes(["a:b:c"] * 101)


@pytest.mark.parametrize(
    "text",
    ["x", "a:b", ":::", "a::b", ":b:c", "a:b:", "a:b:PULL", "A:b:pull", "a:b:pull,", 'a:"b":c', "a:b\\:c", "a:\0:c"]
    + ["a:" + "b" * 301 + ":c", "repository(:a:pull"],
)
def test_what_is_no_scope_is_refused_in_few_words(text: str) -> None:
    with pytest.raises(ParameterInvalid) as refused:
        parse_scopes([text])
    assert len(refused.value.message) < 400


def test_a_long_hostile_scope_costs_nothing() -> None:
    for hostile in ("a:" + ":" * 50_000 + "!", "a:b:" + "c," * 50_000 + "!", "(" * 100_000):
        with pytest.raises(ParameterInvalid):
            parse_scopes([hostile])


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (Level.NONE, []),
        (Level.READ, ["pull"]),
        (Level.EDIT, ["pull", "push"]),
        (Level.MANAGE, ["pull", "push", "delete"]),
    ],
)
def test_a_level_gives_some_actions(level: Level, expected: list[str]) -> None:
    everything = ("delete", "push", "pull", "magic")

    assert granted_actions(Scope("repository", "a/b", everything), level) == expected
    assert granted_actions(Scope("repository", "a/b", ("*",)), level) == expected
    assert granted_actions(Scope("repository", "a/b", ("magic",)), level) == []
    assert granted_actions(Scope("registry", "catalog", ("*",)), level) == ["*"]
    assert granted_actions(Scope("registry", "blobs", ("*",)), level) == ["*"]
    assert granted_actions(Scope("registry", "settings", ("*",)), level) == []
    assert granted_actions(Scope("cluster", "a/b", ("pull",)), level) == []
