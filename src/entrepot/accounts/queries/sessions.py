"""SQL about sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select

from entrepot.accounts.queries.people import ACCOUNT
from entrepot.accounts.tables import domain, session, user
from entrepot.db.transaction import Reader, Writer

_SHOWN = (session, user.c.name.label("user_name"), user.c.domain_id)


async def account_of_session(tx: Reader, secret_hash: str, now: datetime, idle_since: datetime) -> Row[Any] | None:
    """The account of a session that lives, with `session_id` and `session_expires_at`."""
    return await tx.row(
        select(*ACCOUNT, session.c.id.label("session_id"), session.c.expires_at.label("session_expires_at"))
        .join(domain, domain.c.id == user.c.domain_id)
        .join(session, session.c.user_id == user.c.id)
        .where(
            session.c.secret_hash == secret_hash,
            session.c.expires_at > now,
            session.c.last_used_at > idle_since,
            session.c.login_version == user.c.login_version,
        )
    )


async def sessions_of_user(tx: Reader, user_id: str) -> Sequence[Row[Any]]:
    """Newest first; there are few. Those that ended with an older password are left out."""
    found = select(*_SHOWN).join(user).where(session.c.user_id == user_id)
    mine = found.where(session.c.login_version == user.c.login_version)
    return await tx.rows(mine.order_by(session.c.created_at.desc(), session.c.id))


async def session_by_id(tx: Reader, session_id: str) -> Row[Any] | None:
    return await tx.row(select(*_SHOWN).join(user).where(session.c.id == session_id))


async def save_session(
    tx: Writer,
    session_id: str,
    user_id: str,
    secret_hash: str,
    login_version: int,
    address: str,
    agent: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    await tx.run(
        tx.insert(session).values(
            id=session_id,
            user_id=user_id,
            secret_hash=secret_hash,
            login_version=login_version,
            address=address,
            agent=agent,
            created_at=at,
            last_used_at=at,
            expires_at=expires_at,
        )
    )


async def delete_session(tx: Writer, session_id: str) -> None:
    await tx.run(delete(session).where(session.c.id == session_id))


async def forget_sessions(tx: Writer, now: datetime, idle_since: datetime) -> int:
    """Those that nobody can use any more; their number."""
    return await tx.run(delete(session).where(or_(session.c.expires_at <= now, session.c.last_used_at <= idle_since)))
