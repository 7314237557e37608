"""Listing: every image that is wanted, with the name it gets here; what has no legal one is said, not guessed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from entrepot.cli.moving.names import Renaming, Wanted, check_source_name, images_first
from entrepot.cli.moving.report import Line, Outcome
from entrepot.cli.moving.source import Source
from entrepot.remote.shelf import Shelf
from entrepot.remote.together import together
from entrepot.values.errors import NameInvalid, ParameterInvalid, Refused, TagInvalid, quoted
from entrepot.values.names import RepositoryName, TagName


@dataclass(frozen=True, slots=True)
class Item:
    """An image to bring: where it is, what it is called here, and the line of the report about it."""

    shelf: Shelf
    source: RepositoryName
    target: RepositoryName
    tag: TagName
    line: Line


@dataclass(slots=True)
class Listing:
    """`items` in the order to bring them in; `problems` are what cannot be brought."""

    items: list[Item] = field(default_factory=list)
    problems: list[Line] = field(default_factory=list)
    repositories: list[str] = field(default_factory=list)

    def has_problem(self, source: str) -> bool:
        return any(line.source == source for line in self.problems)


async def list_images(source: Source, wanted: Wanted, renaming: Renaming, width: int) -> Listing:
    """What is at the source and wanted. Raises ParameterInvalid where nothing is, and what `source` raises."""
    names = await source.repositories()
    if not names and not wanted.named:
        raise ParameterInvalid(
            f"{source.label} does not list its repositories, or has none that may be seen. "
            "Name them: --repository NAME, or --repositories FILE."
        )
    chosen = {*(name for name in names if wanted.has_repository(name)), *wanted.named}
    listing = Listing(repositories=sorted(chosen))
    homes = _homes(listing, renaming)
    found = await together((partial(_tags, source, listing, *home) for home in homes), width)
    for (name, target), tags in zip(homes, found, strict=True):
        if not tags and name in wanted.named and not listing.has_problem(name):
            listing.problems.append(_problem(name, target, "It is not there, or has no tags."))
        shelf = source.shelf(name, tags)
        for tag in images_first(one for one in tags if wanted.has_tag(one)):
            try:
                checked = TagName.parse(tag)
            except TagInvalid as error:
                listing.problems.append(_problem(f"{name}:{tag}", target, error.sentence))
                continue
            listing.items.append(Item(shelf, name, target, checked, Line(f"{name}:{tag}", f"{target}:{tag}")))
    return listing


async def _tags(source: Source, listing: Listing, name: RepositoryName, target: RepositoryName) -> Sequence[str]:
    """None where they cannot be had, which is a problem of this repository alone."""
    try:
        return await source.tags(name)
    except Refused as error:
        listing.problems.append(_problem(name, target, error.sentence))
        return ()


def _homes(listing: Listing, renaming: Renaming) -> list[tuple[RepositoryName, RepositoryName]]:
    """Each repository with its name here; two that would have the same one are problems, both of them."""
    homes: dict[RepositoryName, list[RepositoryName]] = {}
    for name in listing.repositories:
        try:
            homes.setdefault(renaming.target(name), []).append(check_source_name(name))
        except NameInvalid as error:
            listing.problems.append(_problem(name, "", error.sentence))
    for target, names in homes.items():
        if len(names) > 1:
            both = " and ".join(names)
            listing.problems += [_problem(name, target, f"Each of {both} would be {target} here.") for name in names]
    return [(names[0], target) for target, names in homes.items() if len(names) == 1]


def _problem(source: str, target: str, reason: str) -> Line:
    shown = source if source.isascii() and source.isprintable() else quoted(source)
    return Line(shown, target, Outcome.FAILED, reason)
