"""Questions that several wait for, and what is remembered of their answers."""

import asyncio

import pytest

from entrepot.mirror.running import Running
from entrepot.values.errors import RemoteUnreachable


async def test_who_asks_the_same_at_once_gets_one_answer() -> None:
    running, asked, go = Running(), [], asyncio.Event()

    async def ask() -> int:
        asked.append(1)
        await go.wait()
        return len(asked)

    waiting = [asyncio.create_task(running.together("key", ask)) for _ in range(5)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*waiting) == [1] * 5
    assert await running.together("key", ask) == 2


async def test_an_error_reaches_everybody_who_waits_and_nobody_later() -> None:
    running, troubles = Running(), [RemoteUnreachable("away")]

    async def ask() -> str:
        if troubles:
            raise troubles.pop()
        return "here"

    outcomes = await asyncio.gather(*(running.together("key", ask) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in outcomes] == [RemoteUnreachable] * 3
    assert await running.together("key", ask) == "here"


async def test_a_question_goes_on_when_who_asked_first_leaves() -> None:
    running, go = Running(), asyncio.Event()

    async def ask() -> str:
        await go.wait()
        return "answer"

    first = asyncio.create_task(running.together("key", ask))
    second = asyncio.create_task(running.together("key", ask))
    await asyncio.sleep(0)
    first.cancel()
    go.set()
    assert await second == "answer"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_closing_ends_what_is_under_way() -> None:
    running, ended = Running(), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    async def close() -> None:
        ended.append("closed")

    running.begin(work())
    running.closing(close)
    await asyncio.sleep(0)
    await running.close()
    assert ended == ["work", "closed"]


def test_what_is_kept_is_forgotten_in_time() -> None:
    running = Running()
    running.keep("key", "value", 100.0)
    assert running.recall("key", 99.9) == "value"
    assert running.recall("key", 100.0) is None
    assert running.recall("other", 0.0) is None


def test_what_is_kept_does_not_grow_without_end() -> None:
    running = Running()
    for number in range(10_000):
        running.keep(number, number, 100.0)
    assert sum(running.recall(number, 0.0) is not None for number in range(10_000)) <= 2_000
