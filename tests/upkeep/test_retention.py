"""Which tags a policy deletes: examples, and what holds for every policy and every repository."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.upkeep.clauses import clause_of
from entrepot.upkeep.retention import Judge, Reason, TagFact
from entrepot.upkeep.rules import Rule, Selector, SelectorKind, Template

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATEST = Selector(SelectorKind.LABEL, "latest")
RELEASES = Selector(SelectorKind.REGEXP, r"v\d+")


def tags(*days_ago: tuple[str, float]) -> list[TagFact]:
    return [TagFact(name, NOW - timedelta(days=days)) for name, days in days_ago]


def judged(rules: list[Rule], held: list[TagFact]) -> Judge:
    """A judge that has seen all tags."""
    judge = Judge([clause_of(1, rule) for rule in rules], NOW, 400)
    for fact in held:
        judge.see(fact)
    return judge


def plan_deletions(rules: list[Rule], held: list[TagFact]) -> list[str]:
    """The names of what goes, those pushed longest ago first."""
    judge = judged(rules, held)
    oldest_first = sorted(held, key=lambda fact: (fact.pushed_at, fact.name))
    return [fact.name for fact in oldest_first if judge.judge(fact).is_deleted]


HELD = tags(("a", 1), ("b", 10), ("latest", 50), ("c", 30), ("v1", 100), ("d", 31))


@pytest.mark.parametrize(
    ("rules", "deleted"),
    [
        ([], []),
        ([Rule(Template.DATE, 30)], ["v1", "latest", "d"]),
        ([Rule(Template.DATE, 29)], ["v1", "latest", "d", "c"]),
        ([Rule(Template.DATE, 365)], []),
        ([Rule(Template.DATE, 30, (LATEST, RELEASES))], ["d"]),
        ([Rule(Template.TAGS, 2)], ["v1", "latest", "d", "c"]),
        ([Rule(Template.TAGS, 10)], []),
        # What is spared is not counted either: two more are kept.
        ([Rule(Template.TAGS, 3, (LATEST, RELEASES))], ["d"]),
        # What one rule deletes, another may keep.
        ([Rule(Template.DATE, 5), Rule(Template.TAGS, 3)], ["v1", "latest", "d"]),
        ([Rule(Template.DATE, 5, (LATEST,)), Rule(Template.TAGS, 1, (RELEASES,))], ["d", "c", "b"]),
    ],
)
def test_what_no_rule_keeps_is_deleted_the_oldest_first(rules: list[Rule], deleted: list[str]) -> None:
    assert plan_deletions(rules, HELD) == deleted


def test_of_tags_pushed_at_once_the_later_names_are_kept() -> None:
    assert plan_deletions([Rule(Template.TAGS, 1)], tags(("a", 1), ("c", 1), ("b", 1))) == ["a", "b"]


SELECTORS = st.lists(
    st.one_of(
        st.sampled_from("abcde").map(lambda name: Selector(SelectorKind.LABEL, name)),
        st.sampled_from(["a|b", "[c-e]", ".*", "x"]).map(lambda text: Selector(SelectorKind.REGEXP, text)),
    ),
    max_size=2,
).map(tuple)
RULES = st.builds(Rule, st.sampled_from(Template), st.integers(1, 8), SELECTORS)
HOLDINGS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 20), max_size=8).map(
    lambda held: tags(*held.items())
)


@given(st.lists(RULES, min_size=1, max_size=3), HOLDINGS, st.randoms())
def test_a_plan_does_not_depend_on_the_order_of_what_it_is_told(
    rules: list[Rule], held: list[TagFact], random: Random
) -> None:
    plan = plan_deletions(rules, held)
    random.shuffle(held)
    random.shuffle(rules)

    assert plan_deletions(rules, held) == plan


@given(st.lists(RULES, min_size=1, max_size=3), HOLDINGS)
def test_a_plan_carried_out_leaves_nothing_to_delete(rules: list[Rule], held: list[TagFact]) -> None:
    deleted = set(plan_deletions(rules, held))

    assert plan_deletions(rules, [tag for tag in held if tag.name not in deleted]) == []


@given(st.lists(RULES, min_size=1, max_size=3), RULES, HOLDINGS)
def test_one_more_rule_never_deletes_more(rules: list[Rule], more: Rule, held: list[TagFact]) -> None:
    assert set(plan_deletions([*rules, more], held)) <= set(plan_deletions(rules, held))


@given(RULES, HOLDINGS)
def test_what_a_rule_spares_or_should_keep_is_kept(rule: Rule, held: list[TagFact]) -> None:
    deleted = set(plan_deletions([rule], held))

    counted = [tag for tag in held if not rule.spares(tag.name)]
    assert deleted <= {tag.name for tag in counted}
    if rule.template is Template.TAGS:
        assert len(deleted) == max(0, len(counted) - rule.number)
        kept = [tag.pushed_at for tag in counted if tag.name not in deleted]
        gone = [tag.pushed_at for tag in counted if tag.name in deleted]
        assert not gone or max(gone) <= min(kept)
    else:
        assert deleted == {tag.name for tag in counted if NOW - tag.pushed_at > timedelta(days=rule.number)}


HEX = "a" * 64


@pytest.mark.parametrize("name", [f"sha256-{HEX}", f"sha256-{HEX}.sig", f"sha256-{HEX}.att", f"sha256-{HEX}.sbom"])
def test_what_belongs_to_an_image_is_neither_deleted_nor_counted(name: str) -> None:
    held = tags((name, 0), ("v1", 5), ("v2", 6))

    assert plan_deletions([Rule(Template.TAGS, 1)], held) == ["v2"]
    assert plan_deletions([Rule(Template.DATE, 1)], tags((name, 90))) == []
    assert judged([Rule(Template.DATE, 1)], held).judge(held[0]).reason is Reason.ACCESSORY


@given(st.lists(RULES, min_size=1, max_size=3), HOLDINGS)
def test_each_verdict_names_the_rule_that_gave_it(rules: list[Rule], held: list[TagFact]) -> None:
    judge = judged(rules, held)

    for fact in held:
        verdict = judge.judge(fact)
        assert verdict.clause is not None
        rule = Rule.of(verdict.clause.document)
        match verdict.reason:
            case Reason.EXCEPTED:
                assert rule.spares(fact.name)
            case Reason.PUSHED:
                assert NOW - fact.pushed_at <= timedelta(days=rule.number)
            case Reason.NEWEST:
                newer = [one for one in held if one.pushed_at > fact.pushed_at and not rule.spares(one.name)]
                assert len(newer) < rule.number
            case reason:
                assert reason is Reason.EXPIRED
                assert verdict.clause == judge.clauses[0]
