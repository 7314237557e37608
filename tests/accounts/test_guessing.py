"""Guessing passwords: who guesses waits, longer and longer; the owner gets in; nothing tells who exists."""

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from entrepot.access.actor import Actor
from entrepot.accounts import guessing
from entrepot.accounts.common_passwords import is_common
from entrepot.accounts.guessing import forget_stale, seconds_to_wait
from entrepot.accounts.login import sign_in
from entrepot.accounts.queries import guesses
from entrepot.accounts.room import Accounts
from entrepot.accounts.tables import login_failure, login_place
from entrepot.accounts.tokens import issue_refresh_token, issue_token, read_token, refresh
from entrepot.accounts.users import set_password, unlock_user
from entrepot.plumbing.caller import Caller, caller
from entrepot.values.errors import AccessDenied, PasswordInvalid, TooManyLogins, Unauthenticated
from entrepot.values.names import UserName
from tests.make.looking import events_after, last_event, rows_in
from tests.make.rooms import PASSWORD, Rooms

HOME, ELSEWHERE = "192.0.2.1", "203.0.113.9"
ANN = UserName("ann")


@contextmanager
def calling_from(address: str) -> Iterator[None]:
    token = caller.set(Caller(address))
    yield
    caller.reset(token)


@pytest.fixture
async def accounts(rooms: Rooms) -> Accounts:
    """Three tries for an account, ten for an address; waits of a minute at most. Ann signed in from home."""
    settings = replace(
        rooms.accounts.settings, login_tries_account=3, login_tries_address=10, login_wait_seconds_max=60
    )
    accounts = replace(rooms.accounts, settings=settings)
    await rooms.user("ann")
    with calling_from(HOME):
        await sign_in(accounts, "ann", PASSWORD)
    return accounts


async def guess(accounts: Accounts, times: int, name: str = "ann", address: str = ELSEWHERE) -> list[str]:
    """What so many wrong passwords are answered with."""
    said = []
    with calling_from(address):
        for _ in range(times):
            try:
                await sign_in(accounts, name, "wrong")
            except (Unauthenticated, TooManyLogins) as error:
                said.append(type(error).__name__)
    return said


async def wait(accounts: Accounts, name: str, password: str, address: str) -> float | None:
    """For how long a right password has to wait; None: it gets in."""
    with calling_from(address):
        try:
            await sign_in(accounts, name, password)
        except TooManyLogins as error:
            return error.retry_after
    return None


@pytest.mark.parametrize(
    ("failures", "expected"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (16, 900), (10**6, 900)]
)
def test_waits_double_up_to_the_longest(failures: int, expected: int) -> None:
    assert seconds_to_wait(failures, 5, 900) == expected


async def test_who_guesses_has_to_wait_longer_and_longer(rooms: Rooms, accounts: Accounts) -> None:
    assert await guess(accounts, 4) == ["Unauthenticated"] * 3 + ["TooManyLogins"]

    for expected in (1, 2, 4, 8, 16, 32, 60, 60):
        assert await wait(accounts, "ann", PASSWORD, ELSEWHERE) == expected
        assert await guess(accounts, 2) == ["TooManyLogins"] * 2  # and does not make the wait longer
        rooms.clock.advance(seconds=expected)
        assert await guess(accounts, 1) == ["Unauthenticated"]


async def test_the_owner_gets_in_where_they_are_known_and_with_what_cannot_be_guessed(
    rooms: Rooms, accounts: Accounts
) -> None:
    ann = await rooms.sign_in("ann")
    secret, token = await issue_refresh_token(accounts, ann), (await issue_token(accounts, ann, [])).token
    assert secret is not None
    await guess(accounts, 5)
    assert await wait(accounts, "ann", PASSWORD, ELSEWHERE) == 1

    assert await wait(accounts, "ann", PASSWORD, HOME) is None
    with calling_from(ELSEWHERE):
        assert (await refresh(accounts, secret)).id == (await read_token(accounts, token)).id == ann.id


