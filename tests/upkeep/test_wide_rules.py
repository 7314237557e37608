"""Rules of organizations: what is refused, which tags each keeps, and what holds for all of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.upkeep.retention import Judge, Reason, TagFact
from entrepot.upkeep.wide_rules import RULES_MAX, WidePolicy, WideRule, check_policies_count, check_pulls_known
from entrepot.values.errors import BodyTooLarge, ParameterInvalid, TooMany

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def fact(name: str, pushed: float, pulled: float | None = None) -> TagFact:
    """A tag pushed and pulled so many days ago."""
    pulled_at = None if pulled is None else NOW - timedelta(days=pulled)
    return TagFact(name, NOW - timedelta(days=pushed), pulled_at=pulled_at)


def judged(rules: list[WideRule], held: list[TagFact], pulls_days: int = 400) -> dict[str, Reason]:
    judge = Judge([rule.clause(1) for rule in rules], NOW, pulls_days)
    for one in held:
        judge.see(one)
    return {one.name: judge.judge(one).reason for one in held}


HELD = [
    fact("v1", 100, pulled=2),
    fact("v2", 50),
    fact("v3", 5),
    fact("pr-1", 50),
    fact("pr-2", 3),
    fact("latest", 90),
]


@pytest.mark.parametrize(
    ("rule", "deleted"),
    [
        (WideRule.parse(newest=2), {"v1", "v2", "pr-1", "latest"}),
        (WideRule.parse(["*"], pushed_days=60), {"v1", "latest"}),
        (WideRule.parse(["pr-*"], pushed_days=14), {"pr-1"}),
        (WideRule.parse(["pr-*", "v2"], newest=1), {"pr-1", "v2"}),
        (WideRule.parse(["/v[0-9]+/"], newest=1), {"v1", "v2"}),
        (WideRule.parse(["v*"], ["v1"], newest=1), {"v2"}),
        (WideRule.parse([], ["latest", "/pr-.*/"], pulled_days=30), {"v2"}),
        (WideRule.parse(["v*"], newest=1, pulled_days=30), {"v2"}),
        (WideRule.parse(["v.1"], newest=1), set()),
    ],
)
def test_a_rule_deletes_of_what_it_is_about_what_it_does_not_keep(rule: WideRule, deleted: set[str]) -> None:
    found = judged([rule], HELD)

    assert {name for name, reason in found.items() if reason is Reason.EXPIRED} == deleted


def test_what_no_rule_is_about_is_kept_and_what_any_rule_keeps_too() -> None:
    found = judged([WideRule.parse(["pr-*"], pushed_days=14), WideRule.parse(["*-1"], newest=1)], HELD)

    assert found == {
        "v1": Reason.NO_RULE,
        "v2": Reason.NO_RULE,
        "v3": Reason.NO_RULE,
        "pr-1": Reason.NEWEST,
        "pr-2": Reason.PUSHED,
        "latest": Reason.NO_RULE,
    }


def test_what_may_have_been_pulled_before_pulls_were_known_is_kept() -> None:
    rule = WideRule.parse(pulled_days=90)

    assert judged([rule], [fact("old", 200)], pulls_days=90) == {"old": Reason.EXPIRED}
    assert judged([rule], [fact("old", 200)], pulls_days=89) == {"old": Reason.PUSHED}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "would delete everything it is about"),
        ({"signed": True}, "would delete everything it is about"),
        ({"tags": ["v*"], "exclusions": ["v*"], "newest": 1}, r"about v\* and except it"),
        ({"exclusions": ["*"], "newest": 1}, r"about \* and except it"),
        ({"newest": 0}, "newest is from 1 to 1000"),
        ({"pushed_days": 3651}, "pushed_days is from 1 to 3650"),
        ({"pulled_days": -1}, "pulled_days is from 1"),
        ({"tags": ["a b"], "newest": 1}, "A pattern is a tag"),
        ({"tags": ["a*b*c*d*e*"], "newest": 1}, "A pattern is a tag"),
        ({"tags": ["/(/"], "newest": 1}, "is not a regular expression"),
        ({"tags": [""], "newest": 1}, "A pattern is a tag"),
        ({"tags": ["v*"] * 21, "newest": 1}, "at most 20 patterns"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_a_sentence(said: dict[str, Any], why: str) -> None:
    with pytest.raises(ParameterInvalid, match=why):
        WideRule.parse(**said)


TEN = WideRule.parse(newest=10)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("*", []), "would do nothing"),
        (("*", [TEN, WideRule.parse(["*"], pushed_days=3)]), "Rules 1 and 2 are about the same tags"),
        (("UPPER", [TEN]), "A pattern is a name"),
        (("*", [WideRule.parse([f"v{number}*"], newest=1) for number in range(RULES_MAX + 1)]), "at most 10 rules"),
        (("*", [], 0), "untagged_days is from 1"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_with_a_sentence(said: tuple[Any, ...], why: str) -> None:
    with pytest.raises(ParameterInvalid, match=why):
        WidePolicy.parse(*said)


def test_other_limits_of_policies() -> None:
    check_policies_count(19)
    with pytest.raises(TooMany):
        check_policies_count(20)
    with pytest.raises(BodyTooLarge):
        WidePolicy.parse("*", [TEN], description="x" * 501)
    check_pulls_known(WidePolicy.parse("*", [WideRule.parse(pulled_days=400)]), 400)
    with pytest.raises(ParameterInvalid, match="Pulls are known for 31 days"):
        check_pulls_known(WidePolicy.parse("*", [WideRule.parse(pulled_days=32)]), 31)


def test_a_policy_is_what_its_document_says() -> None:
    policy = WidePolicy.parse("team-*", [TEN, WideRule.parse(["/a|b/"], ["a"], pulled_days=9, signed=True)], 7, "why")

    assert WidePolicy.of(policy.document) == policy
    assert (policy.reaches("team-a"), policy.reaches("other")) == (True, False)


PATTERNS = st.lists(st.sampled_from(["a", "b*", "*c", "/[a-c]/", "d*e"]), max_size=2, unique=True)
RULES = st.builds(
    WideRule,
    PATTERNS.map(tuple),
    st.lists(st.sampled_from(["f", "g*", "/ab?/"]), max_size=1).map(tuple),
    st.one_of(st.none(), st.integers(1, 3)),
    st.one_of(st.none(), st.integers(1, 10)),
    st.one_of(st.none(), st.integers(1, 10)),
)
NAMES = ["a", "b", "bc", "c", "de", "f", "g", "ab"]
HOLDINGS = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.integers(0, 20), st.one_of(st.none(), st.integers(0, 20))), max_size=8
).map(lambda held: [fact(name, *days) for name, days in held.items()])


@given(st.lists(RULES, min_size=1, max_size=3), RULES, HOLDINGS)
def test_what_a_rule_keeps_is_never_deleted_whatever_others_say(
    rules: list[WideRule], one: WideRule, held: list[TagFact]
) -> None:
    alone, together = judged([one], held), judged([*rules, one], held)

    kept = {name for name, reason in alone.items() if reason not in (Reason.EXPIRED, Reason.NO_RULE)}
    assert not {name for name, reason in together.items() if reason is Reason.EXPIRED} & kept


@given(st.lists(RULES, min_size=1, max_size=3), HOLDINGS)
def test_a_plan_carried_out_leaves_nothing_to_delete(rules: list[WideRule], held: list[TagFact]) -> None:
    found = judged(rules, held)
    left = [one for one in held if found[one.name] is not Reason.EXPIRED]

    assert Reason.EXPIRED not in judged(rules, left).values()
