"""The gate every step passes: so many at a time, and none once it is closed."""

import asyncio

from entrepot.jobs.engine import Gate


async def test_only_so_many_steps_run_at_once() -> None:
    gate = Gate(3)
    seen: list[int] = []

    async def step() -> None:
        async with gate:
            seen.append(gate.running)
            await asyncio.sleep(0)

    await asyncio.gather(*(step() for _ in range(20)))

    assert len(seen) == 20
    assert max(seen) == 3


async def test_a_closing_gate_waits_for_those_inside_and_lets_nobody_in() -> None:
    gate = Gate(1)
    finish, order = asyncio.Event(), list[str]()

    async def step(name: str) -> None:
        async with gate:
            order.append(name)
            await finish.wait()
            order.append(f"{name} ends")

    first, second = asyncio.create_task(step("first")), asyncio.create_task(step("second"))
    await asyncio.sleep(0)
    closing = asyncio.create_task(gate.close(5))
    await asyncio.sleep(0)
    finish.set()
    await closing
    await first

    assert order == ["first", "first ends"]
    assert not second.done()
    second.cancel()


async def test_a_closing_gate_does_not_wait_for_ever() -> None:
    gate = Gate(1)

    async def step() -> None:
        async with gate:
            await asyncio.Event().wait()

    task = asyncio.create_task(step())
    await asyncio.sleep(0)

    await asyncio.wait_for(gate.close(0.01), 5)

    assert gate.running == 1
    task.cancel()
