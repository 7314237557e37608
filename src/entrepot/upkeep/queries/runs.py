"""SQL about runs that operators ask for: collections and verifications, which are listed alike."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Table, select, tuple_

from entrepot.db.transaction import Reader


async def run_by_id(tx: Reader, runs: Table, run_id: str) -> Row[Any] | None:
    return await tx.row(select(runs).where(runs.c.id == run_id))


async def runs_before(tx: Reader, runs: Table, place: Row[Any] | None, limit: int) -> Sequence[Row[Any]]:
    """The newest first, those before the run `place`."""
    found = select(runs).order_by(runs.c.requested_at.desc(), runs.c.id.desc()).limit(limit)
    if place is not None:
        found = found.where(tuple_(runs.c.requested_at, runs.c.id) < tuple_(place.requested_at, place.id))
    return await tx.rows(found)
