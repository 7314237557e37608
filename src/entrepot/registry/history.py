"""History: what a tag named and when, who moved it, and what all tags named at some moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import is_enough, level_of
from entrepot.access.levels import Action
from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader
from entrepot.registry import reach, rules
from entrepot.registry.queries import history, names
from entrepot.registry.room import Registry
from entrepot.values.errors import ManifestUnknown, worded
from entrepot.values.names import RepositoryName, TagName

_USER = "user:"


@dataclass(frozen=True, slots=True)
class Interval:
    """A tag named `digest` from a moment until another; until None: it does so now.

    `moved_by_name` is empty when that account is gone. `is_kept`: the manifest is still there.
    """

    id: int
    tag: str
    digest: str
    valid_from: datetime
    valid_until: datetime | None
    moved_by_id: str
    moved_by_name: str
    is_kept: bool


async def list_tag_history(
    registry: Registry, actor: Actor, path: RepositoryName, tag: TagName, before_id: int | None, limit: int
) -> tuple[Sequence[Interval], bool]:
    """What a tag named, the newest first, those before `before_id`; whether there are more.

    Also of a tag that was deleted. Raises Unauthenticated, RepositoryUnknown, or ManifestUnknown for a tag that
    never was.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        rows = await history.intervals_of(tx, repository.id, tag, before_id, limit + 1)
        if not rows and before_id is None:
            raise ManifestUnknown(worded("{path} never had a tag {tag}.", path=path, tag=tag), reference=str(tag))
        items, has_more = rules.page(rows, limit)
        return await _intervals(tx, items), has_more


async def list_tags_at(
    registry: Registry, actor: Actor, path: RepositoryName, at: datetime, after: str, limit: int
) -> tuple[Sequence[Interval], bool]:
    """The tags of a repository as they were at a moment, by name, those after `after`; whether there are more.

    Raises Unauthenticated or RepositoryUnknown.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        items, has_more = rules.page(await history.tags_at(tx, repository.id, at, after, limit + 1), limit)
        return await _intervals(tx, items), has_more


async def may_restore(registry: Registry, actor: Actor, path: RepositoryName) -> bool:
    """Whether the actor may let a tag of the repository go back (`retag.restore_tag`)."""
    async with registry.db.reading() as tx:
        if await names.is_mirror(tx, path.organization):
            return False
        return is_enough(actor, Action.REPOSITORY_TAG, await level_of(tx, actor, path))


async def _intervals(tx: Reader, rows: Sequence[Row[Any]]) -> Sequence[Interval]:
    movers = {row.id: row.pushed_by.removeprefix(_USER) for row in rows}
    known = await names_of(tx, list(set(movers.values())))
    return [
        Interval(
            row.id,
            row.name,
            row.digest,
            row.valid_from,
            row.valid_until,
            movers[row.id],
            known.get(movers[row.id], ""),
            row.is_kept,
        )
        for row in rows
    ]
