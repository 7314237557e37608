"""SQL about upstreams, and about what a mirror holds of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update

from entrepot.access.actor import Actor
from entrepot.access.check import NOW, asking, held_level, visible
from entrepot.accounts.tables import user
from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.tables import upstream
from entrepot.registry.tables import blob, manifest, manifest_blob, organization, repository, repository_blob, tag

_SHOWN = (
    upstream,
    organization.c.name.label("organization"),
    organization.c.domain_id,
    organization.c.public_by_default,
    organization.c.fresh_seconds,
    select(user.c.name).where(user.c.id == upstream.c.creator_id).scalar_subquery().label("creator_name"),
)
_BY_NAME = select(*_SHOWN).join(organization).where(organization.c.name == bindparam("organization"))
_REACHED = _BY_NAME.add_columns(held_level(NOW).scalar_subquery().label("level"))
_HOSTS = select(organization.c.name, upstream.c.host).join(organization).where(among(organization.c.name, "names"))
_HELD_TAGS = (
    select(tag.c.name, tag.c.asked_at, tag.c.ask_after)
    .join(repository)
    .where(repository.c.path == bindparam("path"), among(tag.c.name, "tags"), tag.c.valid_until.is_(None))
)


async def upstream_of(tx: Reader, organization_name: str) -> Row[Any] | None:
    return await tx.row(_BY_NAME, {"organization": organization_name})


async def reached_upstream(tx: Reader, actor: Actor, organization_name: str) -> Row[Any] | None:
    """The same with the `level` that the actor's account holds on the organization; NULL for none."""
    return await tx.row(_REACHED, asking(actor, organization_name, tx.now))


async def upstreams(tx: Reader, actor: Actor | None, after: str, limit: int) -> Sequence[Row[Any]]:
    """Those in organizations that the actor may read, or all for None, by name, from behind `after`."""
    found = select(*_SHOWN).join(organization).where(organization.c.name > after)
    if actor is not None:
        found = found.where(visible(actor, organization.c.name, organization.c.name, tx.now))
    return await tx.rows(found.order_by(organization.c.name).limit(limit))


async def hosts_of(tx: Reader, organizations: Collection[str]) -> Mapping[str, str]:
    """What clients call the upstreams of organizations, by name; those that are no mirrors are left out."""
    return {row.name: row.host for row in await tx.rows(_HOSTS, {"names": organizations})}


async def mirrors_of_host(tx: Reader, host: str) -> Sequence[str]:
    """Organizations that mirror the registry which clients call `host`, transparently, the oldest first."""
    found = select(organization.c.name).join(upstream).where(upstream.c.host == host, upstream.c.is_transparent)
    return [row.name for row in await tx.rows(found.order_by(upstream.c.created_at, organization.c.name))]


async def save_upstream(tx: Writer, row: Mapping[str, Any], fresh_seconds: int) -> None:
    await tx.run(tx.insert(upstream).values(**row))
    await _set_fresh(tx, row["organization_id"], fresh_seconds=fresh_seconds)


async def change_upstream(tx: Writer, organization_id: int, fresh_seconds: int, **values: Any) -> None:
    await tx.run(update(upstream).where(upstream.c.organization_id == organization_id).values(**values))
    await _set_fresh(tx, organization_id, fresh_seconds=fresh_seconds)


async def delete_upstream(tx: Writer, organization_id: int) -> None:
    """The organization is one of its own from now on, and its tags are what they are."""
    await tx.run(delete(upstream).where(upstream.c.organization_id == organization_id))
    await _set_fresh(tx, organization_id, is_mirror=False, fresh_seconds=None)


async def _set_fresh(tx: Writer, organization_id: int, **values: Any) -> None:
    await tx.run(update(organization).where(organization.c.id == organization_id).values(**values))


# --- what is held ---


async def held_tags(tx: Reader, path: str, names: Collection[str]) -> Sequence[Row[Any]]:
    """Those of the tags that are held: name, asked_at, ask_after."""
    return await tx.rows(_HELD_TAGS, {"path": path, "tags": names})


async def held_tag(tx: Reader, path: str, name: str) -> Row[Any] | None:
    """A tag as it is held: repository_id, digest, asked_at, ask_after."""
    found = select(tag.c.repository_id, tag.c.digest, tag.c.asked_at, tag.c.ask_after).join(repository)
    return await tx.row(found.where(repository.c.path == path, tag.c.name == name, tag.c.valid_until.is_(None)))


async def holds_manifest(tx: Reader, path: str, digest: str) -> bool:
    found = select(manifest.c.id).join(repository).where(repository.c.path == path, manifest.c.digest == digest)
    return await tx.value(found) is not None


async def naming(tx: Reader, path: str, digest: str) -> Row[Any] | None:
    """A manifest of the repository that names the blob: body, media_type."""
    found = (
        select(manifest.c.body, manifest.c.media_type)
        .join(repository)
        .join(manifest_blob, manifest_blob.c.manifest_id == manifest.c.id)
        .where(repository.c.path == path, manifest_blob.c.digest == digest)
    )
    return await tx.row(found.limit(1))


async def sibling_with(tx: Reader, organization_name: str | None, digest: str) -> str | None:
    """A repository of the organization, or of any, that holds the blob."""
    found = (
        select(repository.c.path)
        .select_from(repository_blob)
        .join(repository)
        .join(organization)
        .join(blob, blob.c.digest == repository_blob.c.digest)
        .where(repository_blob.c.digest == digest)
    )
    if organization_name is not None:
        found = found.where(organization.c.name == organization_name)
    path: str | None = await tx.value(found.limit(1))
    return path
