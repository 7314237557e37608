"""The list of tags, whole and in pages (specification, "Content Discovery")."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Make
from tests.live.conformance.repository import Repository

NEXT = re.compile(r'<([^<>\s]+)>; ?rel="?next"?')
TAGS = ["a", "b", "c", "d", "e", "latest", "v1", "v10", "v2"]
MIXED = ["ALPHA", "Beta", "_x", "alpha", "beta", "v1.0", "v1-0", "v1_0"]


def next_page(answer: Answer) -> str | None:
    """The address in `Link: <…>; rel="next"`, absolute."""
    link = answer.header("Link")
    if link is None:
        return None
    found = NEXT.fullmatch(link)
    assert found, f"a malformed Link\n{answer}"
    return urljoin(answer.url, str(found[1]))


def tag(repo: Repository, make: Make, *tags: str) -> None:
    repo.publish(make.image(0), *tags)


def tags_of(answer: Answer) -> list[str]:
    expect(answer, 200)
    assert (answer.header("Content-Type") or "").partition(";")[0] == "application/json"
    tags: list[str] = answer.json()["tags"]
    return tags


def test_all_tags_are_listed_with_the_name_of_the_repository(repo: Repository, make: Make) -> None:
    tag(repo, make, *reversed(TAGS))
    answer = expect(repo.list_tags(), 200)
    assert answer.json() == {"name": repo.name, "tags": sorted(TAGS)}
    assert next_page(answer) is None


def test_tags_are_sorted_by_bytes_or_without_regard_to_case(repo: Repository, make: Make) -> None:
    tag(repo, make, *MIXED)
    tags = tags_of(repo.list_tags())
    assert sorted(tags) == sorted(MIXED)
    assert tags in (sorted(tags), sorted(tags, key=str.lower))


@pytest.mark.parametrize("n", [1, 2, 4, 8, 9, 10, 100_000])
def test_following_the_links_finds_every_tag_once(repo: Repository, make: Make, n: int) -> None:
    tag(repo, make, *MIXED, "v9")
    whole = tags_of(repo.list_tags())
    answer, pages = repo.list_tags(("n", str(n))), []
    while True:
        pages.append(tags_of(answer))
        url = next_page(answer)
        if url is None:
            break
        assert len(pages) <= len(whole), "the links never end"
        assert parse_qs(urlsplit(url).query)["last"] == [pages[-1][-1]]
        answer = repo.registry.send("GET", url)
    assert [one for page in pages for one in page] == whole
    # A link to an empty last page would promise what is not there.
    assert [len(page) for page in pages[:-1]] == [n] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= n


def test_a_page_starts_after_the_last_tag_of_the_one_before(repo: Repository, make: Make) -> None:
    tag(repo, make, *TAGS)
    assert tags_of(repo.list_tags(("n", "3"), ("last", "c"))) == ["d", "e", "latest"]
    assert tags_of(repo.list_tags(("last", "v1"))) == ["v10", "v2"]
    assert tags_of(repo.list_tags(("last", "v2"))) == []


def test_the_last_tag_need_not_exist(repo: Repository, make: Make) -> None:
    """It may have been deleted between two pages."""
    tag(repo, make, *TAGS)
    assert tags_of(repo.list_tags(("last", "cc"))) == ["d", "e", "latest", "v1", "v10", "v2"]
    expect(repo.delete_manifest("d"), 202)
    assert tags_of(repo.list_tags(("last", "d"), ("n", "1"))) == ["e"]


def test_a_page_of_zero_tags_is_empty_and_leads_nowhere(repo: Repository, make: Make) -> None:
    """Specification: "When n is zero, this endpoint MUST return an empty list, and MUST NOT include a Link header"."""
    tag(repo, make, "a", "b")
    answer = repo.list_tags(("n", "0"))
    assert tags_of(answer) == []
    assert next_page(answer) is None


@pytest.mark.parametrize("n", ["-1", "x", "1.5", "1e3", "", "９", "9" * 40])
def test_a_page_size_that_is_no_number_is_refused_or_ignored(repo: Repository, make: Make, n: str) -> None:
    tag(repo, make, "a", "b")
    answer = expect(repo.list_tags(("n", n)), 200, 400)
    assert answer.status == 400 or tags_of(answer) == ["a", "b"]


def test_a_link_survives_whatever_stands_in_last(repo: Repository, make: Make) -> None:
    """The address in Link is percent-encoded: no CR, LF, `>` or quote comes through."""
    tag(repo, make, "x", "y", "z")
    answer = repo.list_tags(("n", "1"), ("last", 'a>; rel="x"\r\nX-Evil: 1'))
    assert "x-evil" not in dict(answer.headers)
    if answer.status == 200:
        assert tags_of(answer) == ["x"]
        assert tags_of(repo.registry.send("GET", next_page(answer) or "")) == ["y"]


def test_deleted_tags_are_not_listed(repo: Repository, make: Make) -> None:
    tag(repo, make, "a", "b")
    expect(repo.delete_manifest("a"), 202)
    assert tags_of(repo.list_tags()) == ["b"]


def test_a_repository_whose_last_tag_went_lists_none(repo: Repository, make: Make) -> None:
    tag(repo, make, "a")
    expect(repo.delete_manifest("a"), 202)
    answer = expect(repo.list_tags(), 200, 404)
    assert answer.status == 404 or answer.json() == {"name": repo.name, "tags": []}


def test_a_repository_with_manifests_but_no_tags_lists_none(repo: Repository, make: Make) -> None:
    tag(repo, make)
    answer = expect(repo.list_tags(), 200)
    assert answer.json() == {"name": repo.name, "tags": []}
