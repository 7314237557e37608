"""Turns: clients never wait for what nobody waits for."""

import asyncio

from entrepot.mirror.turns import Turns


class Work:
    """Some that holds a turn until it is told to end."""

    def __init__(self, turns: Turns, is_beside: bool = False) -> None:
        self.has_turn = False
        self.end = asyncio.Event()
        self.task = asyncio.create_task(self._run(turns, is_beside))

    async def _run(self, turns: Turns, is_beside: bool) -> None:
        if is_beside:
            await turns.free()
        async with turns.beside() if is_beside else turns.of_client():
            self.has_turn = True
            await self.end.wait()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_so_many_have_a_turn_and_others_wait() -> None:
    turns = Turns(2)
    works = [Work(turns) for _ in range(3)]
    await settle()
    assert [one.has_turn for one in works] == [True, True, False]

    works[0].end.set()
    await settle()

    assert works[2].has_turn
    for one in works:
        one.end.set()
    await asyncio.gather(*[one.task for one in works])


async def test_what_nobody_waits_for_steps_back_for_a_client() -> None:
    turns = Turns(2)
    older, newer = Work(turns, is_beside=True), Work(turns, is_beside=True)
    await settle()
    client = Work(turns)
    await settle()

    assert (older.task.cancelled(), newer.task.cancelled(), client.has_turn) == (False, True, True)
    second, third = Work(turns), Work(turns, is_beside=True)
    await settle()
    assert (older.task.cancelled(), second.has_turn, third.has_turn) == (True, True, False)

    client.end.set()
    await settle()
    assert third.has_turn
    for one in (second, third):
        one.end.set()
    await asyncio.gather(client.task, second.task, third.task)


async def test_what_a_client_waits_for_meanwhile_keeps_its_turn() -> None:
    turns = Turns(1)
    beside = Work(turns, is_beside=True)
    await settle()
    turns.keep(beside.task)

    client = Work(turns)
    await settle()

    assert (beside.task.done(), client.has_turn) == (False, False)
    beside.end.set()
    await settle()
    assert client.has_turn
    client.end.set()
    await asyncio.gather(beside.task, client.task)


async def test_one_that_leaves_the_line_holds_nobody_up() -> None:
    turns = Turns(1)
    first, leaving, beside = Work(turns), Work(turns), Work(turns, is_beside=True)
    await settle()
    leaving.task.cancel()
    first.end.set()
    await settle()

    assert beside.has_turn
    beside.end.set()
    await asyncio.gather(first.task, beside.task)
