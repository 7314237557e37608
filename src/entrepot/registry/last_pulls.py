"""Last pulls: who pulled a tag or a repository last, and when. For who may edit it; others see the day alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import effective
from entrepot.access.levels import Action, Level
from entrepot.db.transaction import Reader
from entrepot.registry import reach
from entrepot.registry.queries import last_pulls as queries
from entrepot.registry.room import Registry
from entrepot.values.names import RepositoryName


@dataclass(frozen=True, slots=True)
class LastPull:
    """`at`: some seconds late at most. `by`: the account's name, with its domain's before a slash when that is another
    one; empty when the account is gone. `is_anonymous`: nobody was signed in.
    """

    at: datetime
    by: str
    is_anonymous: bool = False


async def show_last_pull(registry: Registry, actor: Actor, path: RepositoryName) -> LastPull | None:
    """Of anything in a repository; None when it was never pulled, and for who may not edit it.

    Raises Unauthenticated or RepositoryUnknown.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        return await last_pull_of(tx, actor, repository)


async def last_pulls_of_tags(
    tx: Reader, actor: Actor, repository: Row[Any], tags: Collection[str]
) -> Mapping[str, LastPull]:
    """By tag, of a repository's row with the `level` of the actor's account; nothing for who may not edit it."""
    if not _is_told(actor, repository):
        return {}
    return {row.tag: _last_pull(repository, row) for row in await queries.last_pulls(tx, repository.id, tags)}


async def last_pull_of(tx: Reader, actor: Actor, repository: Row[Any]) -> LastPull | None:
    """The same of the whole repository; None when it was never pulled."""
    row = await queries.last_pull(tx, repository.id) if _is_told(actor, repository) else None
    return None if row is None else _last_pull(repository, row)


async def last_pulls_of_managed(tx: Reader, repositories: Sequence[Row[Any]]) -> Mapping[int, LastPull]:
    """By id, of rows of repositories that the actor manages, each with its `domain_id`."""
    found = await queries.newest_pulls(tx, [one.id for one in repositories])
    return {one.id: _last_pull(one, found[one.id]) for one in repositories if one.id in found}


def _is_told(actor: Actor, repository: Row[Any]) -> bool:
    return effective(actor, repository.path, repository.level) >= Level.EDIT


def _last_pull(repository: Row[Any], row: Row[Any]) -> LastPull:
    name = row.name or ""
    if name and row.domain_id != repository.domain_id:
        name = f"{row.domain_name}/{name}"
    return LastPull(row.pulled_at, name, not row.pulled_by)
