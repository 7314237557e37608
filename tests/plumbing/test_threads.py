"""Work in threads: bounded, waited for by whoever began it, also when cancelled."""

import asyncio
import threading

import pytest

from entrepot.plumbing.threads import Threads, settled


@pytest.fixture
def threads():
    made = Threads(2, "test")
    yield made
    made.close()


async def test_work_returns_and_raises_what_it_does(threads: Threads) -> None:
    assert await threads.run(lambda a, b: (a, b), 1, b=2) == (1, 2)
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    name = await threads.run(lambda: threading.current_thread().name)
    assert name.startswith("test")


async def test_no_more_runs_at_once_than_there_are_threads(threads: Threads) -> None:
    lock, running, most, both = threading.Lock(), 0, 0, threading.Barrier(2)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(timeout=10)
        with lock:
            running -= 1

    await asyncio.gather(*(threads.run(work) for _ in range(10)))

    assert most == 2


async def test_a_cancelled_caller_hears_of_it_only_when_the_work_has_ended(threads: Threads) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert go_on.wait(timeout=10)
        ended.set()

    task = asyncio.create_task(threads.run(work))
    await asyncio.to_thread(begun.wait, 10)
    for _ in range(3):  # an impatient one
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
    go_on.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_settling_waits_for_all_however_they_end() -> None:
    loop = asyncio.get_running_loop()
    good, bad = loop.create_future(), loop.create_future()
    waiting = asyncio.create_task(settled((good, bad)))
    good.set_result(1)
    await asyncio.sleep(0)
    assert not waiting.done()
    bad.set_exception(OSError("no"))

    await waiting

    assert isinstance(bad.exception(), OSError)
    await settled(())
