"""The catalog: reserved by the specification, and served as docker's registry always has."""

import pytest

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Make
from tests.live.conformance.client import Registry
from tests.live.conformance.conftest import create_organization
from tests.live.conformance.repository import Repository
from tests.live.conformance.test_tags import next_page

NAMES = ["a", "a/deep", "a/deep/er", "b", "b-c", "b.d", "c_e", "z"]


@pytest.fixture
def home(registry: Registry, make: Make) -> str:
    """An organization with these repositories and no other."""
    organization = create_organization(registry)
    image = make.image(0)
    for name in NAMES:
        Repository(registry, f"{organization}/{name}").publish(image, "latest")
    return organization


def page(registry: Registry, *params: tuple[str, str]) -> Answer:
    return expect(registry.send("GET", "/v2/_catalog", params=params), 200)


def test_pages_of_the_catalog_follow_each_other(registry: Registry, home: str) -> None:
    # "-" and "." sort before "/": the name of the organization alone precedes all its repositories.
    answer, found = page(registry, ("n", "3"), ("last", home)), []
    while True:
        names = answer.json()["repositories"]
        found += names
        assert names == sorted(names)
        url = next_page(answer)
        if url is None or not all(name.startswith(f"{home}/") for name in names):
            break
        assert len(names) == 3
        answer = expect(registry.send("GET", url), 200)
    assert [name for name in found if name.startswith(f"{home}/")] == sorted(f"{home}/{name}" for name in NAMES)
    assert len(set(found)) == len(found)


def test_a_page_of_the_catalog_is_as_long_as_asked(registry: Registry, home: str) -> None:
    answer = page(registry, ("n", "2"), ("last", f"{home}/a"))
    assert answer.json() == {"repositories": [f"{home}/a/deep", f"{home}/a/deep/er"]}
    assert next_page(answer)


def test_the_last_page_of_the_catalog_leads_nowhere(registry: Registry, home: str) -> None:
    answer = page(registry, ("n", "5"), ("last", "zzzz"))
    assert answer.json() == {"repositories": []}
    assert next_page(answer) is None


def test_a_repository_without_tags_stays_in_the_catalog_or_leaves_it(registry: Registry, home: str) -> None:
    """Whichever it is, the neighbours stay."""
    expect(Repository(registry, f"{home}/b").delete_manifest("latest"), 202)
    names = page(registry, ("n", "3"), ("last", f"{home}/a/deep")).json()["repositories"]
    assert names[0] == f"{home}/a/deep/er"
    assert f"{home}/b-c" in names


@pytest.mark.parametrize("n", ["-1", "x", "9" * 40])
def test_a_page_size_that_is_no_number_is_refused_or_ignored(registry: Registry, n: str) -> None:
    expect(registry.send("GET", "/v2/_catalog", params=[("n", n)]), 200, 400)
