"""What may be wished of a warm-up, and which nodes are chosen for it."""

from typing import Any

import pytest

from entrepot.regions.warming.rules import Candidate, WarmRule, WarmState, Wish, choose, fits_platform, state_of
from entrepot.values.errors import NameInvalid, ParameterInvalid
from entrepot.values.platform import Platform

NODES = [Candidate(str(number), f"e{number}", "ab"[number % 2], number != 4) for number in range(10)]


def test_each_region_gets_as_many_as_are_wished() -> None:
    assert {one.id for one in choose(NODES, Wish(("a", "b")), "x")} == {one.id for one in NODES}
    assert sorted(one.region for one in choose(NODES, Wish(("a", "b"), copies=2), "x")) == ["a", "a", "b", "b"]
    assert choose(NODES, Wish(("c",)), "x") == []


def test_the_lost_come_last_and_images_are_spread() -> None:
    firsts = [choose(NODES, Wish(("a",), copies=1), f"digest {number}")[0] for number in range(40)]

    assert {one.id for one in firsts} == {"0", "2", "6", "8"}
    assert choose(NODES, Wish(("a",)), "x")[-1].id == "4"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"regions": []}, ParameterInvalid),
        ({"regions": ["?"]}, NameInvalid),
        ({"regions": ["a"], "platforms": ["linux"]}, ParameterInvalid),
        ({"regions": ["a"], "platforms": ["linux/amd64"] * 21}, ParameterInvalid),
        ({"regions": ["a"], "copies": 0}, ParameterInvalid),
        ({"regions": [f"r{number}" for number in range(51)]}, ParameterInvalid),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Wish.parse(**given)


@pytest.mark.parametrize(("scopes", "tags"), [([], []), (["Acme/*"], []), (["acme/*"], ["v 1"]), (["a*b*c*d*e*f"], [])])
def test_patterns_that_mean_nothing_are_refused(scopes: list[str], tags: list[str]) -> None:
    with pytest.raises(ParameterInvalid):
        WarmRule.parse(scopes, tags, Wish(("a",)))


def test_a_rule_is_about_repositories_and_tags() -> None:
    rule = WarmRule.parse(["acme/*", "other/app"], ["v*"], Wish(("a",)))

    assert [rule.is_about(one) for one in ("acme/app", "other/app", "other/app2")] == [True, True, False]
    assert (rule.takes("v1"), rule.takes("latest")) == (True, False)
    assert WarmRule.parse(["acme/*"], [], Wish(("a",))).takes("latest")


@pytest.mark.parametrize(
    ("wished", "has", "fits"),
    [
        ([], None, True),
        (["linux/arm64"], Platform("linux", "arm64", "v8"), True),
        (["linux/arm64/v8"], Platform("linux", "arm64"), False),
        (["linux/amd64", "linux/arm64"], Platform("linux", "arm64"), True),
        (["linux/amd64"], Platform("unknown", "unknown"), False),
        (["linux/amd64"], None, False),
    ],
)
def test_a_platform_without_a_variant_means_all(wished: list[str], has: Platform | None, fits: bool) -> None:
    assert fits_platform(wished, has) is fits


def test_a_warm_up_is_as_those_of_its_nodes_that_matter_most() -> None:
    some = {WarmState.DONE, WarmState.FAILED}

    assert state_of(some, False) is WarmState.FAILED
    assert state_of(some | {WarmState.WAITING}, False) is WarmState.WAITING
    assert state_of({WarmState.DONE}, False) is WarmState.DONE
    assert state_of(some, True) is WarmState.CANCELLED
    assert state_of(set(), False) is WarmState.FAILED
