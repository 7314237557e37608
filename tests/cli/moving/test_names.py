"""What of a source is wanted, and what it is called here: tables of values."""

import pytest

from entrepot.cli.moving.names import Renaming, Wanted, check_source_name, images_first
from entrepot.values.errors import NameInvalid
from entrepot.values.names import OrganizationName

ACME = OrganizationName("acme")
HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("strip", "prefix", "source", "target"),
    [
        ("", "", "nginx", "acme/nginx"),
        ("", "", "team/app", "acme/team/app"),
        ("library", "", "library/nginx", "acme/nginx"),
        ("library/", "", "library/nginx", "acme/nginx"),
        ("library", "", "library-two/nginx", "acme/library-two/nginx"),
        ("library", "", "library", "acme/library"),
        ("team/deep", "old", "team/deep/app", "acme/old/app"),
        ("", "/old/registry/", "app", "acme/old/registry/app"),
    ],
)
def test_a_repository_has_one_name_here(strip: str, prefix: str, source: str, target: str) -> None:
    assert Renaming(ACME, strip, prefix).target(source) == target


@pytest.mark.parametrize("source", ["Team/App", "team//app", "team/-app", "a" * 300, "team/app_", "../etc", "tëam"])
def test_what_is_no_name_here_is_not_made_to_fit(source: str) -> None:
    with pytest.raises(NameInvalid):
        Renaming(ACME).target(source)


@pytest.mark.parametrize(
    ("strip", "prefix", "project", "pattern"),
    [
        ("", "", "team", "team/*"),
        ("team", "", "team", "*"),
        ("team", "old", "team", "old/*"),
        ("", "old", "team", "old/team/*"),
        ("team/deep", "", "team", "team/*"),
    ],
)
def test_members_of_a_project_get_what_its_repositories_become(
    strip: str, prefix: str, project: str, pattern: str
) -> None:
    assert Renaming(ACME, strip, prefix).pattern(project) == pattern


@pytest.mark.parametrize("name", ["nginx", "Team/App", "a.b/c_d-e", "_catalog"])
def test_a_source_may_spell_names_as_we_may_not(name: str) -> None:
    assert check_source_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "a/../b", "..", "a/./b", "/a", "a/", "a//b", "a?b", "a#b", "a%2fb", "a b", "a\\b", "a\0", "ä", "a" * 256],
)
def test_what_means_something_in_an_address_or_a_path_is_no_name(name: str) -> None:
    with pytest.raises(NameInvalid):
        check_source_name(name)


def test_patterns_choose_and_no_pattern_chooses_all() -> None:
    wanted = Wanted(["team/*", "app"], ["v1.*"])

    assert [wanted.has_repository(one) for one in ("team/a/b", "app", "apps", "other/app")] == [
        True,
        True,
        False,
        False,
    ]
    assert [wanted.has_tag(one) for one in ("v1.0", "v2.0")] == [True, False]
    assert wanted.named == ["app"]
    assert Wanted().has_repository("anything") and Wanted().has_tag("anything")


def test_what_belongs_to_an_image_has_its_turn_after_all_images() -> None:
    signature, kept = f"sha256-{HEX}.sig", f"sha256-{HEX}"

    assert images_first([signature, "z", kept, "sha256-short", "1"]) == ["1", "sha256-short", "z", kept, signature]
