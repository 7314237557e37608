"""SQL about personal tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select

from entrepot.accounts.queries.people import ACCOUNT
from entrepot.accounts.tables import domain, personal_token, user
from entrepot.db.transaction import Reader, Writer


async def account_of_token(tx: Reader, token_hash: str) -> Row[Any] | None:
    """The row of the account that a token acts for, with the token's id, bounds and end beside it."""
    return await tx.row(
        select(
            *ACCOUNT,
            personal_token.c.id.label("token_id"),
            personal_token.c.bounds,
            personal_token.c.expires_at.label("token_expires_at"),
        )
        .select_from(personal_token)
        .join(user, user.c.id == personal_token.c.user_id)
        .join(domain)
        .where(personal_token.c.hash == token_hash)
    )


async def tokens_of(tx: Reader, user_id: str, after: str, limit: int) -> Sequence[Row[Any]]:
    """By name, those after `after`."""
    return await tx.rows(
        select(personal_token)
        .where(personal_token.c.user_id == user_id, personal_token.c.name > after)
        .order_by(personal_token.c.name)
        .limit(limit)
    )


async def ending_tokens(tx: Reader, user_id: str, since: datetime, until: datetime, limit: int) -> Sequence[Row[Any]]:
    """Those whose end lies in a span, the first to end first."""
    return await tx.rows(
        select(personal_token)
        .where(
            personal_token.c.user_id == user_id,
            personal_token.c.expires_at > since,
            personal_token.c.expires_at <= until,
        )
        .order_by(personal_token.c.expires_at)
        .limit(limit)
    )


async def tokens_count(tx: Reader, user_id: str) -> int:
    return int(await tx.value(select(func.count()).where(personal_token.c.user_id == user_id)))


async def token_by_name(tx: Reader, user_id: str, name: str) -> Row[Any] | None:
    return await tx.row(
        select(personal_token).where(personal_token.c.user_id == user_id, personal_token.c.name == name)
    )


async def save_token(
    tx: Writer,
    token_id: str,
    user_id: str,
    name: str,
    token_hash: str,
    bounds: list[list[str | int]] | None,
    at: datetime,
    expires_at: datetime | None,
) -> None:
    await tx.run(
        tx.insert(personal_token).values(
            id=token_id,
            user_id=user_id,
            name=name,
            hash=token_hash,
            bounds=bounds,
            created_at=at,
            expires_at=expires_at,
        )
    )


async def delete_token(tx: Writer, token_id: str) -> None:
    await tx.run(delete(personal_token).where(personal_token.c.id == token_id))
