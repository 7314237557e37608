"""Sessions: begun, used, listed, ended by somebody, by time, by a new password."""

from dataclasses import replace

import pytest

from entrepot.access.actor import Actor
from entrepot.accounts import rules, sessions
from entrepot.accounts.sessions import Begun, begin_session, csrf_token, end_session, end_sessions, is_csrf_token
from entrepot.accounts.tables import session
from entrepot.accounts.users import set_enabled, set_password
from entrepot.values.errors import AccessDenied, SessionUnknown, Unauthenticated
from entrepot.values.names import UserName
from tests.make.looking import events_after, last_event, rows_in
from tests.make.rooms import Rooms

ANN = UserName("ann")


async def lives(rooms: Rooms, begun: Begun) -> bool:
    try:
        await sessions.read_session(rooms.accounts, begun.secret)
    except Unauthenticated:
        return False
    return True


async def test_a_session_is_its_users(rooms: Rooms) -> None:
    ann = await rooms.user("ann")

    begun = await begin_session(rooms.accounts, ann, "a browser\n of theirs")

    actor = await sessions.read_session(rooms.accounts, begun.secret)
    assert actor == ann and actor.credential == f"session:{begun.session.id}"
    assert begun.session.agent == "a browser of theirs"
    assert begun.secret not in repr(begun) and begun.csrf_token not in repr(begun)
    with pytest.raises(Unauthenticated):
        await sessions.read_session(rooms.accounts, begun.secret + "x")


async def test_a_session_nobody_uses_ends(rooms: Rooms) -> None:
    begun = await begin_session(rooms.accounts, rooms.admin)

    for _ in range(3):
        rooms.clock.advance(hours=23)
        assert await lives(rooms, begun)
        await rooms.accounts.uses.keep()
    rooms.clock.advance(hours=24)
    assert not await lives(rooms, begun)
    assert await sessions.list_sessions(rooms.accounts, rooms.admin) == []
    assert await sessions.forget_ended(rooms.accounts) == 1


async def test_a_session_ends_after_its_whole_time_however_much_it_is_used(rooms: Rooms) -> None:
    begun = await begin_session(rooms.accounts, rooms.admin)

    for _ in range(7 * 4 - 1):
        rooms.clock.advance(hours=6)
        assert await lives(rooms, begun)
        await rooms.accounts.uses.keep()
    rooms.clock.advance(hours=6)
    assert not await lives(rooms, begun)
    assert await sessions.forget_ended(rooms.accounts) == 1


async def test_a_new_password_and_a_disabled_user_end_sessions(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    first = await begin_session(rooms.accounts, ann)

    await set_password(rooms.accounts, rooms.admin, ANN, "another long password")
    assert not await lives(rooms, first)
    with pytest.raises(Unauthenticated):
        await begin_session(rooms.accounts, ann)  # signed in before the change
    second = await begin_session(rooms.accounts, replace(ann, credential_version=2))
    await set_enabled(rooms.accounts, rooms.admin, ANN, is_enabled=False)
    assert not await lives(rooms, second)
    assert await sessions.list_sessions(rooms.accounts, rooms.admin, ANN) == []


async def test_people_end_their_sessions(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    first, second = await begin_session(rooms.accounts, ann), await begin_session(rooms.accounts, ann)
    start = await last_event(rooms.db)

    await end_session(rooms.accounts, ann, first.session.id)
    assert (await lives(rooms, first), await lives(rooms, second)) == (False, True)
    assert await end_sessions(rooms.accounts, ann) == 1
    assert not await lives(rooms, second)

    told = await events_after(rooms.db, start)
    assert [(one.type, one.subject, one.data["session_id"]) for one in told] == [
        ("session.ended", "ann", first.session.id), ("session.ended", "ann", second.session.id)
    ]  # fmt: skip


async def test_all_sessions_but_the_one_at_hand_are_ended(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    here, there = await begin_session(rooms.accounts, ann), await begin_session(rooms.accounts, ann)
    me = await sessions.read_session(rooms.accounts, here.secret)

    assert await end_sessions(rooms.accounts, me, with_current=False) == 1

    assert (await lives(rooms, here), await lives(rooms, there)) == (True, False)


async def test_administrators_end_sessions_of_their_domain(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    begun = await begin_session(rooms.accounts, ann)
    kept = await begin_session(rooms.accounts, rooms.admin)

    assert [one.id for one in await sessions.list_sessions(rooms.accounts, rooms.admin, ANN)] == [begun.session.id]
    assert await end_sessions(rooms.accounts, rooms.admin, ANN) == 1
    assert (await lives(rooms, begun), await lives(rooms, kept)) == (False, True)


async def test_other_peoples_sessions_do_not_exist(rooms: Rooms) -> None:
    begun = await begin_session(rooms.accounts, rooms.admin)
    ann = await rooms.user("ann")

    for actor in (ann, Actor("e" * 32, "eve", "d" * 32, is_admin=True)):
        with pytest.raises(SessionUnknown):
            await end_session(rooms.accounts, actor, begun.session.id)
    with pytest.raises(AccessDenied):
        await end_sessions(rooms.accounts, ann, UserName("admin"))
    assert await lives(rooms, begun)


async def test_of_very_many_sessions_the_oldest_ends(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "SESSIONS_MAX", 2)
    begun = []
    for _ in range(3):
        begun.append(await begin_session(rooms.accounts, rooms.admin))
        rooms.clock.advance(seconds=1)

    assert [await lives(rooms, one) for one in begun] == [False, True, True]
    assert await rows_in(rooms.db, session) == 2


async def test_only_people_who_signed_in_begin_sessions(rooms: Rooms) -> None:
    for actor in (
        replace(rooms.admin, is_robot=True),
        replace(rooms.admin, limits={}),
        replace(rooms.admin, credential="token:1"),
    ):
        with pytest.raises(AccessDenied):
            await begin_session(rooms.accounts, actor)
    with pytest.raises(Unauthenticated):
        await begin_session(rooms.accounts, Actor())


def test_a_csrf_token_belongs_to_one_session() -> None:
    assert is_csrf_token(csrf_token("one"), "one")
    for token in ("", "one", csrf_token("two"), csrf_token("one").upper(), csrf_token("one") + "0", "\udcff", "é"):
        assert not is_csrf_token(token, "one")


async def test_that_a_session_began_is_told_to_the_administrators_of_its_user(rooms: Rooms) -> None:
    await rooms.domain("partner")
    boss = await rooms.sign_in("partner/boss")

    await begin_session(rooms.accounts, boss)

    told = [one for one in await events_after(rooms.db, 0) if one.type == "session.begun"]
    assert [one.domain_id for one in told] == [boss.domain_id]
