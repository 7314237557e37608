"""SQL about wrong passwords, and about the places where accounts are known."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, delete, func, select, update

from entrepot.access.patterns import ESCAPE, escaped
from entrepot.accounts.tables import login_failure, login_place
from entrepot.db.transaction import Reader, Writer


async def failures_of(tx: Reader, keys: Collection[str]) -> Sequence[Row[Any]]:
    return await tx.rows(select(login_failure).where(login_failure.c.key.in_(keys)))


async def count_failure(tx: Writer, key: str, now: datetime, stale: datetime) -> int:
    """One more for this key; how many in a row. Those before `stale` count no more."""
    insert = tx.insert(login_failure).values(key=key, failures=1, last_at=now)
    more = case((login_failure.c.last_at < stale, 1), else_=login_failure.c.failures + 1)
    counted = insert.on_conflict_do_update(index_elements=["key"], set_={"failures": more, "last_at": now})
    return int(await tx.value(counted.returning(login_failure.c.failures)))


async def save_wait(tx: Writer, key: str, until: datetime) -> None:
    await tx.run(update(login_failure).where(login_failure.c.key == key).values(wait_until=until))


async def make_room(tx: Writer, rows_max: int) -> None:
    """Forget the oldest rows beyond so many."""
    newest = select(login_failure.c.last_at).order_by(login_failure.c.last_at.desc()).offset(rows_max).limit(1)
    if oldest := await tx.value(newest):
        await tx.run(delete(login_failure).where(login_failure.c.last_at <= oldest))


async def forget_failures(tx: Writer, keys: Collection[str]) -> None:
    await tx.run(delete(login_failure).where(login_failure.c.key.in_(keys)))


async def wait_of(tx: Reader, key: str) -> datetime | None:
    """Until when an account has to wait, here or at one of the places where it is known; None when it need not."""
    at_places = login_failure.c.key.like(f"{escaped(key)}@%", escape=ESCAPE)
    waiting = select(func.max(login_failure.c.wait_until)).where((login_failure.c.key == key) | at_places)
    return await tx.value(waiting)  # type: ignore[no-any-return]  # a time


async def forget_account(tx: Writer, key: str) -> None:
    """Forget what was counted for an account, and for it at single places."""
    at_places = login_failure.c.key.like(f"{escaped(key)}@%", escape=ESCAPE)
    await tx.run(delete(login_failure).where((login_failure.c.key == key) | at_places))


async def forget_older(tx: Writer, stale: datetime) -> int:
    return await tx.run(delete(login_failure).where(login_failure.c.last_at < stale))


async def seen_at(tx: Reader, user_id: str, place: str) -> datetime | None:
    """When the account signed in there last."""
    found = select(login_place.c.last_at).where(login_place.c.user_id == user_id, login_place.c.place == place)
    return await tx.value(found)  # type: ignore[no-any-return]  # a time, or None


async def save_place(tx: Writer, user_id: str, place: str, now: datetime, places_max: int) -> None:
    """The account is known there from now on; of so many places more than that, the oldest is forgotten."""
    insert = tx.insert(login_place).values(user_id=user_id, place=place, last_at=now)
    await tx.run(insert.on_conflict_do_update(index_elements=["user_id", "place"], set_={"last_at": now}))
    own = login_place.c.user_id == user_id
    kept = select(login_place.c.place).where(own).order_by(login_place.c.last_at.desc()).limit(places_max)
    await tx.run(delete(login_place).where(own, login_place.c.place.not_in(kept)))


async def forget_places(tx: Writer, before: datetime) -> int:
    return await tx.run(delete(login_place).where(login_place.c.last_at < before))
