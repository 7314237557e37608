"""SQL about how far a new domain has come."""

from sqlalchemy import select

from entrepot.db.transaction import Reader
from entrepot.registry.tables import organization, repository, tag


async def oldest_organization(tx: Reader, domain_id: str) -> str | None:
    found = select(organization.c.name).where(organization.c.domain_id == domain_id)
    row = await tx.row(found.order_by(organization.c.id).limit(1))
    return None if row is None else str(row.name)


async def tagged_repository(tx: Reader, domain_id: str) -> str | None:
    """A repository of the domain with a tag, the oldest of them."""
    joined = repository.join(organization).join(tag)
    found = select(repository.c.path).select_from(joined)
    mine = found.where(organization.c.domain_id == domain_id, tag.c.valid_until.is_(None))
    row = await tx.row(mine.order_by(repository.c.id).limit(1))
    return None if row is None else str(row.path)
