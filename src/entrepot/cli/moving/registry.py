"""A registry as a source: images by the distribution protocol, the list of repositories by that, or by another API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from entrepot.cli.moving.settings import DEFAULT, MovingSettings
from entrepot.cli.moving.source import Member, at_most, below
from entrepot.remote.lists import list_repositories, list_tags
from entrepot.remote.session import Remote
from entrepot.remote.shelf import RemoteShelf
from entrepot.values.errors import RemoteRefused
from entrepot.values.names import RepositoryName

_NOT_FOUND = 404
_UNLISTED = (400, 401, 403, 404, 405, 501)
"""How registries say that they do not tell what they have."""


class Catalog(Protocol):
    """What a registry has, by an API of its own."""

    async def repositories(self) -> Sequence[str]: ...

    async def people(self) -> Sequence[Member]: ...


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """The repositories of a registry that lie below `prefix`, as `catalog` lists them."""

    remote: Remote
    catalog: Catalog
    prefix: str = ""
    settings: MovingSettings = DEFAULT

    @property
    def label(self) -> str:
        return f"{self.remote.url}/{self.prefix}".rstrip("/")

    async def repositories(self) -> Sequence[str]:
        return below(self.prefix, await self.catalog.repositories())

    async def tags(self, repository: RepositoryName) -> Sequence[str]:
        try:
            return await at_most(self.settings.tags_max, list_tags(self.remote, repository), f"tags in {repository}")
        except RemoteRefused as error:
            if error.status != _NOT_FOUND:
                raise
            return ()  # registries list repositories that were emptied, and then know nothing of them

    def shelf(self, repository: RepositoryName, tags: Sequence[str]) -> RemoteShelf:
        return RemoteShelf(self.remote, repository, frozenset(tags))

    async def people(self) -> Sequence[Member]:
        return await self.catalog.people()


@dataclass(frozen=True, slots=True)
class PlainCatalog:
    """`/v2/_catalog`, where a registry has it."""

    remote: Remote
    settings: MovingSettings = DEFAULT

    async def repositories(self) -> Sequence[str]:
        try:
            return await at_most(self.settings.repositories_max, list_repositories(self.remote), "repositories")
        except RemoteRefused as error:
            if error.status not in _UNLISTED:
                raise
            return ()

    async def people(self) -> Sequence[Member]:
        return ()
