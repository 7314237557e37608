"""SQL about access keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, func, select, update

from entrepot.accounts.queries.people import ACCOUNT
from entrepot.accounts.tables import access_key, domain, user
from entrepot.db.transaction import Reader, Writer

_SHOWN = (
    access_key.c.id,
    access_key.c.user_id,
    access_key.c.description,
    access_key.c.is_enabled,
    access_key.c.created_at,
    access_key.c.last_used_at,
    user.c.name.label("user_name"),
    user.c.domain_id,
)


def signer() -> Select[Any]:
    """The account of an enabled access key, the parameter `key`; with the key's `access_key` and `sealed_secret`."""
    return (
        select(*ACCOUNT, access_key.c.id.label("access_key"), access_key.c.sealed_secret)
        .join(domain, domain.c.id == user.c.domain_id)
        .join(access_key, access_key.c.user_id == user.c.id)
        .where(access_key.c.id == bindparam("key"), access_key.c.is_enabled)
    )


async def key_by_id(tx: Reader, key_id: str) -> Row[Any] | None:
    return await tx.row(select(*_SHOWN).join(user).where(access_key.c.id == key_id))


async def keys_of_user(tx: Reader, user_id: str) -> Sequence[Row[Any]]:
    """All of them: there are few."""
    found = select(*_SHOWN).join(user).where(access_key.c.user_id == user_id)
    return await tx.rows(found.order_by(access_key.c.created_at, access_key.c.id))


async def keys_of_domain(tx: Reader, domain_id: str, offset: int, limit: int) -> tuple[Sequence[Row[Any]], int]:
    """Those of all its users, and how many there are on all pages."""
    total = select(func.count()).select_from(access_key).join(user).where(user.c.domain_id == domain_id)
    page = select(*_SHOWN).join(user).where(user.c.domain_id == domain_id)
    ordered = page.order_by(access_key.c.created_at, access_key.c.id).offset(offset).limit(limit)
    return await tx.rows(ordered), int(await tx.value(total))


async def count_keys(tx: Reader, user_id: str) -> int:
    return int(await tx.value(select(func.count()).where(access_key.c.user_id == user_id)))


async def save_key(tx: Writer, key_id: str, user_id: str, sealed_secret: bytes, description: str, at: datetime) -> None:
    await tx.run(
        tx.insert(access_key).values(
            id=key_id,
            user_id=user_id,
            sealed_secret=sealed_secret,
            description=description,
            is_enabled=True,
            created_at=at,
        )
    )


async def change_key(tx: Writer, key_id: str, is_enabled: bool, description: str) -> None:
    changed = update(access_key).where(access_key.c.id == key_id)
    await tx.run(changed.values(is_enabled=is_enabled, description=description))


async def delete_key(tx: Writer, key_id: str) -> None:
    await tx.run(delete(access_key).where(access_key.c.id == key_id))
