"""Source: where images come from. Each kind lists repositories and tags, and opens one as a shelf."""

from collections.abc import AsyncIterable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from entrepot.remote.shelf import Shelf
from entrepot.values.errors import TooMany
from entrepot.values.names import RepositoryName


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may do something in a project of the source. `level` is ours: 7, 3, 1, or 0 for none of them."""

    project: str
    kind: str
    """`user`, `group` or `robot`."""

    name: str
    role: str
    """In the source's own words."""

    level: int


class Source(Protocol):
    """Calls raise RemoteRefused, RemoteUnreachable, ArchiveInvalid or TooMany."""

    @property
    def label(self) -> str:
        """What it is called in messages and in the report."""
        ...

    async def repositories(self) -> Sequence[str]:
        """All repositories, as the source spells them; none when it does not tell."""
        ...

    async def tags(self, repository: RepositoryName) -> Sequence[str]:
        """All tags of one, as the source spells them."""
        ...

    def shelf(self, repository: RepositoryName, tags: Sequence[str]) -> Shelf:
        """The repository, to read from; `tags` are all of it."""
        ...

    async def people(self) -> Sequence[Member]:
        """Who may do something in the projects that were listed; none where a source has no such thing."""
        ...


async def at_most(limit: int, items: AsyncIterable[str], what: str) -> list[str]:
    """Each item once, in the order of names. Raises TooMany."""
    found: set[str] = set()
    async for item in items:
        found.add(item)
        check_count(len(found), limit, what)
    return sorted(found)


def check_count(count: int, limit: int, what: str) -> None:
    """Raises TooMany."""
    if count > limit:
        raise TooMany(f"The source has more than {limit} {what}; import a part of it.", limit=limit)


def below(prefix: str, names: Iterable[str]) -> list[str]:
    """The names that are `prefix` or begin with it as a folder."""
    return [name for name in names if not prefix or name == prefix or name.startswith(f"{prefix}/")]
