"""Access keys: made, shown once, changed by whom they belong to, and whose business they are."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from entrepot.access.actor import ANONYMOUS, Actor, Bound
from entrepot.access.levels import Level
from entrepot.accounts.access_keys import change_key, create_key, delete_key, list_keys, purpose_of, show_key
from entrepot.accounts.tables import access_key, domain, user
from entrepot.values.errors import AccessDenied, KeyUnknown, ParameterInvalid, TooMany, Unauthenticated, UserUnknown
from entrepot.values.names import UserName
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms


async def stranger_of_another_domain(rooms: Rooms) -> Actor:
    """An administrator elsewhere."""
    now = rooms.clock.now()
    async with rooms.db.writing() as tx:
        await tx.run(tx.insert(domain).values(id="d" * 32, name="other", created_at=now))
        person = {"id": "u" * 32, "domain_id": "d" * 32, "name": "eve", "is_admin": True, "is_enabled": True}
        await tx.run(tx.insert(user).values(**person, password_hash="", created_at=now))
    return Actor("u" * 32, "eve", "d" * 32, is_admin=True)


async def version_of(rooms: Rooms, actor: Actor) -> tuple[int, int]:
    async with rooms.db.reading() as tx:
        row = await tx.row(select(user.c.credential_version, user.c.login_version).where(user.c.id == actor.id))
    assert row is not None
    return row.credential_version, row.login_version


async def test_a_key_is_made_and_its_secret_shown_once(rooms: Rooms) -> None:
    ann = await rooms.user("ann")

    made = await create_key(rooms.accounts, ann, "for the pipeline")

    assert len(made.key.id) == 20 and made.key.id.isalnum() and made.key.id.isupper()
    assert len(made.secret) == 40
    assert made.secret not in repr(made)
    assert await list_keys(rooms.accounts, ann) == [made.key] == [await show_key(rooms.accounts, ann, made.key.id)]
    assert (made.key.user_name, made.key.description, made.key.is_enabled) == ("ann", "for the pipeline", True)
    assert made.key.last_used_at is None


async def test_the_secret_is_sealed_for_its_own_row(rooms: Rooms) -> None:
    key_id, secret = await rooms.key()

    async with rooms.db.reading() as tx:
        sealed = await tx.value(select(access_key.c.sealed_secret))
    assert secret.encode() not in sealed
    assert rooms.accounts.sealer.open(sealed, purpose_of(key_id)) == secret.encode()
    assert purpose_of(key_id) != purpose_of("another")


async def test_a_user_has_two_keys_at_most_also_when_many_are_made_at_once(rooms: Rooms) -> None:
    made = await asyncio.gather(*(create_key(rooms.accounts, rooms.admin) for _ in range(6)), return_exceptions=True)

    assert sum(isinstance(one, TooMany) for one in made) == 4
    kept = await list_keys(rooms.accounts, rooms.admin)
    assert len(kept) == 2
    await delete_key(rooms.accounts, rooms.admin, kept[0].id)
    await create_key(rooms.accounts, rooms.admin)


async def test_a_change_is_told_with_what_was_before(rooms: Rooms) -> None:
    key_id, secret = await rooms.key()
    start = await last_event(rooms.db)

    await change_key(rooms.accounts, rooms.admin, key_id, is_enabled=False, description="resting")
    await change_key(rooms.accounts, rooms.admin, key_id, is_enabled=False)
    await change_key(rooms.accounts, rooms.admin, key_id, is_enabled=True)
    await delete_key(rooms.accounts, rooms.admin, key_id)

    told = await events_after(rooms.db, start)
    assert [(one.type, one.subject) for one in told] == [
        ("key.changed", key_id), ("key.changed", key_id), ("key.deleted", key_id)
    ]  # fmt: skip
    assert told[0].data["before"] == {"is_enabled": True, "description": ""}
    assert told[1].data["before"] == {"is_enabled": False}
    assert secret not in repr(told)


async def test_what_a_key_opened_ends_with_it_and_passwords_stay(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    key_id, _ = await rooms.key(ann)
    credential, login = await version_of(rooms, ann)

    await change_key(rooms.accounts, ann, key_id, description="nothing ends by this")
    assert await version_of(rooms, ann) == (credential, login)
    await change_key(rooms.accounts, ann, key_id, is_enabled=False)
    assert await version_of(rooms, ann) == (credential + 1, login)
    await delete_key(rooms.accounts, ann, key_id)
    assert await version_of(rooms, ann) == (credential + 2, login)


async def test_administrators_see_to_the_keys_of_their_domain(rooms: Rooms) -> None:
    key_id, _ = await rooms.key(await rooms.user("ann"))

    assert [one.id for one in await list_keys(rooms.accounts, rooms.admin, UserName("ann"))] == [key_id]
    assert await list_keys(rooms.accounts, rooms.admin) == []
    assert not (await change_key(rooms.accounts, rooms.admin, key_id, is_enabled=False)).is_enabled
    await delete_key(rooms.accounts, rooms.admin, key_id)
    assert await list_keys(rooms.accounts, rooms.admin, UserName("ann")) == []


async def test_other_peoples_keys_do_not_exist(rooms: Rooms) -> None:
    accounts, ann, bob = rooms.accounts, await rooms.user("ann"), await rooms.user("bob")
    key_id, _ = await rooms.key(ann)

    for actor in (bob, await stranger_of_another_domain(rooms)):
        for refused in (
            show_key(accounts, actor, key_id),
            change_key(accounts, actor, key_id, is_enabled=False),
            delete_key(accounts, actor, key_id),
        ):
            with pytest.raises(KeyUnknown):
                await refused
        with pytest.raises((AccessDenied, UserUnknown)):
            await list_keys(accounts, actor, UserName("ann"))
    assert (await show_key(accounts, ann, key_id)).is_enabled


async def test_only_people_with_their_whole_account_have_keys(rooms: Rooms) -> None:
    ann = await rooms.user("ann")

    for actor, refusal in (
        (ANONYMOUS, Unauthenticated),
        (replace(ann, limits={}), AccessDenied),
        (replace(ann, is_robot=True), AccessDenied),
        (replace(ann, bounds=(Bound("acme/*", Level.MANAGE),)), AccessDenied),
    ):
        with pytest.raises(refusal):
            await create_key(rooms.accounts, actor)
    assert await list_keys(rooms.accounts, ann) == []


async def test_a_description_has_a_length(rooms: Rooms) -> None:
    with pytest.raises(ParameterInvalid):
        await create_key(rooms.accounts, rooms.admin, "x" * 257)
    key_id, _ = await rooms.key()
    with pytest.raises(ParameterInvalid):
        await change_key(rooms.accounts, rooms.admin, key_id, description="x" * 257)
