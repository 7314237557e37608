"""A run that failed is seen, and tried again from the step that failed, by a real engine."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from entrepot.jobs.engine import Engine
from entrepot.jobs.events import Recorded
from entrepot.jobs.reactions import Run, reaction
from entrepot.jobs.runs import Runs, RunSeen, RunState
from entrepot.jobs.settings import JobSettings
from entrepot.values.errors import DatabaseUnreachable, ParameterInvalid
from tests.make.waiting import until

EVENT = Recorded(7, "e" * 32, "test.happened", "acme/app", "user:1", datetime(2026, 1, 1, tzinfo=UTC), {"tags": ["a"]})


class Room:
    """Counts what was done in it; its second step fails until it is mended."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.is_mended = False

    async def first(self) -> None:
        self.done.append("first")

    async def second(self) -> None:
        if not self.is_mended:
            raise ParameterInvalid("Not <b>yet</b>.")
        self.done.append("second")


async def always_open() -> bool:
    return True


@reaction("test.fragile", Room)
async def fragile(room: Room, _event: Recorded, run: Run) -> None:
    await run.step("first", room.first)
    await run.step("second", room.second)


async def ended(runs: Runs, run_id: str, state: RunState) -> RunSeen:
    """The run, when it has ended so."""
    found: RunSeen | None = None

    async def has_ended() -> bool:
        nonlocal found
        found = await runs.find(run_id)
        return found is not None and found.state is state

    await until(has_ended)
    assert found is not None
    return found


async def test_a_failed_run_is_tried_again_from_the_step_that_failed(tmp_path: Path) -> None:
    settings, room = JobSettings(f"sqlite:///{tmp_path / 'jobs.sqlite3'}"), Room()
    engine = Engine(settings, 0, {Room: room}, [fragile], {}, always_open)
    runs = Runs(settings)
    await engine.launch()
    try:
        await engine.start(fragile, EVENT)
        run_id = f"test.fragile:{EVENT.id}"

        failed = await ended(runs, run_id, RunState.FAILED)
        assert "Not <b>yet</b>." in failed.error and failed.worker == "worker-0"
        assert [(one.name, bool(one.error)) for one in await runs.steps(run_id)] == [("first", False), ("second", True)]

        room.is_mended = True
        again = await runs.retry(failed)
        done = await ended(runs, again, RunState.DONE)

        assert done.repeats == run_id
        assert room.done == ["first", "second"]
    finally:
        await runs.close()
        await engine.close(5)


async def test_before_a_worker_ever_ran_the_state_of_jobs_is_not_there(tmp_path: Path) -> None:
    runs = Runs(JobSettings(f"sqlite:///{tmp_path / 'none.sqlite3'}"))
    with pytest.raises(DatabaseUnreachable):
        await runs.list(None, "", "", 10)
    await runs.close()
