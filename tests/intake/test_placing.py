"""What images of an archive are called here, as tables."""

import pytest

from entrepot.intake.placing import place_images
from entrepot.values.errors import ArchiveInvalid, ArchiveUnnamed
from entrepot.values.names import OrganizationName, RepositoryName, TagName

ACME = OrganizationName("acme")


def placed(*named: tuple[str, ...], repository: str = "", tag: str = "") -> list[list[str]]:
    found = place_images(
        named,
        ACME,
        RepositoryName.parse(repository) if repository else None,
        TagName.parse(tag) if tag else None,
    )
    return [[f"{one.repository}:{','.join(one.tags)}" for one in targets] for targets in found]


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("nginx:1.25", "acme/nginx:1.25"),
        ("library/nginx:1.25", "acme/nginx:1.25"),
        ("docker.io/library/nginx:1.25", "acme/nginx:1.25"),
        ("localhost:5000/team/deep/app:2", "acme/app:2"),
        ("acme/web:1", "acme/web:1"),
        ("acme/team/web:1", "acme/team/web:1"),
        ("registry.example/acme/team/web:1", "acme/team/web:1"),
        ("other/acme/web:1", "acme/web:1"),
        ("../../etc:1", "acme/etc:1"),
        ("team/app", "acme/app:latest"),
        (f"team/app@sha256:{'0' * 64}", "acme/app:"),
        (f"team/app:3@sha256:{'0' * 64}", "acme/app:3"),
    ],
)
def test_a_name_of_the_archive_has_its_place_in_the_organization(name: str, here: str) -> None:
    assert placed((name,)) == [[here]]


def test_one_image_may_have_several_names() -> None:
    assert placed(("app:1", "app:2", "web:1", "no name at all")) == [["acme/app:1,2", "acme/web:1"]]


@pytest.mark.parametrize("names", [(), ("1.0",), ("latest",), ("UPPER/Case:1",), ("a b:1",)])
def test_what_has_no_name_that_can_be_asks_where_it_goes(names: tuple[str, ...]) -> None:
    with pytest.raises(ArchiveUnnamed, match="say where it goes"):
        placed(names)
    assert placed(names, repository="acme/app", tag="2") == [["acme/app:2"]]


def test_with_a_repository_the_tags_of_the_archive_are_kept_unless_one_is_given() -> None:
    assert placed(("other:1", "other:2"), repository="acme/app") == [["acme/app:1,2"]]
    assert placed(("1.0",), repository="acme/app") == [["acme/app:1.0"]]
    assert placed((), repository="acme/app") == [["acme/app:latest"]]
    assert placed(("other:1",), repository="acme/app", tag="3") == [["acme/app:3"]]
    assert placed(("a:1",), ("b:2",), repository="acme/app") == [["acme/app:1"], ["acme/app:2"]]


def test_two_images_are_never_called_the_same() -> None:
    with pytest.raises(ArchiveInvalid, match="Two images of the archive would be called acme/app:1"):
        placed(("one/app:1",), ("two/app:1",))
    with pytest.raises(ArchiveUnnamed, match="one tag cannot be for all"):
        placed(("a:1",), ("b:1",), repository="acme/app", tag="1")
    with pytest.raises(ArchiveUnnamed, match="one tag cannot be for all"):
        placed(("a:1",), ("b:1",), tag="1")
    with pytest.raises(ArchiveUnnamed, match="no tag"):
        placed(("a:1",), (), repository="acme/app")
