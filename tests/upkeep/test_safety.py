"""What holds retention up: a clock that jumped, too large a share, and a run that was undone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from entrepot.registry.quota_rules import Resource
from entrepot.registry.quotas import set_domain_quotas
from entrepot.upkeep.planning import Tally
from entrepot.upkeep.policies import change_policy, create_policy
from entrepot.upkeep.retain import forget_runs, retain, retain_due
from entrepot.upkeep.rules import Rule, Template
from entrepot.upkeep.safety import Stop, Stopped, check_share, last_due
from entrepot.upkeep.settings import UpkeepSettings
from entrepot.upkeep.tables import retention_deletion, retention_wish
from entrepot.upkeep.undoing import undo_run
from entrepot.values.errors import AccessDenied, ParameterInvalid, RunUnknown
from entrepot.values.names import DomainName, RepositoryName
from tests.make.cast import Cast
from tests.make.looking import rows_in, tag_rows
from tests.upkeep.retaining import APP, aged, deletions, runs, there, tomorrow

MONTH = Rule(Template.DATE, 30)


@pytest.mark.parametrize(
    ("looked_at", "deleted", "stops"),
    [(0, 0, False), (10, 10, False), (11, 11, True), (100, 50, False), (100, 51, True), (1_000_000, 500_000, False)],
)
def test_more_than_the_share_and_more_than_a_few_stop_a_run(looked_at: int, deleted: int, stops: bool) -> None:
    found = check_share(Tally(looked_at, deleted), UpkeepSettings())

    assert (found is not None) == stops
    if found is not None:
        assert f"delete {deleted} of {looked_at} tags" in found.said


@pytest.mark.parametrize("by", Stop)
def test_each_stop_has_a_sentence(by: Stop) -> None:
    words = ("deleted", "looked_at", "percent", "before", "now", "until", "attempts")

    assert len(str(Stopped(by, dict.fromkeys(words, "7")).said)) > 20


def test_what_is_due_each_day_is_due_from_an_hour_on() -> None:
    assert last_due(datetime(2026, 5, 2, 3, 1, tzinfo=UTC), 3) == datetime(2026, 5, 2, 3, tzinfo=UTC)
    assert last_due(datetime(2026, 5, 2, 2, 59, tzinfo=UTC), 3) == datetime(2026, 5, 1, 3, tzinfo=UTC)


async def test_policies_are_carried_out_once_a_day(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=29.5, b=1)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])
    await retain_due(rooms.upkeep)
    assert await there(rooms) == {"a", "b", "v1"}

    await tomorrow(rooms)
    await tomorrow(rooms)

    assert await there(rooms) == {"b"}
    assert [(one.cause, one.deleted) for one in await runs(rooms)] == [("changed", 0), ("due", 2), ("due", 0)]
    await tomorrow(rooms)
    assert len(await runs(rooms)) == 3  # of days on which nothing happened the last is kept


async def test_a_clock_that_jumped_deletes_nothing_until_its_time_is_over(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=2, b=1)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])
    await retain_due(rooms.upkeep)

    rooms.clock.advance(days=3_650)
    await retain_due(rooms.upkeep)
    await tomorrow(rooms)
    assert await there(rooms) == {"a", "b", "v1"}
    stopped = (await runs(rooms))[-1]
    assert (stopped.state, stopped.stopped_by) == ("stopped", "clock")
    assert Stopped(Stop(stopped.stopped_by), stopped.detail).said.startswith("The clock went from 2026-01-03T")

    await tomorrow(rooms)
    await tomorrow(rooms)
    await tomorrow(rooms)
    assert await there(rooms) == set()


async def test_a_clock_that_is_set_back_is_believed_at_once(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=2)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])
    await retain_due(rooms.upkeep)
    rooms.clock.advance(days=3_650)
    await retain_due(rooms.upkeep)

    rooms.clock.advance(days=-3_650)
    await tomorrow(rooms)
    await tomorrow(rooms)

    assert (await runs(rooms))[-1].stopped_by == ""


async def test_a_share_that_is_too_large_is_not_deleted_by_the_clock(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", **{f"t{number}": 29.5 for number in range(11)}, z=1)
    number = await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])
    await retain_due(rooms.upkeep)

    await tomorrow(rooms)
    assert len(await there(rooms)) == 13
    run = (await runs(rooms))[-1]
    assert (run.state, run.stopped_by, run.looked_at, run.deleted) == ("stopped", "share", 13, 0)
    assert run.detail == {"deleted": 12, "looked_at": 13, "percent": 50}

    await change_policy(rooms.upkeep, rooms.admin, APP, number, [Rule(Template.DATE, 29)])
    await retain(rooms.upkeep)
    assert await there(rooms) == {"z"}


async def test_an_undone_run_brings_its_tags_back_as_old_as_they_were(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50, b=40, c=3)
    before = {row.name: row.valid_from for row in await tag_rows(rooms.db, APP)}
    number = await create_policy(rooms.upkeep, cast["manager"], APP, [MONTH, Rule(Template.TAGS, 1)])
    await retain(rooms.upkeep)
    await rooms.push("acme/app", "b")

    await undo_run(rooms.upkeep, cast["manager"], APP, 1)
    await retain(rooms.upkeep)

    assert await there(rooms) == {"a", "b", "c", "v1"}
    [run] = await runs(rooms)
    assert (run.restored, run.refused, run.undone_by) == (2, 1, cast["manager"].subject)
    open_rows = {row.name: row for row in await tag_rows(rooms.db, APP) if row.valid_until is None}
    assert open_rows["a"].pushed_at == before["a"]
    assert open_rows["a"].valid_from == rooms.clock.now()

    # The same rules would delete the same tags: the repository is held until they change.
    await tomorrow(rooms)
    assert (await runs(rooms))[-1].stopped_by == "held"
    await change_policy(rooms.upkeep, cast["manager"], APP, number, [Rule(Template.DATE, 2), Rule(Template.TAGS, 3)])
    await retain(rooms.upkeep)
    assert await there(rooms) == {"b", "c", "v1"}


async def test_undoing_stops_at_a_quota_and_says_of_which_tags(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50, b=40)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])
    await retain(rooms.upkeep)
    await set_domain_quotas(rooms.registry, rooms.admin, DomainName("default"), {Resource.TAGS: 2})
    await undo_run(rooms.upkeep, rooms.admin, APP, 1)
    await retain(rooms.upkeep)

    assert await there(rooms) == {"a"}  # the other tag that the domain has is in acme/open
    [run] = await runs(rooms)
    assert (run.restored, run.refused) == (1, 2)


async def test_only_managers_undo_and_only_what_is_over_and_deleted_something(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=1)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])
    await retain(rooms.upkeep)

    with pytest.raises(AccessDenied):
        await undo_run(rooms.upkeep, cast["editor"], APP, 1)
    with pytest.raises(ParameterInvalid, match="deleted nothing"):
        await undo_run(rooms.upkeep, cast["manager"], APP, 1)
    for path, run in ((APP, 7), (RepositoryName("acme/open"), 1)):
        with pytest.raises(RunUnknown):
            await undo_run(rooms.upkeep, rooms.admin, path, run)
    assert await rows_in(rooms.db, retention_wish) == 0


async def test_what_runs_did_is_forgotten_in_time(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])
    await retain(rooms.upkeep)

    rooms.clock.advance(days=89)
    await forget_runs(rooms.upkeep)
    assert await deletions(rooms) == ["a", "v1"]
    rooms.clock.advance(days=2)
    await forget_runs(rooms.upkeep)

    assert await rows_in(rooms.db, retention_deletion) == 0
    assert await runs(rooms) == []


async def test_the_settings_say_how_careful_it_is(cast: Cast) -> None:
    rooms = cast.rooms
    bold = replace(
        rooms.upkeep, settings=replace(rooms.upkeep.settings, retention_jump_days=0, retention_share_percent=100)
    )
    await aged(rooms, "acme/app", **{f"t{number}": 1 for number in range(11)})
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])
    await retain_due(bold)

    rooms.clock.advance(days=40)
    await retain_due(bold)

    assert await there(rooms) == set()
