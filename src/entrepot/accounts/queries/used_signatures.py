"""SQL about signatures that may be used once."""

from datetime import datetime

from sqlalchemy import delete

from entrepot.accounts.tables import used_signature
from entrepot.db.transaction import Writer


async def save_used_signature(tx: Writer, signature: str, expires_at: datetime) -> bool:
    """Whether this is its first use."""
    new = tx.insert(used_signature).values(signature=signature, expires_at=expires_at)
    return await tx.run(new.on_conflict_do_nothing()) == 1


async def forget_used_signatures(tx: Writer, now: datetime) -> int:
    """Those whose requests are too old to be accepted; their number."""
    return await tx.run(delete(used_signature).where(used_signature.c.expires_at <= now))
