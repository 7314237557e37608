"""Rename: a repository gets another name in its organization, with all it holds, its permissions and its history.

The old name is free then, and nothing stands there in its place: who pulls by it finds nothing. Robots and patterns
that name it name nothing any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from entrepot.access.actor import Actor
from entrepot.access.check import require
from entrepot.access.grants import move_scope, patterns_for
from entrepot.access.levels import Action
from entrepot.jobs.events import publish
from entrepot.registry import immutable, reach
from entrepot.registry.events import RepositoryRenamed
from entrepot.registry.immutability_rules import Standing
from entrepot.registry.last_pulls import LastPull, last_pull_of
from entrepot.registry.queries import accounting, names, removal, tags
from entrepot.registry.room import Registry
from entrepot.values.errors import MirrorNotPushed, ParameterInvalid, RepositoryExists, worded
from entrepot.values.names import RepositoryName

PATTERNS_MAX: Final = 20
"""Patterns that a plan names."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """What a repository's name is used for now.

    `last_pulled`: the last day of which a pull is known; None when there was none for as long as days are kept.
    `patterns`: by which somebody has a permission on it, `PATTERNS_MAX` at most; another name may not fit them.
    `kept`: immutable tags, a thousand at most; while there are any, it keeps its name.
    """

    tags: int
    pulls: int
    last_pulled: date | None
    last_pull: LastPull | None
    patterns: Sequence[str]
    kept: Mapping[str, Standing]


async def plan_renaming(registry: Registry, actor: Actor, path: RepositoryName) -> Renaming:
    """What another name would break. Raises Unauthenticated, AccessDenied or RepositoryUnknown."""
    async with registry.db.reading() as tx:
        row = await reach.existing(tx, actor, Action.REPOSITORY_DELETE, path)
        await require(tx, actor, Action.REPOSITORY_CREATE, path.organization)
        return Renaming(
            tags=await tags.open_tags_count(tx, row.id),
            pulls=(await accounting.pulls_of(tx, [row.id])).get(row.id, 0),
            last_pulled=await removal.last_pulled(tx, row.id),
            last_pull=await last_pull_of(tx, actor, row),
            patterns=await patterns_for(tx, path, PATTERNS_MAX),
            kept=(await immutable.immutable_tags(tx, row, await immutable.immutability_of(tx, row)))[0],
        )


async def rename_repository(registry: Registry, actor: Actor, path: RepositoryName, new: RepositoryName) -> None:
    """Let the repository at `path` be at `new`, in the same organization.

    Uploads that are open under the old name end there. Raises Unauthenticated, AccessDenied, RepositoryUnknown,
    RepositoryExists, TagImmutable when it holds immutable tags, which would be gone from where they are,
    MirrorNotPushed in a mirror, where names are its upstream's, or ParameterInvalid for another organization.
    """
    if new.organization != path.organization:
        raise ParameterInvalid(
            "A repository keeps its organization when it is renamed; copy its images to move them.", field="name"
        )
    async with registry.db.writing() as tx:
        await reach.permitted(tx, actor, Action.REPOSITORY_DELETE, path)
        await require(tx, actor, Action.REPOSITORY_CREATE, path.organization)
        if await names.is_mirror(tx, path.organization):
            raise MirrorNotPushed(organization=path.organization)
        for one in sorted({path, new}):  # in one order, so that two renames never wait for each other
            await reach.lock_content(tx, one, shared=False)
        row = await reach.existing(tx, actor, Action.REPOSITORY_DELETE, path)
        if new == path:
            return
        if await names.repository_by_path(tx, new) is not None:
            raise RepositoryExists(worded("A repository named {new} exists already.", new=new))
        await immutable.check_all_deletable(tx, row)
        now = registry.clock.now()
        await names.rename_repository(tx, row.id, path, new, now)
        await move_scope(tx, path, new)
        renamed = RepositoryRenamed(new, {"path": str(path)})
        await publish(tx, renamed, actor=actor.subject, at=now, domain_id=row.domain_id)
