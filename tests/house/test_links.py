"""Every link in every page leads somewhere: to a file, and to a heading in it."""

from pathlib import Path

import pytest

from tests.house import markdown
from tests.house.files import ROOT, project_files

PAGES = sorted(file for file in project_files() if file.suffix == ".md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert [target for target in markdown.links(page.read_text()) if not leads_somewhere(page, target)] == []


def leads_somewhere(page: Path, target: str) -> bool:
    name, _, fragment = target.partition("#")
    file = page.parent / name if name else page
    if not file.exists():
        return False
    return not fragment or (file.suffix == ".md" and fragment in markdown.anchors(file.read_text()))


def test_anchors_are_made_as_github_makes_them() -> None:
    page = "# The page: `code`, and more\n\n## Twice\n\n```sh\n# no heading\n```\n\n## Twice\n"

    assert markdown.anchors(page) == {"the-page-code-and-more", "twice", "twice-1"}


def test_links_in_code_are_no_links() -> None:
    page = "[a](b.md#c) and [d](https://example.com), `[e](f)`\n\n```sh\n[g](h)\n```\n"

    assert markdown.links(page) == ["b.md#c"]


@pytest.mark.parametrize("folder", ["how-to", "explanation", "reference"])
def test_every_page_is_listed(folder: str) -> None:
    listed = markdown.links((ROOT / "docs/README.md").read_text())

    pages = [f"{folder}/{file.name}" for file in (ROOT / "docs" / folder).iterdir()]
    assert [page for page in pages if page not in listed] == []
