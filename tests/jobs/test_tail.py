"""The tail: listeners hear what happens after they came, once, and whoever is slow learns that something was missed."""

import asyncio

import pytest

from entrepot.db.database import Database
from entrepot.jobs.tail import Listener, Tail
from entrepot.values.errors import TooMany
from tests.jobs.test_feed import happen

WAIT = 5.0


async def begin(listener: Listener) -> None:
    """Nobody can tell what happened before the reading began: the first listener is told just that."""
    assert (await listener.heard(WAIT)).has_gap


async def hear(listener: Listener, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        heard = await listener.heard(WAIT)
        assert heard.events or heard.has_gap, "nothing came in time"
        found += [event.subject for event in heard.events]
    return found


async def test_listeners_hear_what_happens_while_they_listen_and_not_what_was_before(db: Database):
    await happen(db, "before")
    tail = Tail(db, 0.01, 10)
    async with tail.listening() as first:
        await begin(first)
        await asyncio.sleep(0.1)  # the end of the feed is found before what follows
        async with tail.listening() as second:
            await happen(db, "a", "b")
            await happen(db, "c")
            assert await hear(first, 3) == ["a", "b", "c"]
            assert await hear(second, 3) == ["a", "b", "c"]
        await happen(db, "d")
        assert await hear(first, 1) == ["d"]


async def test_nothing_is_heard_when_nothing_happens(db: Database):
    tail = Tail(db, 0.01, 10)
    async with tail.listening() as listener:
        await begin(listener)
        assert (await listener.heard(0.05)).events == ()


async def test_a_listener_that_does_not_listen_is_told_of_the_gap_and_hears_the_newest(db: Database):
    tail = Tail(db, 0.01, 10)
    async with tail.listening() as slow:
        await begin(slow)
        await asyncio.sleep(0.1)
        for number in range(12):
            await happen(db, *(f"{number}-{one}" for one in range(100)))
        async with tail.listening() as other:
            await happen(db, "last")
            while "last" not in await hear(other, 1):
                pass
        heard = await slow.heard(WAIT)
        assert heard.has_gap
        assert len(heard.events) == 1_000
        assert heard.events[-1].subject == "last"


async def test_no_more_listen_than_may_and_who_leaves_makes_room(db: Database):
    tail = Tail(db, 0.01, 1)
    async with tail.listening():
        with pytest.raises(TooMany):
            async with tail.listening():
                pass
    async with tail.listening() as again:
        await begin(again)
