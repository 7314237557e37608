"""SQL about docker logins for a time."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, or_, select

from entrepot.accounts.queries.people import ACCOUNT
from entrepot.accounts.tables import access_key, docker_login, domain, user
from entrepot.db.transaction import Reader, Writer


async def account_of_login(tx: Reader, login_id: str, now: datetime) -> Row[Any] | None:
    """The account of a login that lives, with `secret_hash` and `login_expires_at`.

    It ends with its time, a new password of its user, and the access key it was made with.
    """
    return await tx.row(
        select(*ACCOUNT, docker_login.c.secret_hash, docker_login.c.expires_at.label("login_expires_at"))
        .join(domain, domain.c.id == user.c.domain_id)
        .join(docker_login, docker_login.c.user_id == user.c.id)
        .outerjoin(access_key, access_key.c.id == docker_login.c.access_key)
        .where(
            docker_login.c.id == login_id,
            docker_login.c.expires_at > now,
            docker_login.c.login_version == user.c.login_version,
            or_(docker_login.c.access_key.is_(None), access_key.c.is_enabled),
        )
    )


async def living_logins(tx: Reader, user_id: str, now: datetime) -> int:
    """How many a user has."""
    found = select(func.count()).where(docker_login.c.user_id == user_id, docker_login.c.expires_at > now)
    return int(await tx.value(found))


async def save_login(
    tx: Writer,
    login_id: str,
    user_id: str,
    secret_hash: str,
    made_with: str | None,
    login_version: int,
    at: datetime,
    expires_at: datetime,
) -> None:
    await tx.run(
        tx.insert(docker_login).values(
            id=login_id,
            user_id=user_id,
            secret_hash=secret_hash,
            access_key=made_with,
            login_version=login_version,
            created_at=at,
            expires_at=expires_at,
        )
    )


async def forget_logins(tx: Writer, now: datetime) -> int:
    """Those whose time is over; their number."""
    return await tx.run(delete(docker_login).where(docker_login.c.expires_at <= now))
