"""SQL about when credentials were last used."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Table, bindparam, or_, update

from entrepot.db.transaction import Writer


async def save_uses(tx: Writer, table: Table, uses: Mapping[str, datetime]) -> None:
    """Write the times of use into rows of `table`, by id; a later one that is there stays."""
    at, last = bindparam("used_at", type_=table.c.last_used_at.type), table.c.last_used_at
    statement = update(table).where(table.c.id == bindparam("used_id"), or_(last.is_(None), last < at))
    rows = [{"used_id": row_id, "used_at": used} for row_id, used in sorted(uses.items())]
    await tx.run(statement.values(last_used_at=at), rows)
