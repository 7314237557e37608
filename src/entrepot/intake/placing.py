"""Placing: what the images of an archive are called here. Values in, values or an error out.

An archive names images as whoever saved it did: `nginx:1.25`, `registry.example:5000/team/app:2.0`, or only `1.25`.
Here they go into one organization: a name that begins with it is kept, of any other the last part is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from entrepot.values.errors import ArchiveInvalid, ArchiveUnnamed, NameInvalid, TagInvalid, quoted, worded
from entrepot.values.names import OrganizationName, RepositoryName, TagName

LATEST: Final = TagName("latest")
_SHOWN_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Target:
    """Where an image goes; without tags it can be asked for by its digest alone."""

    repository: RepositoryName
    tags: tuple[TagName, ...]


def place_images(
    named: Sequence[Sequence[str]],
    organization: OrganizationName,
    repository: RepositoryName | None,
    tag: TagName | None,
) -> list[list[Target]]:
    """Where each image goes, from the names each has in its archive.

    With `repository` all go there; `tag` is for one image alone. Raises ArchiveUnnamed when the names do not say, or
    say the same of two images.
    """
    if repository is not None:
        placed = [[Target(repository, _tags_in(repository, names, len(named), tag))] for names in named]
    elif tag is not None and len(named) > 1:
        raise _too_many_for_a_tag(len(named))
    else:
        placed = [_by_names(names, organization, tag) for names in named]
    _check_apart(placed)
    return placed


def _tags_in(repository: RepositoryName, names: Sequence[str], images: int, tag: TagName | None) -> tuple[TagName, ...]:
    if tag is not None and images > 1:
        raise _too_many_for_a_tag(images)
    if tag is not None:
        return (tag,)
    tags = dict.fromkeys(one for one in map(_tag_of, names) if one is not None)
    if not tags and images > 1:
        raise ArchiveUnnamed(
            worded(
                "An image of the archive has no tag, so it cannot go into {repository} beside others.",
                repository=repository,
            )
        )
    return tuple(tags) or (LATEST,)


def _by_names(names: Sequence[str], organization: OrganizationName, tag: TagName | None) -> list[Target]:
    tags: dict[RepositoryName, dict[TagName, None]] = {}
    for name in names:
        repository = _repository_of(name, organization)
        if repository is not None:
            found = tags.setdefault(repository, {})
            if (said := _tag_of(name)) is not None:
                found[said] = None
            elif "@" not in name:
                found[LATEST] = None
    if not tags:
        known = ", ".join(quoted(name) for name in names[:_SHOWN_MAX]) or "none"
        raise ArchiveUnnamed(
            worded(
                "An image of the archive has no name that an image can have here (it has: {known}); say where it goes.",
                known=known,
            )
        )
    if tag is not None:
        return [Target(repository, (tag,)) for repository in tags]
    return [Target(repository, tuple(found)) for repository, found in tags.items()]


def _tag_of(name: str) -> TagName | None:
    """`2.0` of `host/team/app:2.0`, and of the bare `2.0` that OCI layouts write."""
    last = name.partition("@")[0].rpartition("/")[2]
    _, colon, after = last.partition(":")
    try:
        if colon:
            return TagName.parse(after)
        return TagName.parse(name) if "/" not in name and "@" not in name else None
    except TagInvalid:
        return None


def _repository_of(name: str, organization: OrganizationName) -> RepositoryName | None:
    """The repository here that a whole name stands for; None for a bare tag, and for what is no name."""
    parts = name.partition("@")[0].split("/")
    last, colon, _ = parts[-1].partition(":")
    if not colon and len(parts) == 1 and "@" not in name:
        return None
    parts[-1] = last
    if len(parts) > 2 and parts[1] == organization and ("." in parts[0] or ":" in parts[0] or parts[0] == "localhost"):
        parts = parts[1:]
    inside = parts[1:] if len(parts) > 1 and parts[0] == organization else parts[-1:]
    try:
        return RepositoryName.parse("/".join((organization, *inside)))
    except NameInvalid:
        return None


def _check_apart(placed: Sequence[Sequence[Target]]) -> None:
    seen: set[tuple[RepositoryName, TagName]] = set()
    for targets in placed:
        named = {(target.repository, tag) for target in targets for tag in target.tags}
        if both := seen & named:
            repository, tag = min(both)
            raise ArchiveInvalid(
                worded("Two images of the archive would be called {repository}:{tag}.", repository=repository, tag=tag)
            )
        seen |= named


def _too_many_for_a_tag(images: int) -> ArchiveUnnamed:
    return ArchiveUnnamed(
        worded("The archive holds {images} images; one tag cannot be for all of them.", images=images)
    )
