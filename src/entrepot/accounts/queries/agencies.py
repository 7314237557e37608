"""SQL about what domains have agreed to."""

from datetime import datetime

from sqlalchemy import select

from entrepot.accounts.tables import agency
from entrepot.db.transaction import Reader, Writer


async def has_agency(tx: Reader, domain_id: str) -> bool:
    return await tx.value(select(agency.c.domain_id).where(agency.c.domain_id == domain_id)) is not None


async def save_agency(tx: Writer, domain_id: str, user_id: str, at: datetime) -> bool:
    """False when there is one already."""
    new = tx.insert(agency).values(domain_id=domain_id, user_id=user_id, created_at=at)
    return await tx.run(new.on_conflict_do_nothing()) == 1
