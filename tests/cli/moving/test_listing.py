"""The list of what would be imported: names, filters, and problems that are told and not guessed away."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from entrepot.cli.moving.listing import Listing, list_images
from entrepot.cli.moving.names import Renaming, Wanted
from entrepot.cli.moving.source import Member
from entrepot.remote.session import Remote
from entrepot.remote.shelf import RemoteShelf
from entrepot.values.errors import ParameterInvalid, RemoteRefused
from entrepot.values.names import OrganizationName, RepositoryName

ACME = OrganizationName("acme")


@dataclass
class Listed:
    """A source that is only a list."""

    held: dict[str, list[str]] = field(default_factory=dict)
    refused: str = ""
    is_silent: bool = False
    label: str = "the source"

    async def repositories(self) -> Sequence[str]:
        return [] if self.is_silent else sorted(self.held)

    async def tags(self, repository: RepositoryName) -> Sequence[str]:
        if repository == self.refused:
            raise RemoteRefused("you may not see this", status=403)
        return self.held.get(repository, [])

    def shelf(self, repository: RepositoryName, tags: Sequence[str]) -> RemoteShelf:
        return RemoteShelf(Remote("http://127.0.0.1:1"), repository, frozenset(tags))

    async def people(self) -> Sequence[Member]:
        return ()


def said(listing: Listing) -> tuple[list[str], list[str]]:
    return [one.line.target for one in listing.items], sorted(one.source for one in listing.problems)


@pytest.mark.parametrize(
    ("wanted", "renaming", "targets", "problems"),
    [
        (Wanted(), Renaming(ACME), ["acme/app:1", "acme/app:2", "acme/old/app:1"], ["Bad", "app:-x"]),
        (Wanted(["app"]), Renaming(ACME), ["acme/app:1", "acme/app:2"], ["app:-x"]),
        (Wanted(["o*"], ["1"]), Renaming(ACME, "old", "new"), ["acme/new/app:1"], []),
        (Wanted(["*app"], ["2"]), Renaming(ACME, "old"), [], ["app", "old/app"]),
        (Wanted(["none", "app"], ["1"]), Renaming(ACME), ["acme/app:1"], ["none"]),
    ],
)
async def test_what_is_wanted_gets_its_name_and_what_has_none_is_told(
    wanted: Wanted, renaming: Renaming, targets: list[str], problems: list[str]
) -> None:
    source = Listed({"app": ["2", "1", "-x"], "old/app": ["1"], "Bad": ["1"]})

    assert said(await list_images(source, wanted, renaming, 2)) == (targets, problems)


async def test_two_that_would_have_one_name_are_both_told() -> None:
    source = Listed({"app": ["1"], "old/app": ["1"]})

    listing = await list_images(source, Wanted(), Renaming(ACME, "old"), 2)

    assert {one.reason for one in listing.problems} == {"Each of app and old/app would be acme/app here."}


async def test_a_repository_that_may_not_be_seen_harms_no_other() -> None:
    source = Listed({"app": ["1"], "secret": ["1"]}, refused="secret")

    listing = await list_images(source, Wanted(), Renaming(ACME), 2)

    assert said(listing) == (["acme/app:1"], ["secret"])
    assert listing.problems[0].reason == "You may not see this."


async def test_a_source_that_lists_nothing_needs_names() -> None:
    silent = Listed({"app": ["1"]}, is_silent=True)

    with pytest.raises(ParameterInvalid, match="--repository"):
        await list_images(silent, Wanted(["*"]), Renaming(ACME), 2)
    assert said(await list_images(silent, Wanted(["app"]), Renaming(ACME), 2)) == (["acme/app:1"], [])
