"""Runs of jobs: listed page by page, shown, called off, tried again, started, and told of in the audit."""

import pytest

from entrepot.jobs.living import Heartbeat, ProcessKind
from entrepot.jobs.runs import RunState
from entrepot.operations.system import show_system
from entrepot.operations.work import cancel_run, list_runs, list_schedules, retry_run, show_run, start_job
from entrepot.values.errors import AccessDenied, ParameterInvalid, RunUnknown, Unauthenticated
from tests.make.looking import events_after
from tests.make.rooms import Rooms
from tests.make.work import EVENT


async def test_runs_are_listed_by_state_page_by_page(rooms: Rooms) -> None:
    seen: list[str] = []
    after, pages = "", 0
    while after or not pages:
        page = await list_runs(rooms.operations, rooms.admin, after=after, limit=1)
        seen += [one.id for one in page.items]
        after, pages = page.after, pages + 1

    assert sorted(seen) == ["cancelled-0", "waiting-0", "waiting-1", "waiting-2"]
    waiting = await list_runs(rooms.operations, rooms.admin, RunState.WAITING)
    assert {one.state for one in waiting.items} == {RunState.WAITING} and len(waiting.items) == 3
    assert (await list_runs(rooms.operations, rooms.admin, job="other")).items == []
    with pytest.raises(ParameterInvalid):
        await list_runs(rooms.operations, rooms.admin, after="x")


async def test_a_run_says_what_it_was_given(rooms: Rooms) -> None:
    found = await show_run(rooms.operations, rooms.admin, "waiting-0")
    assert (found.run.job, found.run.event, found.steps) == ("test.job", EVENT, [])
    with pytest.raises(RunUnknown):
        await show_run(rooms.operations, rooms.admin, "none")


async def test_a_run_that_waits_is_called_off_and_goes_on_later(rooms: Rooms) -> None:
    await cancel_run(rooms.operations, rooms.admin, "waiting-0")

    assert (await show_run(rooms.operations, rooms.admin, "waiting-0")).run.state is RunState.CANCELLED
    told = (await events_after(rooms.db, 0))[-1]
    assert (told.type, told.subject, told.data) == ("job.cancelled", "waiting-0", {"job": "test.job"})
    with pytest.raises(ParameterInvalid):
        await cancel_run(rooms.operations, rooms.admin, "waiting-0")

    assert await retry_run(rooms.operations, rooms.admin, "waiting-0") == "waiting-0"
    assert (await show_run(rooms.operations, rooms.admin, "waiting-0")).run.state is RunState.WAITING
    assert (await events_after(rooms.db, 0))[-1].type == "job.retried"
    with pytest.raises(ParameterInvalid):
        await retry_run(rooms.operations, rooms.admin, "waiting-0")


async def test_what_is_due_by_the_clock_is_started_now(rooms: Rooms) -> None:
    [due] = await list_schedules(rooms.operations, rooms.admin)
    assert (due.job, due.last_at, f"{due.next_at:%H:%M:%S}") == ("test.job", None, "03:17:00")

    run_id = await start_job(rooms.operations, rooms.admin, "test.job")

    assert (await show_run(rooms.operations, rooms.admin, run_id)).run.state is RunState.WAITING
    assert (await events_after(rooms.db, 0))[-1].type == "job.started"
    with pytest.raises(RunUnknown):
        await start_job(rooms.operations, rooms.admin, "other")


async def test_the_system_says_what_it_is(rooms: Rooms) -> None:
    found = await show_system(rooms.operations, rooms.admin)
    assert found.database.kind == rooms.db.dialect and found.database.size > 0 and found.database.version
    assert found.storage.health.is_good and found.database.health.is_good
    assert (found.work.waiting, found.work.last_ended_at, found.work.says) == (3, None, "")
    assert found.processes == []
    await Heartbeat(rooms.db, rooms.clock, ProcessKind.WORKER, 30).beat()
    [process] = (await show_system(rooms.operations, rooms.admin)).processes
    assert (process.kind, process.is_alive) == (ProcessKind.WORKER, True)


async def test_only_operators_see_any_of_it(rooms: Rooms) -> None:
    await rooms.domain("partner")
    for actor in (await rooms.user("ann"), await rooms.sign_in("partner/boss")):
        for question in (
            list_runs(rooms.operations, actor),
            show_run(rooms.operations, actor, "waiting-0"),
            cancel_run(rooms.operations, actor, "waiting-0"),
            retry_run(rooms.operations, actor, "cancelled-0"),
            list_schedules(rooms.operations, actor),
            start_job(rooms.operations, actor, "test.job"),
            show_system(rooms.operations, actor),
        ):
            with pytest.raises((AccessDenied, Unauthenticated)):
                await question
