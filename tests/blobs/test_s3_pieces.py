"""Pieces: many large uploads at once hold a bounded number, and each gets one in its turn."""

import asyncio

import pytest

from entrepot.blobs.s3_pieces import Pieces

COUNT, AT_ONCE = 32, 4


@pytest.fixture
def pieces() -> Pieces:
    return Pieces(COUNT, AT_ONCE)


async def take_all(pieces: Pieces) -> list[int]:
    """What each of so many uploads got that none is left."""
    found: list[int] = []
    while sum(found) < COUNT:
        async with asyncio.timeout(5):
            found.append(await pieces.take())
    return found


async def waiting(pieces: Pieces) -> "asyncio.Task[int]":
    """Somebody who has asked for pieces and waits."""
    task = asyncio.create_task(pieces.take())
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def test_an_upload_alone_gets_several(pieces: Pieces) -> None:
    assert await pieces.take() == AT_ONCE


async def test_many_uploads_have_one_each_and_no_more_than_there_are(pieces: Pieces) -> None:
    found = await take_all(pieces)

    assert sum(found) == COUNT
    assert found[-1] == 1
    assert len(found) > COUNT // 2


async def test_who_finds_none_waits_until_one_is_given_back_first_come_first_served(pieces: Pieces) -> None:
    await take_all(pieces)
    first, second = await waiting(pieces), await waiting(pieces)

    pieces.give_back(1)

    assert await first == 1
    assert not second.done()
    pieces.give_back(1)
    assert await second == 1


async def test_nobody_overtakes_those_who_wait(pieces: Pieces) -> None:
    await take_all(pieces)
    first = await waiting(pieces)

    pieces.give_back(1)
    second = await waiting(pieces)

    assert await first == 1
    pieces.give_back(1)
    assert await second == 1


@pytest.mark.parametrize("is_given", [False, True], ids=["before its turn", "just after its turn came"])
async def test_who_stops_waiting_keeps_nothing(pieces: Pieces, is_given: bool) -> None:
    await take_all(pieces)
    first, second = await waiting(pieces), await waiting(pieces)

    if is_given:
        pieces.give_back(1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    if not is_given:
        pieces.give_back(1)

    async with asyncio.timeout(5):
        assert await second == 1


async def test_a_piece_given_back_to_nobody_that_waits_any_more_is_free(pieces: Pieces) -> None:
    await take_all(pieces)
    gone = await waiting(pieces)

    gone.cancel()
    pieces.give_back(1)
    with pytest.raises(asyncio.CancelledError):
        await gone

    async with asyncio.timeout(5):
        assert await pieces.take() == 1
