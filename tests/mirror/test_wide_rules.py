"""What rules of synchronisation of our own may say."""

from typing import Any

import pytest

from entrepot.mirror.wide_rules import DEFAULTS, WideRule
from entrepot.values.errors import NameInvalid, ParameterInvalid
from entrepot.values.names import RepositoryName

HEX = "0" * 64


def rule(**given: Any) -> WideRule:
    least = {"direction": "push", "regions": ["north"], "repositories": ["acme/*"]}
    return WideRule.of({**DEFAULTS, **least, **given})


def test_nothing_is_replaced_or_deleted_by_default_and_signatures_come_along() -> None:
    made = rule()

    assert (made.overrides, made.deletes, made.referrers, made.bytes_per_second) == (False, False, True, 0)
    assert made.follows


@pytest.mark.parametrize(
    ("patterns", "path", "is_about"),
    [
        (["acme/*"], "acme/app", True),
        (["acme/*"], "acme/team/app", True),
        (["acme/app"], "acme/app2", False),
        (["*/base-*"], "other/base-1", True),
        (["acme/a*", "acme/b*"], "acme/c", False),
    ],
)
def test_repositories_are_those_like_a_pattern(patterns: list[str], path: str, is_about: bool) -> None:
    assert rule(repositories=patterns).is_about(path) == is_about


@pytest.mark.parametrize(
    ("tags", "exclusions", "tag", "is_taken"),
    [
        ([], [], "v1", True),
        (["v*"], [], "v1", True),
        (["v*"], [], "latest", False),
        (["v*"], ["*-rc*"], "v1-rc1", False),
        ([], ["*-rc*"], "v1-rc1", False),
        ([], [], f"sha256-{HEX}.sig", False),
        ([], [], f"sha256-{HEX}", False),
        ([], [], "sha256-beta", True),
    ],
)
def test_tags_are_those_like_a_pattern_and_no_exclusion_and_signatures_are_no_tags_of_their_own(
    tags: list[str], exclusions: list[str], tag: str, is_taken: bool
) -> None:
    assert rule(tags=tags, exclusions=exclusions).takes(tag) == is_taken


def test_a_repository_has_its_name_on_the_other_side_or_another_organization() -> None:
    path = RepositoryName("acme/team/app")

    assert rule().other_side(path) == "acme/team/app"
    assert rule(organization="copies").other_side(path) == "copies/team/app"


def test_a_document_is_the_rule() -> None:
    made = rule(
        regions=["north", "south"],
        tags=["v*"],
        exclusions=["*-rc*"],
        organization="copies",
        overrides=True,
        deletes=True,
        referrers=False,
        at="02:30",
        windows=["22:00-06:00"],
        bytes_per_second=1_000,
        enabled=False,
    )

    assert WideRule.of(made.document) == made
    assert not made.follows


def test_what_is_copied_is_the_same_at_another_time_and_speed() -> None:
    assert rule().copies_the_same(rule(every_seconds=60, bytes_per_second=5))
    assert not rule().copies_the_same(rule(tags=["v*"]))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"direction": "sideways"}, "direction"),
        ({"regions": []}, "regions"),
        ({"regions": [f"r{number}" for number in range(11)]}, "regions"),
        ({"repositories": []}, "repositories"),
        ({"repositories": ["Acme/*"]}, "repositories"),
        ({"repositories": ["*****"]}, "repositories"),
        ({"repositories": ["acme/*"] * 21}, "repositories"),
        ({"tags": ["v 1"]}, "tags"),
        ({"exclusions": ["v/1"]}, "exclusions"),
        ({"repositories": ["*/app"], "organization": "copies"}, "organization"),
        ({"repositories": ["a/app", "b/app"], "organization": "copies"}, "organization"),
        ({"bytes_per_second": -1}, "bytes_per_second"),
        ({"direction": "pull", "regions": ["a", "b"], "every_seconds": 60}, "regions"),
        ({"direction": "pull"}, "every_seconds"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ParameterInvalid) as refused:
        rule(**given)

    assert refused.value.detail["field"] == field


def test_a_region_and_an_organization_have_names() -> None:
    with pytest.raises(NameInvalid):
        rule(regions=["?"])
    with pytest.raises(NameInvalid):
        rule(organization="?")
