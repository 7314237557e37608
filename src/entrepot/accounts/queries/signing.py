"""SQL about the keys that sign tokens, and about refresh tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select

from entrepot.accounts.queries.people import ACCOUNT
from entrepot.accounts.tables import domain, refresh_token, signing_key, user
from entrepot.db.transaction import Reader, Writer


async def newest_signing_keys(tx: Reader, limit: int) -> Sequence[Row[Any]]:
    return await tx.rows(select(signing_key).order_by(signing_key.c.created_at.desc(), signing_key.c.id).limit(limit))


async def save_signing_key(tx: Writer, key_id: str, sealed_private: bytes, public: bytes, at: datetime) -> None:
    await tx.run(tx.insert(signing_key).values(id=key_id, sealed_private=sealed_private, public=public, created_at=at))


async def forget_signing_keys(tx: Writer, older_than: datetime) -> None:
    await tx.run(delete(signing_key).where(signing_key.c.created_at < older_than))


async def save_refresh_token(
    tx: Writer, token_hash: str, user_id: str, login_version: int, at: datetime, expires_at: datetime
) -> None:
    await tx.run(
        tx.insert(refresh_token).values(
            hash=token_hash,
            user_id=user_id,
            login_version=login_version,
            created_at=at,
            expires_at=expires_at,
        )
    )


async def user_of_refresh_token(tx: Reader, token_hash: str, now: datetime) -> Row[Any] | None:
    return await tx.row(
        select(*ACCOUNT)
        .join(domain)
        .join(refresh_token, refresh_token.c.user_id == user.c.id)
        .where(
            refresh_token.c.hash == token_hash,
            refresh_token.c.expires_at > now,
            refresh_token.c.login_version == user.c.login_version,
        )
    )


async def has_refresh_token(tx: Reader, user_id: str, now: datetime) -> bool:
    mine = (refresh_token.c.user_id == user_id, refresh_token.c.expires_at > now)
    return await tx.row(select(refresh_token.c.hash).where(*mine).limit(1)) is not None


async def forget_expired_refresh_tokens(tx: Writer, now: datetime) -> int:
    return await tx.run(delete(refresh_token).where(refresh_token.c.expires_at <= now))
