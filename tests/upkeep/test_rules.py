"""What a retention policy may say, as tables."""

from typing import Any

import pytest

from entrepot.upkeep.rules import Rule, Selector, SelectorKind, Template, check_policy, check_same_templates
from entrepot.values.errors import ParameterInvalid, Refused, TagInvalid

DAYS = Rule(Template.DATE, 30)
NEWEST = Rule(Template.TAGS, 10, (Selector(SelectorKind.LABEL, "latest"), Selector(SelectorKind.REGEXP, r"v\d+")))


@pytest.mark.parametrize(
    ("template", "params", "number"),
    [
        ("date_rule", {"days": "30"}, 30),
        ("date_rule", {"days": 1}, 1),
        ("date_rule", {"days": "365"}, 365),
        ("tag_rule", {"num": "10"}, 10),
        ("tag_rule", {"num": 1_000}, 1_000),
        ("tag_rule", {"num": "0010"}, 10),
    ],
)
def test_a_number_is_text_or_a_number_and_told_as_text(template: str, params: dict[str, Any], number: int) -> None:
    rule = Rule.parse(template, params, [])

    assert rule.number == number
    assert list(rule.document["params"].values()) == [str(number)]


@pytest.mark.parametrize("rule", [DAYS, NEWEST])
def test_a_rule_comes_back_from_its_document(rule: Rule) -> None:
    assert Rule.of(rule.document) == rule


@pytest.mark.parametrize(
    ("template", "params", "selectors", "error", "said"),
    [
        ("size_rule", {"num": "1"}, [], ParameterInvalid, "template is one of date_rule, tag_rule"),
        ("date_rule", {}, [], ParameterInvalid, '{"days": "NUMBER"}, from 1 to 365'),
        ("date_rule", {"num": "1"}, [], ParameterInvalid, '{"days": "NUMBER"}'),
        ("date_rule", {"days": "1", "num": "1"}, [], ParameterInvalid, '{"days": "NUMBER"}'),
        ("date_rule", {"days": "0"}, [], ParameterInvalid, "from 1 to 365"),
        ("date_rule", {"days": "366"}, [], ParameterInvalid, "from 1 to 365"),
        ("date_rule", {"days": -1}, [], ParameterInvalid, "from 1 to 365"),
        ("date_rule", {"days": True}, [], ParameterInvalid, "from 1 to 365"),
        ("date_rule", {"days": 1.5}, [], ParameterInvalid, "from 1 to 365"),
        ("date_rule", {"days": None}, [], ParameterInvalid, "from 1 to 365"),
        ("date_rule", {"days": ["30"]}, [], ParameterInvalid, "from 1 to 365"),
        ("date_rule", {"days": "٣"}, [], ParameterInvalid, "from 1 to 365"),
        ("tag_rule", {"num": "1001"}, [], ParameterInvalid, "from 1 to 1000"),
        ("tag_rule", {"num": "9" * 5_000}, [], ParameterInvalid, "from 1 to 1000"),
        ("tag_rule", {"num": "1"}, [("name", "v1")], ParameterInvalid, "is one of label, regexp"),
        ("tag_rule", {"num": "1"}, [("label", "v*")], TagInvalid, "is not a tag"),
        ("tag_rule", {"num": "1"}, [("regexp", "(")], ParameterInvalid, "not a regular expression"),
        ("tag_rule", {"num": "1"}, [("label", "v1")] * 101, ParameterInvalid, "at most 100 tag selectors, not 101"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(
    template: str,
    params: dict[str, Any],
    selectors: list[tuple[str, str]],
    error: type[Refused],
    said: str,
) -> None:
    with pytest.raises(error, match=r"(?s).+") as refused:
        Rule.parse(template, params, selectors)

    assert said in refused.value.message


@pytest.mark.parametrize(
    ("algorithm", "count", "said"),
    [("and", 1, "algorithm is one of or"), ("or", 0, "1 to 10 rules, not 0"), ("or", 11, "1 to 10 rules, not 11")],
)
def test_a_policy_that_means_nothing_is_refused(algorithm: str, count: int, said: str) -> None:
    with pytest.raises(ParameterInvalid, match=said):
        check_policy(algorithm, [DAYS] * count)


def test_a_policy_keeps_its_templates() -> None:
    check_same_templates([DAYS, NEWEST], [Rule(Template.DATE, 1), Rule(Template.TAGS, 1)])

    for after in ([NEWEST], [DAYS], [NEWEST, DAYS], []):
        with pytest.raises(ParameterInvalid, match="this one has date_rule, tag_rule"):
            check_same_templates([DAYS, NEWEST], after)
