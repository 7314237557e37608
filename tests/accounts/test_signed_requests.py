"""Signed requests against the database: whose they are, how often they count, and when they end."""

from datetime import datetime
from typing import Any

import pytest

from entrepot.access.actor import Actor
from entrepot.accounts.access_keys import change_key, delete_key, show_key
from entrepot.accounts.room import open_accounts
from entrepot.accounts.signature import RawRequest
from entrepot.accounts.signed_requests import by_signature, forget_used
from entrepot.accounts.tables import used_signature
from entrepot.accounts.users import set_enabled, set_password
from entrepot.plumbing.sealing import SealBroken, Sealer
from entrepot.values.errors import ParameterInvalid, Unauthenticated
from entrepot.values.names import UserName
from tests.make.looking import rows_in
from tests.make.rooms import ACCOUNT_SETTINGS, Rooms
from tests.make.signed import signed

Key = tuple[str, str]


def request(key: Key, method: str = "GET", body: bytes = b"", at: datetime | None = None) -> RawRequest:
    target, headers = signed(key, method, "/v2/manage/namespaces", body=body, at=at)
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return RawRequest(method, target.encode(), b"", lines, body)


async def is_refused(rooms: Rooms, wanted: RawRequest) -> bool:
    try:
        await by_signature(rooms.accounts, wanted)
    except Unauthenticated:
        return True
    return False


async def test_the_user_of_the_key_is_who_asks(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    key = await rooms.key(ann)

    actor = await by_signature(rooms.accounts, request(key))

    assert actor == ann
    assert actor.credential == f"key:{key[0]}"


async def test_an_unknown_key_and_a_wrong_secret_are_told_the_same(rooms: Rooms) -> None:
    key = await rooms.key()
    said = []

    for wrong in (("UNKNOWN", key[1]), (key[0], "wrong")):
        with pytest.raises(Unauthenticated) as refused:
            await by_signature(rooms.accounts, request(wrong))
        said.append(refused.value.message)

    assert said[0] == said[1]


async def test_one_users_secret_does_not_sign_for_another(rooms: Rooms) -> None:
    mine, theirs = await rooms.key(await rooms.user("ann")), await rooms.key(await rooms.user("bob"))

    assert await is_refused(rooms, request((theirs[0], mine[1])))


async def test_a_reading_request_counts_as_often_as_it_comes_and_writes_nothing(rooms: Rooms) -> None:
    wanted = request(await rooms.key())

    for _ in range(3):
        await by_signature(rooms.accounts, wanted)

    assert await rows_in(rooms.db, used_signature) == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_writing_request_counts_once_in_every_process(rooms: Rooms, method: str) -> None:
    key = await rooms.key()
    other_process = open_accounts(rooms.db, rooms.clock, Sealer(bytes(32)), ACCOUNT_SETTINGS)
    wanted = request(key, method)
    await by_signature(rooms.accounts, wanted)

    assert await is_refused(rooms, wanted)
    with pytest.raises(Unauthenticated, match="was made before"):
        await by_signature(other_process, wanted)
    rooms.clock.advance(minutes=14)
    assert await is_refused(rooms, wanted)
    await by_signature(rooms.accounts, request(key, method, at=rooms.clock.now()))


async def test_a_refused_request_uses_nothing_up(rooms: Rooms) -> None:
    key = await rooms.key()

    assert await is_refused(rooms, request((key[0], "wrong"), "POST"))

    assert await rows_in(rooms.db, used_signature) == 0


async def test_used_signatures_are_forgotten_when_nobody_would_take_them(rooms: Rooms) -> None:
    key = await rooms.key()
    wanted = request(key, "POST", at=rooms.clock.now().replace(minute=14))  # of a clock that is ahead
    await by_signature(rooms.accounts, wanted)

    rooms.clock.advance(minutes=29)
    assert await forget_used(rooms.accounts) == 0
    assert await is_refused(rooms, wanted)
    rooms.clock.advance(minutes=15)
    assert await forget_used(rooms.accounts) == 1
    assert await is_refused(rooms, wanted)


async def test_a_key_ends_at_once(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    key = await rooms.key(ann)
    wanted = request(key)

    await change_key(rooms.accounts, ann, key[0], is_enabled=False)
    assert await is_refused(rooms, wanted)
    await change_key(rooms.accounts, ann, key[0], is_enabled=True)
    assert not await is_refused(rooms, wanted)
    await delete_key(rooms.accounts, ann, key[0])
    assert await is_refused(rooms, wanted)


async def test_a_disabled_users_keys_do_not_work(rooms: Rooms) -> None:
    wanted = request(await rooms.key(await rooms.user("ann")))

    await set_enabled(rooms.accounts, rooms.admin, UserName("ann"), is_enabled=False)
    assert await is_refused(rooms, wanted)
    await set_enabled(rooms.accounts, rooms.admin, UserName("ann"), is_enabled=True)
    assert not await is_refused(rooms, wanted)


async def test_a_new_password_leaves_keys_alone(rooms: Rooms) -> None:
    wanted = request(await rooms.key(await rooms.user("ann")))

    await set_password(rooms.accounts, rooms.admin, UserName("ann"), "another long password")

    assert not await is_refused(rooms, wanted)


async def test_a_parameter_twice_is_refused(rooms: Rooms) -> None:
    key = await rooms.key()
    target, headers = signed(key, "GET", "/v2/manage/repos", [("limit", "1"), ("limit", "2")])
    lines: Any = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    with pytest.raises(ParameterInvalid):
        await by_signature(
            rooms.accounts, RawRequest("GET", b"/v2/manage/repos", target.partition("?")[2].encode(), lines, b"")
        )


async def test_a_secret_that_cannot_be_opened_is_our_trouble(rooms: Rooms) -> None:
    key = await rooms.key()
    other_key = open_accounts(rooms.db, rooms.clock, Sealer(b"x" * 32), ACCOUNT_SETTINGS)

    with pytest.raises(SealBroken):
        await by_signature(other_key, request(key))


async def test_the_last_use_is_written_together_later(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    first, second = await rooms.key(ann), await rooms.key(ann)

    async def used(actor: Actor, key: Key) -> datetime | None:
        return (await show_key(rooms.accounts, actor, key[0])).last_used_at

    await by_signature(rooms.accounts, request(first))
    rooms.clock.advance(minutes=2)
    await by_signature(rooms.accounts, request(first))
    assert await used(ann, first) is None
    await rooms.accounts.uses.keep()
    assert await used(ann, first) == rooms.clock.now()
    assert await used(ann, second) is None


async def test_an_older_use_does_not_hide_a_newer_one(rooms: Rooms) -> None:
    key = await rooms.key()
    slow = open_accounts(rooms.db, rooms.clock, Sealer(bytes(32)), ACCOUNT_SETTINGS)
    await by_signature(slow, request(key))
    rooms.clock.advance(minutes=1)
    await by_signature(rooms.accounts, request(key))

    await rooms.accounts.uses.close()
    await slow.uses.close()

    assert (await show_key(rooms.accounts, rooms.admin, key[0])).last_used_at == rooms.clock.now()
