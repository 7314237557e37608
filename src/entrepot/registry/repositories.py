"""Repositories: made ahead of a push, changed, deleted with all they hold. Lists are in `browse.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import EVERYONE, Actor
from entrepot.access.check import require
from entrepot.access.grants import Grant, remove_grant, remove_scope, set_grant
from entrepot.access.levels import Action, Level
from entrepot.access.scopes import lock_organization
from entrepot.db.transaction import Writer
from entrepot.jobs.events import publish
from entrepot.registry import charging, immutable, reach, rules
from entrepot.registry.events import RepositoryChanged, RepositoryCreated, RepositoryDeleted
from entrepot.registry.queries import dropped, names, tags, uploads
from entrepot.registry.room import Registry
from entrepot.values.errors import RepositoryExists, worded
from entrepot.values.names import RepositoryName

_TOLD_CHARS_MAX = 256


@dataclass(frozen=True, slots=True)
class Repository:
    """`is_mirror`: its organization is one; what is in it comes from another registry."""

    id: int
    organization_id: int
    path: RepositoryName
    category: str
    description: str
    is_public: bool
    creator_id: str
    created_at: datetime
    updated_at: datetime
    is_mirror: bool = False


async def create_repository(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    is_public: bool,
    category: str = "other",
    description: str = "",
) -> Repository:
    """An empty repository. A public one is for who may publish it, or for an organization that has all new ones public.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, RepositoryExists or QuotaExceeded.
    """
    rules.check_category(category)
    rules.check_description(description)
    async with registry.db.writing() as tx:
        await reach.permitted(tx, actor, Action.REPOSITORY_PUSH, path)
        await require(tx, actor, Action.REPOSITORY_CREATE, path.organization)
        await reach.lock_content(tx, path, shared=True)
        await lock_organization(tx, path.organization, shared=True)
        owner = await reach.organization(tx, path)
        if is_public and not owner.public_by_default:
            await reach.permitted(tx, actor, Action.REPOSITORY_GRANT, path)
        now = registry.clock.now()
        made = await names.save_repository(tx, owner.id, path, category, description, actor.id, now)
        if made is None:
            raise RepositoryExists(worded("A repository named {path} exists already.", path=path))
        await _set_public(tx, actor, path, is_public, now)
        await charging.take(tx, owner, repositories=1)
        created = RepositoryCreated(path, is_public)
        await publish(tx, created, actor=actor.subject, at=now, domain_id=owner.domain_id)
    return Repository(made, owner.id, path, category, description, is_public, actor.id, now, now)


async def change_repository(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    is_public: bool | None = None,
    category: str | None = None,
    description: str | None = None,
) -> None:
    """Change what is given, leave the rest. Raises Unauthenticated, AccessDenied or RepositoryUnknown."""
    changes: dict[str, Any] = {}
    if category is not None:
        changes["category"] = rules.check_category(category)
    if description is not None:
        changes["description"] = rules.check_description(description)
    async with registry.db.writing() as tx:
        row = await reach.changing(tx, actor, Action.REPOSITORY_UPDATE, path)
        now = registry.clock.now()
        if is_public is not None and is_public != row.is_public:
            await reach.permitted(tx, actor, Action.REPOSITORY_GRANT, path)
            await _set_public(tx, actor, path, is_public, now)
        await names.change_repository(tx, row.id, now, **changes)
        if is_public is not None:
            changes["is_public"] = is_public
        changed = _changed(path, row, changes)
        await publish(tx, changed, actor=actor.subject, at=now, domain_id=row.domain_id)


async def delete_repository(registry: Registry, actor: Actor, path: RepositoryName) -> None:
    """Delete a repository with its tags, manifests, open uploads and permissions.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, or TagImmutable while it holds immutable tags.
    """
    async with registry.db.writing() as tx:
        row = await reach.changing(tx, actor, Action.REPOSITORY_DELETE, path, alone=True)
        await immutable.check_all_deletable(tx, row)
        now = registry.clock.now()
        parts = await uploads.part_keys_under(tx, path)
        await charging.give_back_blobs(tx, row)
        open_tags = await tags.open_tags_count(tx, row.id) if row.is_metered else 0
        await dropped.mark_repository(tx, row.id, now)
        await names.delete_repository(tx, row.id, path)
        await remove_scope(tx, path)
        await charging.take(tx, row, repositories=-1, tags=-open_tags)
        deleted = RepositoryDeleted(path)
        await publish(tx, deleted, actor=actor.subject, at=now, domain_id=row.domain_id)
    await registry.blobs.discard_parts(parts)


def _changed(path: RepositoryName, row: Row[Any], changes: Mapping[str, Any]) -> RepositoryChanged:
    """What a repository is after `changes`, and what of it was different."""
    was = {"is_public": row.is_public, "category": row.category, "description": row.description}
    told = {key: _beginning(value) for key, value in {**was, **changes}.items()}
    before = {key: _beginning(was[key]) for key, value in changes.items() if value != was[key]}
    return RepositoryChanged(path, before=before, **told)


def _beginning(value: Any) -> Any:
    return value[:_TOLD_CHARS_MAX] if isinstance(value, str) else value


async def _set_public(tx: Writer, actor: Actor, path: RepositoryName, is_public: bool, at: datetime) -> None:
    if is_public:
        await set_grant(tx, Grant(path, EVERYONE, Level.READ), by=actor.subject, at=at)
    else:
        await remove_grant(tx, path, EVERYONE)


def repository_of(row: Row[Any]) -> Repository:
    """The repository a row stands for."""
    return Repository(
        row.id,
        row.organization_id,
        RepositoryName(row.path),
        row.category,
        row.description,
        row.is_public,
        row.creator_id,
        row.created_at,
        row.updated_at,
        row.is_mirror,
    )
