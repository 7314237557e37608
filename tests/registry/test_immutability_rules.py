"""What a rule of immutability says, and for which tags it holds."""

import pytest

from entrepot.registry.immutability_rules import Immutability, Rule, Standing, check_rules_count, undeleted, unmoved
from entrepot.values.errors import BodyTooLarge, ParameterInvalid, TooMany


@pytest.mark.parametrize(
    ("rule", "repository", "tag", "is_held"),
    [
        (Rule("*", "*"), "app", "v1", True),
        (Rule("*", "v*"), "team/app", "v1", True),
        (Rule("*", "v*"), "app", "latest", False),
        (Rule("*", "v*"), "app", "V1", False),
        (Rule("team-*", "*"), "app", "v1", False),
        (Rule("team-*", "*"), "team-a/app", "v1", True),
        (Rule("*", "v*", ("*-rc*", "v0")), "app", "v1-rc1", False),
        (Rule("*", "v*", ("*-rc*", "v0")), "app", "v0", False),
        (Rule("*", "v*", ("*-rc*", "v0")), "app", "v01", True),
        (Rule("*", "v*.*.0"), "app", "v1.2.0", True),
        (Rule("*", "v*.*.0"), "app", "v1.0", False),
        (Rule("*", "*", is_enabled=False), "app", "v1", False),
        # What clients keep there grows.
        (Rule("*", "*"), "app", f"sha256-{'0' * 64}", False),
        (Rule("*", "*"), "app", f"sha256-{'0' * 64}.sig", False),
        (Rule("*", "*"), "app", "sha256-short", True),
    ],
)
def test_a_rule_holds_for_what_it_names_and_does_not_except(rule: Rule, repository: str, tag: str, is_held: bool):
    rules = Immutability([one for one in [Standing(1, "acme", rule, "ann")] if rule.reaches(repository)])
    assert (rules.rule_of(tag) is not None) is is_held


@pytest.mark.parametrize(
    "said",
    [
        {"repositories": ""},
        {"repositories": "App"},
        {"repositories": "*****"},
        {"tags": "v 1"},
        {"tags": "v/1"},
        {"tags": "a" * 256},
        {"tags": "(a+)+$"},
        {"exclusions": ["v*", ""]},
        {"exclusions": [f"v{number}" for number in range(21)]},
    ],
)
def test_a_rule_that_says_nothing_sensible_is_refused(said: dict[str, object]):
    with pytest.raises(ParameterInvalid):
        Rule("*", "*").changed(said)


def test_what_is_too_long_or_too_many_is_refused():
    with pytest.raises(BodyTooLarge):
        Rule.parse("*", "*", description="a" * 501)
    check_rules_count(49)
    with pytest.raises(TooMany):
        check_rules_count(50)


def test_a_rule_is_its_document_and_changes_in_the_words_of_it():
    rule = Rule.parse("app", "v*", ["*-rc", "*-rc"], "Why.")

    assert Rule.of(rule.document) == rule
    assert rule.exclusions == ("*-rc",)
    assert rule.changed({"enabled": False}) == Rule("app", "v*", ("*-rc",), "Why.", False)


def test_a_refusal_says_which_rule_where_it_is_set_and_by_whom():
    rule = Standing(7, "acme", Rule("*", "v*"), "ann")

    moved = unmoved("acme/app", "v1", rule)
    gone = undeleted("acme/app", dict.fromkeys(("v1", "v2", "v3", "v4"), rule), are_more=True)

    for said in (moved.message, gone.message):
        assert "rule 7 of acme (tags v* of *, set by ann)" in said
    assert "4+ immutable tags (v1, v2, v3, …)" in gone.message
    assert "entrepot immutable update acme 7 --disable" in gone.message
    assert (moved.detail["rule"], gone.detail["count"]) == (7, 4)
    assert "set by" not in unmoved("acme/app", "v1", Standing(7, "acme", Rule("*", "v*"), "")).message