async def test_where_the_owner_is_known_guesses_are_counted_too(accounts: Accounts) -> None:
    assert (await guess(accounts, 4, address=HOME))[-1] == "TooManyLogins"

    assert await wait(accounts, "ann", PASSWORD, HOME) == 1
    assert await wait(accounts, "ann", PASSWORD, ELSEWHERE) is None


async def test_a_right_password_begins_the_count_anew(accounts: Accounts) -> None:
    for _ in range(3):
        assert await guess(accounts, 2) == ["Unauthenticated"] * 2
        assert await wait(accounts, "ann", PASSWORD, ELSEWHERE) is None


async def test_an_address_waits_whatever_names_it_tries(accounts: Accounts) -> None:
    for number in range(10):
        assert await guess(accounts, 1, f"name-{number}") == ["Unauthenticated"]

    assert await guess(accounts, 1, "another") == ["TooManyLogins"]
    assert await wait(accounts, "ann", PASSWORD, ELSEWHERE) == 1
    assert await wait(accounts, "ann", PASSWORD, HOME) is None


async def test_who_is_known_at_an_address_does_not_wait_for_others_there(accounts: Accounts) -> None:
    for number in range(10):
        await guess(accounts, 1, f"name-{number}", HOME)
    assert await guess(accounts, 1, "another", HOME) == ["TooManyLogins"]

    assert await guess(accounts, 1, "ann", HOME) == ["Unauthenticated"]
    assert await wait(accounts, "ann", PASSWORD, HOME) is None


async def test_a_network_of_ipv6_counts_as_one_address(accounts: Accounts) -> None:
    for number in range(10):
        assert await guess(accounts, 1, f"name-{number}", f"2001:db8::{number:x}") == ["Unauthenticated"]

    assert await guess(accounts, 1, "another", "2001:db8::ffff") == ["TooManyLogins"]
    assert await guess(accounts, 1, "another", "2001:db8:0:1::1") == ["Unauthenticated"]


async def test_waiting_does_not_tell_who_exists(accounts: Accounts) -> None:
    assert await guess(accounts, 6, "ann") == await guess(accounts, 6, "nobody", "203.0.113.10")


async def test_an_account_is_counted_once_however_its_name_is_written(accounts: Accounts) -> None:
    await guess(accounts, 2, "default/ann")
    await guess(accounts, 1, "ann")

    assert await wait(accounts, "ann", PASSWORD, ELSEWHERE) == 1


async def test_of_many_guesses_at_once_none_gets_through(accounts: Accounts) -> None:
    async def one(password: str) -> str:
        try:
            await sign_in(accounts, "ann", password)
        except (Unauthenticated, TooManyLogins) as error:
            return type(error).__name__
        return "in"

    with calling_from(ELSEWHERE):
        said = await asyncio.gather(*(one("wrong") for _ in range(8)), *(one(PASSWORD) for _ in range(1)))

    assert said[-1] == "TooManyLogins"


async def test_the_count_is_forgotten_in_time(rooms: Rooms, accounts: Accounts) -> None:
    await guess(accounts, 2)
    rooms.clock.advance(hours=1, seconds=1)
    assert await guess(accounts, 3) == ["Unauthenticated"] * 3

    rooms.clock.advance(hours=1, seconds=1)
    assert await forget_stale(accounts) == 2
    assert await rows_in(rooms.db, login_failure) == 0
    rooms.clock.advance(days=30)
    await forget_stale(accounts)
    assert await rows_in(rooms.db, login_place) == 0


async def test_rows_are_bounded(rooms: Rooms, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "_ROWS_MAX", 6)
    monkeypatch.setattr(guessing, "_PLACES_MAX", 3)
    for number in range(8):
        rooms.clock.advance(seconds=1)
        await guess(accounts, 1, f"name-{number}", f"192.0.2.{number}")
        await wait(accounts, "ann", PASSWORD, f"198.51.100.{number}")

    assert await rows_in(rooms.db, login_failure) <= 7
    async with rooms.db.reading() as tx:
        places = [row.place for row in await tx.rows(select(login_place).order_by(login_place.c.last_at))]
    assert [place for place in places if place.startswith("198")] == [f"198.51.100.{number}" for number in (5, 6, 7)]


