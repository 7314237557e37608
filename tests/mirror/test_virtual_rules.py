"""Which member answers for a name: the decision alone, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from entrepot.mirror.virtual.rules import (
    Age,
    Bound,
    Decision,
    Member,
    Rules,
    Why,
    check_quarantine,
    decide,
    parse_pattern,
    parse_rules,
)
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import OrganizationName

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def member(number: int, *, host: str = "", holds: bool = False, allow: str = "", deny: str = "") -> Member:
    rules = Rules(tuple(allow.split()), tuple(deny.split()))
    return Member(number, OrganizationName(f"m{number}"), host, rules, holds)


def who(decision: Decision) -> list[int]:
    return [one.id for one in decision.asked]


def test_a_local_member_that_holds_the_name_comes_before_all_mirrors_and_alone() -> None:
    members = [member(1, host="quay.io", holds=True), member(2), member(3, holds=True), member(4, holds=True)]
    decision = decide("app", Rules(), members, None)
    assert (who(decision), decision.why, decision.is_settled) == ([3], Why.HOLDS, True)
    assert who(decide("app", Rules(), members, Bound(1, SINCE))) == [3]


def test_the_first_local_member_that_may_give_the_name_does() -> None:
    members = [member(1, holds=True, deny="app"), member(2, holds=True)]
    assert who(decide("app", Rules(), members, None)) == [2]
    decision = decide("app", Rules(), [members[0], member(3, host="quay.io")], None)
    assert (who(decision), decision.why, decision.rule, decision.is_refused) == ([], Why.OF_HOLDER, "deny app", True)


def test_mirrors_are_asked_in_order_unless_a_rule_or_an_owner_says_otherwise() -> None:
    members = [member(1, host="a"), member(2), member(3, host="b", allow="team/*"), member(4, host="c")]
    assert who(decide("app", Rules(), members, None)) == [1, 4]
    assert who(decide("team/app", Rules(), members, None)) == [1, 3, 4]
    assert who(decide("app", Rules(), members, Bound(4, SINCE))) == [4]
    assert decide("app", Rules(), members, Bound(3, SINCE)).why is Why.OF_OWNER
    assert decide("app", Rules(), members, Bound(9, SINCE)).why is Why.OWNER_GONE
    assert decide("app", Rules(), members[2:3], None).why is Why.OF_MIRRORS
    nobody = decide("app", Rules(), members[1:2], None)
    assert (nobody.why, nobody.is_refused) == (Why.NOBODY, False)


def test_a_name_that_is_too_long_for_a_member_is_not_asked_for_there() -> None:
    longest, name = OrganizationName("m" * 64), "a" * 200
    assert decide(name, Rules(), [Member(1, longest, "quay.io")], None).why is Why.NOBODY
    assert who(decide(name, Rules(), [Member(1, longest, "quay.io"), member(2, host="a")], None)) == [2]


def test_what_is_denied_is_so_whatever_is_allowed() -> None:
    rules = Rules(("library/*", "team/**/x"), ("*/secret",))
    assert rules.refusing("library/nginx") == ""
    assert rules.refusing("library/secret") == "deny */secret"
    assert rules.refusing("other") == "allow library/*, team/**/x"
    assert decide("other", rules, [member(1, holds=True)], None).why is Why.OF_ALL


@pytest.mark.parametrize("name", ["nginx", "library/nginx"])
def test_a_pattern_means_both_names_that_docker_hub_has_for_an_image(name: str) -> None:
    for pattern in ("nginx", "library/nginx", "library/*"):
        hub = member(1, host="docker.io", deny=pattern)
        assert decide(name, Rules(), [hub], None).is_refused
        assert decide(name, Rules((), (pattern,)), [member(1, host="docker.io")], None).is_refused
        assert who(decide(name, Rules(), [member(1, host="docker.io", allow=pattern)], None)) == [1]
    assert who(decide("nginx", Rules(), [member(1, host="quay.io", deny="library/nginx")], None)) == [1]


def test_the_later_of_two_times_is_the_age_of_an_image() -> None:
    old, young = SINCE - timedelta(days=900), SINCE + timedelta(days=2)
    assert Age(SINCE).free_at(60) == SINCE + timedelta(seconds=60)
    assert Age(SINCE, old).counts_from == SINCE
    assert Age(SINCE, young).counts_from == young
    end = datetime.max.replace(tzinfo=UTC)
    assert Age(SINCE, end).free_at(3_600) == end


def test_patterns_are_names_with_a_few_stars() -> None:
    for good in ("*", "library/*", "team-*/app", "a.b_c"):
        assert parse_pattern(good, "deny") == good
    for bad in ("", "Team/*", "a*b*c*d*e*", "a b", "x" * 256, "hub:library/*", "a\0"):
        with pytest.raises(ParameterInvalid):
            parse_pattern(bad, "deny")
    with pytest.raises(ParameterInvalid):
        parse_rules(["a"] * 65, [])
    assert parse_rules(["a", "a"], ["b"]) == Rules(("a",), ("b",))


def test_a_quarantine_has_an_end() -> None:
    assert check_quarantine(0) == 0
    for bad in (-1, 366 * 86_400):
        with pytest.raises(ParameterInvalid):
            check_quarantine(bad)
