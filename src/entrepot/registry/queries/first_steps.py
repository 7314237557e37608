"""SQL about how far a new domain has come. Any row will do, so nothing is sorted: this is asked for every page."""

from sqlalchemy import exists, select

from entrepot.db.transaction import Reader
from entrepot.registry.tables import organization, repository, tag


async def some_organization(tx: Reader, domain_id: str) -> str | None:
    row = await tx.row(select(organization.c.name).where(organization.c.domain_id == domain_id).limit(1))
    return None if row is None else str(row.name)


async def tagged_repository(tx: Reader, domain_id: str) -> str | None:
    """A repository of the domain with a tag."""
    tagged = exists(select(tag.c.id).where(tag.c.repository_id == repository.c.id, tag.c.valid_until.is_(None)))
    found = select(repository.c.path).join(organization).where(organization.c.domain_id == domain_id, tagged)
    row = await tx.row(found.limit(1))
    return None if row is None else str(row.path)
