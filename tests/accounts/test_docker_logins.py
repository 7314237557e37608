"""Docker logins: for a time, and for as long as an access key lives."""

import hashlib
import hmac
from dataclasses import replace

import pytest

from entrepot.access.actor import Actor, Bound
from entrepot.access.levels import Level
from entrepot.accounts import rules
from entrepot.accounts.access_keys import change_key, delete_key
from entrepot.accounts.docker_logins import create_login, forget_ended, is_docker_login
from entrepot.accounts.login import sign_in
from entrepot.accounts.tables import docker_login
from entrepot.accounts.tokens import issue_refresh_token
from entrepot.accounts.users import set_enabled, set_password
from entrepot.values.errors import AccessDenied, ParameterInvalid, TooMany, Unauthenticated
from entrepot.values.names import UserName
from tests.make.looking import events_after, last_event, rows_in
from tests.make.rooms import Rooms

ANN = UserName("ann")


async def is_in(rooms: Rooms, user: str, password: str) -> bool:
    try:
        await sign_in(rooms.accounts, user, password)
    except Unauthenticated:
        return False
    return True


def by_key(key: tuple[str, str]) -> tuple[str, str]:
    """As the contract says (§16), computed by nothing of ours."""
    return f"local@{key[0]}", hmac.new(key[1].encode(), key[0].encode(), hashlib.sha256).hexdigest()


async def test_a_login_for_a_time_is_its_users_until_it_ends(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    made = await create_login(rooms.accounts, ann, seconds=900)

    actor = await sign_in(rooms.accounts, made.user, made.password)
    assert actor == ann and is_docker_login(actor)
    assert made.user.startswith("local@") and len(made.password) == 64
    assert made.expires_at is not None
    assert actor.until == made.expires_at.timestamp() == rooms.clock.now().timestamp() + 900
    assert made.password not in repr(made)
    rooms.clock.advance(seconds=899)
    assert await is_in(rooms, made.user, made.password)
    rooms.clock.advance(seconds=1)
    assert not await is_in(rooms, made.user, made.password)


async def test_the_project_before_the_sign_may_be_any(rooms: Rooms) -> None:
    made = await create_login(rooms.accounts, rooms.admin, "cn-north-4")

    assert made.user.startswith("cn-north-4@")
    assert await is_in(rooms, made.user.replace("cn-north-4", "elsewhere"), made.password)
    assert not await is_in(rooms, made.user.partition("@")[2], made.password)
    assert not await is_in(rooms, f"@{made.user.partition('@')[2]}", made.password)


@pytest.mark.parametrize("password", ["", "0" * 64, "0" * 63, "F" * 64, "x" * 64])
async def test_a_wrong_password_is_refused(rooms: Rooms, password: str) -> None:
    key = await rooms.key()
    made = await create_login(rooms.accounts, rooms.admin)

    assert not await is_in(rooms, made.user, password)
    assert not await is_in(rooms, f"local@{key[0]}", password)
    assert not await is_in(rooms, f"local@{'0' * 32}", made.password)
    assert not await is_in(rooms, "local@NOSUCHKEY", made.password)
    assert not await is_in(rooms, "local@a\0b", made.password)


async def test_the_login_of_a_key_lives_as_long_as_the_key(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    key = await rooms.key(ann)
    login = by_key(key)

    actor = await sign_in(rooms.accounts, *login)
    assert actor == ann and is_docker_login(actor)
    rooms.clock.advance(days=400)
    assert await is_in(rooms, *login)
    await change_key(rooms.accounts, ann, key[0], is_enabled=False)
    assert not await is_in(rooms, *login)
    await change_key(rooms.accounts, ann, key[0], is_enabled=True)
    assert await is_in(rooms, *login)
    await delete_key(rooms.accounts, ann, key[0])
    assert not await is_in(rooms, *login)


async def test_one_keys_login_does_not_open_another(rooms: Rooms) -> None:
    mine, theirs = await rooms.key(await rooms.user("ann")), await rooms.key()

    assert not await is_in(rooms, by_key(theirs)[0], by_key(mine)[1])


async def test_a_key_ends_the_logins_that_were_made_with_it_and_no_others(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    key_id, _ = await rooms.key(ann)
    with_key = await create_login(rooms.accounts, replace(ann, credential=f"key:{key_id}"))
    with_password = await create_login(rooms.accounts, ann)

    await change_key(rooms.accounts, ann, key_id, is_enabled=False)
    assert not await is_in(rooms, with_key.user, with_key.password)
    await change_key(rooms.accounts, ann, key_id, is_enabled=True)
    assert await is_in(rooms, with_key.user, with_key.password)
    await delete_key(rooms.accounts, ann, key_id)
    assert not await is_in(rooms, with_key.user, with_key.password)
    assert await is_in(rooms, with_password.user, with_password.password)


async def test_a_new_password_and_a_disabled_user_end_logins(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    first, key = await create_login(rooms.accounts, ann), await rooms.key(ann)

    await set_password(rooms.accounts, rooms.admin, ANN, "another long password")
    assert not await is_in(rooms, first.user, first.password)
    second = await create_login(rooms.accounts, ann)
    await set_enabled(rooms.accounts, rooms.admin, ANN, is_enabled=False)
    assert not await is_in(rooms, second.user, second.password)
    assert not await is_in(rooms, *by_key(key))


async def test_only_people_who_signed_in_make_logins(rooms: Rooms) -> None:
    ann = await rooms.user("ann")

    for actor in (
        replace(ann, is_robot=True),
        replace(ann, limits={}),
        replace(ann, bounds=(Bound("acme/*", Level.MANAGE),)),
        replace(ann, credential="token:1"),
    ):
        with pytest.raises(AccessDenied):
            await create_login(rooms.accounts, actor)
    with pytest.raises(Unauthenticated):
        await create_login(rooms.accounts, Actor())
    assert await rows_in(rooms.db, docker_login) == 0


@pytest.mark.parametrize(
    ("project", "seconds"), [("a b", 900), ("a@b", 900), ("x" * 65, 900), ("a", 899), ("a", 86_401)]
)
async def test_what_cannot_be_a_login_is_refused(rooms: Rooms, project: str, seconds: int) -> None:
    with pytest.raises(ParameterInvalid):
        await create_login(rooms.accounts, rooms.admin, project, seconds)


async def test_there_are_only_so_many_at_once(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LOGINS_MAX", 2)
    for _ in range(2):
        await create_login(rooms.accounts, rooms.admin, seconds=900)

    with pytest.raises(TooMany):
        await create_login(rooms.accounts, rooms.admin)
    rooms.clock.advance(seconds=900)
    await create_login(rooms.accounts, rooms.admin)
    assert await forget_ended(rooms.accounts) == 2


async def test_a_login_is_told_without_its_password(rooms: Rooms) -> None:
    start = await last_event(rooms.db)

    made = await create_login(rooms.accounts, rooms.admin)

    [told] = await events_after(rooms.db, start)
    assert (told.type, told.subject) == ("login.created", "admin")
    assert made.password not in repr(told)


async def test_a_docker_login_gets_no_refresh_token(rooms: Rooms) -> None:
    made = await create_login(rooms.accounts, rooms.admin)

    actor = await sign_in(rooms.accounts, made.user, made.password)

    assert await issue_refresh_token(rooms.accounts, actor) is None
