"""SQL about virtual organizations."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, String, and_, bindparam, delete, func, select, update

from entrepot.access.actor import Actor
from entrepot.access.check import NOW, asking, held_level, visible
from entrepot.accounts.tables import user
from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.tables import digest_seen, upstream, virtual_name, virtual_organization
from entrepot.registry.tables import (
    manifest,
    manifest_blob,
    manifest_child,
    organization,
    repository,
    tag,
    virtual_member,
)

_SHOWN = (
    virtual_organization,
    organization.c.name.label("organization"),
    organization.c.domain_id,
    organization.c.public_by_default,
    select(user.c.name).where(user.c.id == virtual_organization.c.creator_id).scalar_subquery().label("creator_name"),
)
_BY_NAME = select(*_SHOWN).join(organization).where(organization.c.name == bindparam("organization"))
_REACHED = _BY_NAME.add_columns(held_level(NOW).scalar_subquery().label("level"))
_MEMBERS = (
    select(
        virtual_member.c.organization_id,
        virtual_member.c.member_id,
        virtual_member.c.allow,
        virtual_member.c.deny,
        organization.c.name,
        upstream.c.host,
    )
    .join(organization, organization.c.id == virtual_member.c.member_id)
    .outerjoin(upstream, upstream.c.organization_id == organization.c.id)
    .where(among(virtual_member.c.organization_id, "ids"))
    .order_by(virtual_member.c.organization_id, virtual_member.c.position)
)
_ASKED = (
    select(
        virtual_member.c.member_id,
        virtual_member.c.allow,
        virtual_member.c.deny,
        organization.c.name,
        upstream.c.host,
        repository.c.id.label("repository_id"),
    )
    .join(organization, organization.c.id == virtual_member.c.member_id)
    .outerjoin(upstream, upstream.c.organization_id == organization.c.id)
    .outerjoin(repository, repository.c.path == organization.c.name + "/" + bindparam("name"))
    .where(virtual_member.c.organization_id == bindparam("id"))
    .order_by(virtual_member.c.position)
)
_MERGED = select(organization.c.id, organization.c.name, organization.c.is_virtual).where(
    among(organization.c.name, "names")
)
_BOUND = select(virtual_name.c.member_id, virtual_name.c.since).where(
    virtual_name.c.organization_id == bindparam("id"), virtual_name.c.name == bindparam("name")
)

_DIGEST = bindparam("digest", type_=String)
_IN_MIRRORS = (
    select(func.min(manifest.c.pushed_at))
    .select_from(manifest)
    .join(repository, repository.c.id == manifest.c.repository_id)
    .join(organization, organization.c.id == repository.c.organization_id)
    .where(organization.c.is_mirror)
)
_NOTED = select(func.min(digest_seen.c.seen_at))
_NAMED = select(manifest_child.c.manifest_id).where(manifest_child.c.digest == _DIGEST)
_NAMING = select(manifest.c.digest).where(manifest.c.id.in_(_NAMED))
_FIRST_KNOWN = select(
    _NOTED.where(digest_seen.c.digest == _DIGEST).scalar_subquery().label("noted"),
    _IN_MIRRORS.where(manifest.c.digest == _DIGEST).scalar_subquery().label("itself"),
    _IN_MIRRORS.where(manifest.c.id.in_(_NAMED)).scalar_subquery().label("inside"),
    _NOTED.where(digest_seen.c.digest.in_(_NAMING)).scalar_subquery().label("before"),
)


async def virtual_of(tx: Reader, organization_name: str) -> Row[Any] | None:
    return await tx.row(_BY_NAME, {"organization": organization_name})


async def reached_virtual(tx: Reader, actor: Actor, organization_name: str) -> Row[Any] | None:
    """The same with the `level` that the actor's account holds on the organization; NULL for none."""
    return await tx.row(_REACHED, asking(actor, organization_name, tx.now))


async def virtuals(tx: Reader, actor: Actor | None, after: str, limit: int) -> Sequence[Row[Any]]:
    """Those that the actor may read, or all for None, by name, from behind `after`."""
    found = select(*_SHOWN).join(organization).where(organization.c.name > after)
    if actor is not None:
        found = found.where(visible(actor, organization.c.name, organization.c.name, tx.now))
    return await tx.rows(found.order_by(organization.c.name).limit(limit))


async def members_of(tx: Reader, ids: Collection[int]) -> Sequence[Row[Any]]:
    """Members of virtual organizations, in order: organization_id, member_id, allow, deny, name, host.

    `host` is NULL for one that holds images of its own.
    """
    return await tx.rows(_MEMBERS, {"ids": ids})


async def asked_members(tx: Reader, organization_id: int, name: str) -> Sequence[Row[Any]]:
    """The same of one, without its id, and the `repository_id` of what each holds under a name: NULL for nothing."""
    return await tx.rows(_ASKED, {"id": organization_id, "name": name})


