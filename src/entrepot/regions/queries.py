"""SQL about tokens for edges, and edges."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.regions.tables import edge, edge_token

# --- tokens ---


async def save_token(tx: Writer, row: Mapping[str, Any]) -> None:
    await tx.run(tx.insert(edge_token).values(**row))


async def token_by_hash(tx: Reader, hashed: str) -> Row[Any] | None:
    return await tx.row(select(edge_token).where(edge_token.c.hash == hashed, edge_token.c.expires_at > tx.now))


async def tokens_of(tx: Reader, region: str, limit: int) -> Sequence[Row[Any]]:
    """Those that have not ended, the newest first."""
    found = select(edge_token).where(edge_token.c.region == region, edge_token.c.expires_at > tx.now)
    return await tx.rows(found.order_by(edge_token.c.created_at.desc(), edge_token.c.id).limit(limit))


async def delete_token(tx: Writer, region: str, token_id: str) -> bool:
    found = delete(edge_token).where(edge_token.c.region == region, edge_token.c.id == token_id)
    return await tx.value(found.returning(edge_token.c.id)) is not None


async def forget_ended_tokens(tx: Writer) -> None:
    await tx.run(delete(edge_token).where(edge_token.c.expires_at <= tx.now))


# --- edges ---


async def save_edge(tx: Writer, row: Mapping[str, Any]) -> bool:
    """False when there is an edge of this name."""
    insert = tx.insert(edge).values(**row)
    return await tx.value(insert.on_conflict_do_nothing().returning(edge.c.id)) is not None


async def edges_count(tx: Reader) -> int:
    return int(await tx.value(select(func.count()).select_from(edge)))


async def edges(tx: Reader, limit: int) -> Sequence[Row[Any]]:
    """All but their presence, by name."""
    columns = [column for column in edge.c if column.name != "presence"]
    return await tx.rows(select(*columns).order_by(edge.c.name).limit(limit))


async def presence_of(tx: Reader, edge_id: str) -> bytes | None:
    found: bytes | None = await tx.value(select(edge.c.presence).where(edge.c.id == edge_id))
    return found


async def edge_by_name(tx: Reader, name: str) -> Row[Any] | None:
    return await tx.row(select(edge).where(edge.c.name == name))


async def edge_by_hash(tx: Reader, hashed: str) -> Row[Any] | None:
    """All but its presence."""
    columns = [column for column in edge.c if column.name != "presence"]
    return await tx.row(select(*columns).where(edge.c.hash == hashed))


async def change_edge(tx: Writer, edge_id: str, **values: Any) -> None:
    await tx.run(update(edge).where(edge.c.id == edge_id).values(**values))


async def set_lost(tx: Writer, edge_id: str, seen_at: datetime) -> None:
    """The edge is gone, if it has not reported again since then."""
    found = update(edge).where(edge.c.id == edge_id, edge.c.seen_at <= seen_at)
    await tx.run(found.values(lost_at=tx.now))


async def delete_edge(tx: Writer, edge_id: str) -> None:
    await tx.run(delete(edge).where(edge.c.id == edge_id))
