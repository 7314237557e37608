"""SQL about domains and accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from entrepot.access.patterns import containing
from entrepot.accounts.tables import domain, refresh_token, robot, user
from entrepot.db.transaction import Reader, Writer
from entrepot.db.walking import ListOrder, walk

ACCOUNT = (user, domain.c.name.label("domain_name"))
owner = user.alias("owner")
OWNER = (owner.c.is_enabled.label("owner_is_enabled"), owner.c.expires_at.label("owner_expires_at"))


async def user_by_name(tx: Reader, domain_name: str, name: str) -> Row[Any] | None:
    return await tx.row(select(*ACCOUNT).join(domain).where(domain.c.name == domain_name, user.c.name == name))


async def user_by_id(tx: Reader, user_id: str) -> Row[Any] | None:
    return await tx.row(select(*ACCOUNT).join(domain).where(user.c.id == user_id))


async def account_and_owner(tx: Reader, user_id: str) -> Row[Any] | None:
    """An account and, when it is a robot, what says whether its owner may sign in."""
    return await tx.row(
        select(user, *OWNER)
        .join(robot, robot.c.id == user.c.id, isouter=True)
        .join(owner, owner.c.id == robot.c.owner_id, isouter=True)
        .where(user.c.id == user_id)
    )


async def users_of_domain(
    tx: Reader, domain_id: str, after: str, limit: int, part: str, order: ListOrder, descending: bool
) -> Sequence[Row[Any]]:
    """In order, those after the marker with `part` in their name."""
    own = (user.c.domain_id == domain_id, user.c.kind == "person", containing(user.c.name, part))
    return await walk(tx, select(*ACCOUNT).join(domain).where(*own), user, order, descending, after, limit)


async def names_of_users(tx: Reader, user_ids: Sequence[str]) -> dict[str, str]:
    rows = await tx.rows(select(user.c.id, user.c.name).where(user.c.id.in_(user_ids)))
    return {row.id: row.name for row in rows}


async def names_of_domains(tx: Reader, domain_ids: Sequence[str]) -> dict[str, str]:
    rows = await tx.rows(select(domain.c.id, domain.c.name).where(domain.c.id.in_(domain_ids)))
    return {row.id: row.name for row in rows}


async def lasting_admins(tx: Reader, domain_id: str, besides: str) -> int:
    """How many administer the domain, without an end, besides the user of that id."""
    lasting = (user.c.is_admin, user.c.is_enabled, user.c.expires_at.is_(None), user.c.id != besides)
    return int(await tx.value(select(func.count()).where(user.c.domain_id == domain_id, *lasting)))


async def domain_by_name(tx: Reader, name: str) -> Row[Any] | None:
    return await tx.row(select(domain).where(domain.c.name == name))


async def save_domain(tx: Writer, domain_id: str, name: str, at: datetime) -> None:
    await tx.run(tx.insert(domain).values(id=domain_id, name=name, created_at=at))


async def save_user(
    tx: Writer,
    user_id: str,
    domain_id: str,
    name: str,
    password_hash: str,
    is_admin: bool,
    at: datetime,
    kind: str = "person",
    expires_at: datetime | None = None,
) -> None:
    await tx.run(
        tx.insert(user).values(
            id=user_id,
            domain_id=domain_id,
            name=name,
            password_hash=password_hash,
            is_admin=is_admin,
            is_enabled=True,
            created_at=at,
            kind=kind,
            expires_at=expires_at,
        )
    )


async def change_user(tx: Writer, user_id: str, **changes: Any) -> None:
    """Change columns of a user and end everything they are signed in with."""
    changes |= {"credential_version": user.c.credential_version + 1, "login_version": user.c.login_version + 1}
    await tx.run(update(user).where(user.c.id == user_id).values(**changes))
    await tx.run(delete(refresh_token).where(refresh_token.c.user_id == user_id))


async def delete_user(tx: Writer, user_id: str) -> None:
    """With what hangs on it: tokens, sessions, keys, what only a robot has."""
    await tx.run(delete(user).where(user.c.id == user_id))


async def end_credentials(tx: Writer, user_id: str) -> None:
    """End short-lived tokens and remembered sign-ins of an account; its refresh tokens and sessions stay."""
    changes = {"credential_version": user.c.credential_version + 1}
    await tx.run(update(user).where(user.c.id == user_id).values(**changes))