async def organizations_named(tx: Reader, names: Collection[str]) -> Mapping[str, Row[Any]]:
    """Those of the organizations that exist, by name: id, name, is_virtual."""
    return {row.name: row for row in await tx.rows(_MERGED, {"names": names})}


async def save_virtual(tx: Writer, row: Mapping[str, Any]) -> None:
    await tx.run(tx.insert(virtual_organization).values(**row))


async def save_members(tx: Writer, organization_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let these be the members, in this order. Names that belong to others stay with them."""
    await tx.run(delete(virtual_member).where(virtual_member.c.organization_id == organization_id))
    for position, row in enumerate(rows):
        values = {"organization_id": organization_id, "position": position, **row}
        await tx.run(tx.insert(virtual_member).values(**values))


async def change_virtual(tx: Writer, organization_id: int, **values: Any) -> None:
    found = update(virtual_organization).where(virtual_organization.c.organization_id == organization_id)
    await tx.run(found.values(**values))


async def delete_virtual(tx: Writer, organization_id: int) -> None:
    """The organization is one of its own from now on, and empty."""
    for table in (virtual_name, virtual_member, virtual_organization):
        await tx.run(delete(table).where(table.c.organization_id == organization_id))
    await tx.run(update(organization).where(organization.c.id == organization_id).values(is_virtual=False))


# --- to whom names belong ---


async def bound(tx: Reader, organization_id: int, name: str) -> Row[Any] | None:
    """To whom a name belongs: member_id, since."""
    return await tx.row(_BOUND, {"id": organization_id, "name": name})


async def bind(tx: Writer, organization_id: int, name: str, member_id: int) -> None:
    """Let a name belong to a member from now on."""
    values = {"organization_id": organization_id, "name": name, "member_id": member_id, "since": tx.now}
    row = tx.insert(virtual_name).values(**values)
    keys = ["organization_id", "name"]
    await tx.run(row.on_conflict_do_update(index_elements=keys, set_={"member_id": member_id, "since": tx.now}))


async def unbind(tx: Writer, organization_id: int, like: str, escape: str) -> int:
    """Let names belong to nobody; how many did."""
    found = delete(virtual_name).where(virtual_name.c.organization_id == organization_id)
    return await tx.run(found.where(virtual_name.c.name.like(like, escape=escape)))


# --- how old images are ---


async def first_known(tx: Reader, digest: str) -> tuple[datetime | None, datetime | None]:
    """Since when a manifest is known: as it was noted, and as what mirrors hold now says; None for neither.

    Whoever knew an index knew what it names: digests cannot be made to fit later.
    """
    row = await tx.row(_FIRST_KNOWN, {"digest": digest})
    assert row is not None, "it has no FROM"
    held = [one for one in (row.itself, row.inside, row.before) if one is not None]
    return row.noted, min(held, default=None)


async def note_seen(tx: Writer, digest: str, at: datetime) -> None:
    row = tx.insert(digest_seen).values(digest=digest, seen_at=at)
    await tx.run(row.on_conflict_do_nothing())


async def forget_seen(tx: Writer, before: datetime, limit: int) -> int:
    """Forget digests that were first known before, and that nobody holds any more; how many, at most `limit`."""
    held = select(manifest.c.id).where(manifest.c.digest == digest_seen.c.digest).exists()
    found = select(digest_seen.c.digest).where(digest_seen.c.seen_at < before, ~held).limit(limit)
    return await tx.run(delete(digest_seen).where(digest_seen.c.digest.in_(found)))


async def manifest_at(tx: Reader, path: str, digest: str) -> Row[Any] | None:
    """A manifest that a repository holds: body, media_type."""
    found = select(manifest.c.body, manifest.c.media_type).join(repository)
    return await tx.row(found.where(repository.c.path == path, manifest.c.digest == digest))


async def manifests_naming(tx: Reader, path: str, digest: str, limit: int) -> Sequence[str]:
    """Digests of manifests of a repository that name a blob, those first that were here first."""
    found = (
        select(manifest.c.digest)
        .join(repository)
        .join(manifest_blob, manifest_blob.c.manifest_id == manifest.c.id)
        .where(repository.c.path == path, manifest_blob.c.digest == digest)
        .order_by(manifest.c.pushed_at, manifest.c.id)
        .limit(limit)
    )
    return [row.digest for row in await tx.rows(found)]


async def held_under(tx: Reader, path: str, tag_name: str, limit: int) -> Sequence[str]:
    """Digests that a tag of a repository names, and named before, the newest first, as far as they are here."""
    is_here = and_(manifest.c.repository_id == tag.c.repository_id, manifest.c.digest == tag.c.digest)
    found = (
        select(tag.c.digest)
        .join(repository, repository.c.id == tag.c.repository_id)
        .join(manifest, is_here)
        .where(repository.c.path == path, tag.c.name == tag_name)
        .order_by(tag.c.valid_from.desc(), tag.c.id.desc())
        .limit(limit)
    )
    return list(dict.fromkeys([row.digest for row in await tx.rows(found)]))
