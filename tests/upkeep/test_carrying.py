"""Retention carried out: what no rule keeps goes, and what changed meanwhile, or is held by something else, stays."""

import asyncio

import pytest

from entrepot.registry.accessories import signature_tag
from entrepot.registry.closing import close_organization
from entrepot.registry.deletion import delete_tags
from entrepot.registry.immutability import create_rule
from entrepot.registry.immutability_rules import Rule as Immutable
from entrepot.registry.retag import add_tag
from entrepot.upkeep import pacing
from entrepot.upkeep.aging import forget_history
from entrepot.upkeep.collect import collect
from entrepot.upkeep.policies import change_policy, create_policy, list_deletions
from entrepot.upkeep.retain import retain
from entrepot.upkeep.round import Round
from entrepot.upkeep.rules import Rule, Selector, SelectorKind, Template
from entrepot.values.names import OrganizationName, TagName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event, tag_rows
from tests.upkeep.retaining import APP, Meanwhile, aged, deletions, retain_while, runs, there

MONTH = Rule(Template.DATE, 30, (Selector(SelectorKind.LABEL, "latest"),))


async def test_a_policy_that_is_made_is_carried_out_and_its_history_says_what_it_did(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", old=90, latest=80, older=120, new=3)
    number, seen = await create_policy(rooms.upkeep, cast["manager"], APP, [MONTH]), await last_event(rooms.db)

    await retain(rooms.upkeep)

    assert await there(rooms) == {"latest", "new"}
    found, total = await list_deletions(rooms.upkeep, cast["reader"], APP, 0, 10)
    assert (total, {one.tag for one in found}) == (3, {"old", "older", "v1"})
    assert {(one.policy_id, one.deleted_at) for one in found} == {(number, rooms.clock.now())}
    assert [one.rule for one in found] == [MONTH.document] * 3
    [run] = await runs(rooms)
    assert (run.cause, run.state, run.looked_at, run.deleted, run.kept) == ("changed", "done", 5, 3, 2)
    assert run.asked_by == cast["manager"].subject
    told = await events_after(rooms.db, seen)
    assert [(one.type, one.actor) for one in told] == [("tag.deleted", "system")] * 3 + [("retention.ran", "system")]


async def test_a_policy_that_is_changed_is_carried_out_and_deletes_nothing_twice(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50, b=20, c=3)
    number = await create_policy(rooms.upkeep, cast["manager"], APP, [MONTH])
    await retain(rooms.upkeep)

    await change_policy(rooms.upkeep, cast["manager"], APP, number, [Rule(Template.DATE, 10)])
    await asyncio.gather(*(retain(rooms.upkeep) for _ in range(3)))
    await retain(rooms.upkeep)

    assert await there(rooms) == {"c"}
    assert await deletions(rooms) == ["a", "v1", "b"]


async def test_immutable_tags_stay_and_are_counted(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50, release=60)
    await create_rule(rooms.registry, rooms.admin, OrganizationName("acme"), Immutable("*", "rel*"))
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])

    await retain(rooms.upkeep)

    assert await there(rooms) == {"release"}
    [run] = await runs(rooms)
    assert (run.deleted, run.immutable, run.kept) == (2, 1, 1)


async def test_what_runs_stays(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])

    await retain_while(rooms.upkeep, Meanwhile(0, lambda: asyncio.sleep(0), {str(cast.image.digest)}))

    assert await there(rooms) == {"v1"}
    assert (await runs(rooms))[0].running == 1


async def test_a_closed_organization_is_left_alone(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])
    await close_organization(rooms.registry, rooms.admin, OrganizationName("acme"))

    await retain(rooms.upkeep)

    assert await there(rooms) == {"a", "v1"}
    assert await runs(rooms) == []


# Once asked for the plan, once for the page; then it is deleted.
LOOKED = 2


async def test_a_tag_that_moved_or_came_again_since_it_was_judged_stays(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", gone=50, moved=50)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])

    async def push() -> None:
        await rooms.push("acme/app", "moved")
        await rooms.push("acme/app", "v1", cast.image)

    await retain_while(rooms.upkeep, Meanwhile(LOOKED, push))

    assert await there(rooms) == {"moved", "v1"}
    [run] = await runs(rooms)
    assert (run.deleted, run.kept) == (1, 2)


async def test_an_image_that_is_pushed_again_is_young_again(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", gone=50, other=3)
    await rooms.push("acme/app", "v1", cast.image)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])

    await retain(rooms.upkeep)

    assert await there(rooms) == {"other", "v1"}


async def test_as_many_as_the_rule_says_are_kept_though_the_newest_go_meanwhile(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50, b=40, c=30)
    await create_policy(rooms.upkeep, rooms.admin, APP, [Rule(Template.TAGS, 2)])

    async def delete() -> None:
        await delete_tags(rooms.registry, rooms.admin, APP, [TagName("c")])

    await retain_while(rooms.upkeep, Meanwhile(LOOKED, delete))

    assert await there(rooms) == {"b", "v1"}


async def test_a_policy_that_changes_meanwhile_deletes_nothing_more(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50)
    number = await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])

    async def change() -> None:
        await change_policy(rooms.upkeep, rooms.admin, APP, number, [Rule(Template.DATE, 365)])

    await retain_while(rooms.upkeep, Meanwhile(LOOKED, change))

    assert await there(rooms) == {"a", "v1"}


@pytest.mark.parametrize("asked", [3, 4, 5])
async def test_a_run_that_is_broken_off_goes_on(cast: Cast, monkeypatch: pytest.MonkeyPatch, asked: int) -> None:
    for size in ("SMALL", "LARGE"):
        monkeypatch.setattr(pacing, size, 1)
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50, b=40, c=35, d=1)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])

    async def die() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await retain_while(rooms.upkeep, Meanwhile(asked, die))
    assert "c" in await there(rooms)
    await retain(rooms.upkeep)

    assert await there(rooms) == {"d"}
    assert await deletions(rooms) == ["a", "b", "c", "v1"]
    [run] = await runs(rooms)
    assert (run.state, run.looked_at, run.deleted, run.kept) == ("done", 5, 4, 1)


async def test_what_breaks_off_again_and_again_is_left_and_holds_up_nothing_else(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50)
    await create_policy(rooms.upkeep, rooms.admin, APP, [MONTH])

    async def die() -> None:
        raise RuntimeError

    for _ in range(5):
        with pytest.raises(RuntimeError):
            await retain_while(rooms.upkeep, Meanwhile(1, die))
    await retain(rooms.upkeep)

    assert await there(rooms) == {"a", "v1"}
    [run] = await runs(rooms)
    assert (run.state, run.stopped_by, run.detail) == ("failed", "broken_off", {"attempts": 5})


async def test_what_belongs_to_an_image_is_no_version_and_goes_with_the_image(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50, b=40)
    signatures = {signature_tag(row.digest) for row in await tag_rows(rooms.db, "acme/app") if row.name in ("a", "v1")}
    for signature in signatures:
        await rooms.push("acme/app", signature)
    await add_tag(rooms.registry, rooms.admin, APP, TagName("v1"), TagName("stable"))
    await create_policy(rooms.upkeep, rooms.admin, APP, [Rule(Template.TAGS, 1)])
    await retain(rooms.upkeep)
    assert await there(rooms) == {"stable", *signatures}

    rooms.clock.advance(days=20)
    await forget_history(Round(rooms.upkeep))
    rooms.clock.advance(days=2)
    await collect(rooms.upkeep)

    assert await there(rooms) == {"stable", signature_tag(str(cast.image.digest))}