async def test_an_administrator_ends_the_wait(rooms: Rooms, accounts: Accounts) -> None:
    ann = await rooms.sign_in("ann")
    await guess(accounts, 4)
    await guess(accounts, 4, address=HOME)
    with pytest.raises(AccessDenied):
        await unlock_user(accounts, ann, ANN)

    seq = await last_event(rooms.db)
    await unlock_user(accounts, rooms.admin, ANN)

    assert await wait(accounts, "ann", PASSWORD, ELSEWHERE) is None
    assert await wait(accounts, "ann", PASSWORD, HOME) is None
    assert [(row.type, row.subject) for row in await events_after(rooms.db, seq)] == [("login.unblocked", "ann")]


async def test_the_longest_waits_are_told(rooms: Rooms, accounts: Accounts) -> None:
    short = replace(accounts, settings=replace(accounts.settings, login_wait_seconds_max=1, login_tries_address=3))
    seq = await last_event(rooms.db)
    await guess(short, 3)
    await guess(short, 3, "nobody", "203.0.113.10")

    told = [(row.subject, row.domain_id, row.data["of"]) for row in await events_after(rooms.db, seq)]
    assert sorted(told) == [
        ("203.0.113.10", "", "address"),
        (ELSEWHERE, "", "address"),
        ("ann", rooms.admin.domain_id, "account"),
    ]


async def test_the_current_password_is_not_guessed_by_changing_it(rooms: Rooms, accounts: Accounts) -> None:
    ann: Actor = await rooms.sign_in("ann")
    with calling_from(ELSEWHERE):
        for _ in range(3):
            with pytest.raises(AccessDenied):
                await set_password(accounts, ann, ANN, "another long password", "wrong")
        with pytest.raises(TooManyLogins):
            await set_password(accounts, ann, ANN, "another long password", PASSWORD)


async def test_a_docker_login_that_has_ended_keeps_nobody_waiting(rooms: Rooms, accounts: Accounts) -> None:
    assert await guess(accounts, 20, "local@0123456789abcdef0123456789abcdef") == ["Unauthenticated"] * 20
    assert await rows_in(rooms.db, login_failure) == 0


async def test_a_robot_that_is_set_up_wrongly_keeps_nobody_waiting(rooms: Rooms, accounts: Accounts) -> None:
    assert await guess(accounts, 20, "robot$ci") == ["Unauthenticated"] * 20
    assert await rows_in(rooms.db, login_failure) == 0


async def test_a_remembered_password_costs_no_look_at_the_counts(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"Basic " + base64.b64encode(f"admin:{PASSWORD}".encode())
    asked: list[Any] = []
    await rooms.credentials.actor(header)

    async def failures_of(*arguments: Any) -> Any:
        asked.append(arguments)
        return []

    monkeypatch.setattr(guesses, "failures_of", failures_of)
    assert (await rooms.credentials.actor(header)).id == rooms.admin.id
    assert asked == []
    assert rooms.credentials.remembered(header, rooms.clock.now().timestamp()) is not None
    assert rooms.credentials.remembered(header, rooms.clock.now().timestamp(), ELSEWHERE) is None


@pytest.mark.parametrize(
    "password",
    ["password", "Password1!", "12345678", "87654321", "aaaaaaaaaaaaaaaaaaaaaaaa", "abababab", "qwertyuiop", "admin123",
     "passw0rd", "p@ssw0rd", "zyxwvuts", "welcome2026", "adminadmin", "letmein!!", "changeme1", "entrepot", "4dragon4"],
)  # fmt: skip
def test_common_passwords_are_known(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password", [PASSWORD, "correct horse battery staple", "Xk29-vTq1", "passwordless-in-2026-maybe", "secret garden"]
)
def test_other_passwords_are_not(password: str) -> None:
    assert not is_common(password)


async def test_a_password_is_neither_common_nor_the_users_name(rooms: Rooms) -> None:
    await rooms.user("ann-with-a-name")
    for password in ("ANN-with-a-name", "password123"):
        with pytest.raises(PasswordInvalid):
            await set_password(rooms.accounts, rooms.admin, UserName("ann-with-a-name"), password)
