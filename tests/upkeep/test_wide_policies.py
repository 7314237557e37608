"""Policies of organizations: kept, carried out in what they reach, planned with reasons, and looked back at."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from entrepot.access.levels import Level
from entrepot.registry.accessories import signature_tag
from entrepot.registry.counted_tables import pull_last
from entrepot.registry.push import push_manifest
from entrepot.registry.tables import gc_manifest
from entrepot.upkeep.dry_run import Planned, Summary, plan, why
from entrepot.upkeep.policies import create_policy
from entrepot.upkeep.retain import retain, retain_due
from entrepot.upkeep.rules import Rule, Template
from entrepot.upkeep.runs import list_deleted, list_runs, request_run, show_run
from entrepot.upkeep.tables import retention_wide_policy
from entrepot.upkeep.trials import Trial
from entrepot.upkeep.undoing import undo_run
from entrepot.upkeep.wide_policies import (
    change_wide_policy,
    create_wide_policy,
    delete_wide_policy,
    list_wide_policies,
    show_wide_policy,
)
from entrepot.upkeep.wide_rules import WidePolicy, WideRule
from entrepot.values.errors import AccessDenied, OrganizationUnknown, ParameterInvalid, RuleUnknown, RunUnknown
from entrepot.values.names import OrganizationName, RepositoryName
from tests.make.cast import Cast
from tests.make.furnish import push_blobs
from tests.make.image import Image
from tests.make.looking import events_after, last_event, rows_in, tag_rows
from tests.upkeep.retaining import APP, aged, runs, there

ACME = OrganizationName("acme")
OPEN = RepositoryName("acme/open")
MONTH = WidePolicy.parse("*", [WideRule.parse(pushed_days=30)])


async def planned(
    cast: Cast, place: RepositoryName | OrganizationName, also: int = 0
) -> tuple[dict[str, str], Sequence[Summary]]:
    """Each tag with its sentence, those that go marked; and the summaries."""
    told: dict[str, str] = {}
    summaries = []
    async for one in await plan(cast.rooms.upkeep, cast.rooms.admin, place, Trial(also)):
        if isinstance(one, Planned):
            for verdict in one.verdicts:
                told[f"{one.path}:{verdict.fact.name}"] = ("- " if verdict.is_deleted else "") + why(verdict)
        else:
            summaries.append(one)
    return told, summaries


async def test_a_policy_is_kept_as_it_was_said_and_told(cast: Cast) -> None:
    upkeep, admin = cast.rooms.upkeep, cast.rooms.admin
    seen = await last_event(cast.rooms.db)
    made = await create_wide_policy(upkeep, admin, ACME, MONTH)
    assert await show_wide_policy(upkeep, admin, ACME, made.id) == made
    week = WidePolicy.parse("app", [WideRule.parse(pushed_days=7)])
    for _ in range(2):
        await change_wide_policy(upkeep, admin, ACME, made.id, week)
    assert [one.policy for one in await list_wide_policies(upkeep, admin, ACME)] == [week]

    await delete_wide_policy(upkeep, admin, ACME, made.id)

    assert await list_wide_policies(upkeep, admin, ACME) == []
    with pytest.raises(RuleUnknown):
        await show_wide_policy(upkeep, admin, ACME, made.id)
    told = await events_after(cast.rooms.db, seen)
    assert [one.type for one in told] == [
        "retention.policy_created",
        "retention.policy_changed",
        "retention.policy_deleted",
    ]


async def test_only_managers_of_the_organization_change_policies(cast: Cast) -> None:
    upkeep = cast.rooms.upkeep
    await cast.rooms.grant("acme", "reader", Level.READ)
    made = await create_wide_policy(upkeep, cast.rooms.admin, ACME, MONTH)

    assert await list_wide_policies(upkeep, cast["reader"], ACME) == [made]
    with pytest.raises(AccessDenied):
        await create_wide_policy(upkeep, cast["reader"], ACME, MONTH)
    with pytest.raises(AccessDenied):
        await request_run(upkeep, cast["reader"], ACME)
    with pytest.raises(AccessDenied):
        await plan(upkeep, cast["reader"], ACME)
    with pytest.raises(RuleUnknown):
        await plan(upkeep, cast.rooms.admin, ACME, Trial(77))
    with pytest.raises(OrganizationUnknown):
        await list_wide_policies(upkeep, cast["stranger"], ACME)
    far = WidePolicy.parse("*", [WideRule.parse(pulled_days=401)])
    with pytest.raises(ParameterInvalid, match="Pulls are known for 400 days"):
        await create_wide_policy(upkeep, cast.rooms.admin, ACME, far)
    assert await rows_in(cast.rooms.db, retention_wide_policy) == 1


async def test_it_is_carried_out_at_once_in_every_repository_that_it_reaches(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/open", a=50, b=1)

    await create_wide_policy(rooms.upkeep, rooms.admin, ACME, MONTH)
    await retain(rooms.upkeep)

    assert (await there(rooms, "acme/app"), await there(rooms, "acme/open")) == (set(), {"b"})
    found, has_more = await list_runs(rooms.upkeep, rooms.admin, ACME, None, 1)
    assert ([(one.path, one.deleted) for one in found], has_more) == ([("acme/open", 2)], True)
    older, has_more = await list_runs(rooms.upkeep, rooms.admin, ACME, found[0].id, 1)
    assert ([(one.path, one.deleted, one.by) for one in older], has_more) == ([("acme/app", 1, "admin")], False)
    [tag], _ = await list_deleted(rooms.upkeep, cast["reader"], APP, older[0].id, 0, 10)
    assert (tag.tag, tag.policy_id, tag.rule) == ("v1", 0, {"policy": 1, **MONTH.rules[0].document})


async def test_what_the_repositorys_own_policy_keeps_is_kept(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50, b=40)
    await create_policy(rooms.upkeep, cast["manager"], APP, [Rule(Template.TAGS, 1)])

    await create_wide_policy(rooms.upkeep, rooms.admin, ACME, WidePolicy.parse("app", [WideRule.parse(pushed_days=45)]))
    await retain(rooms.upkeep)

    assert await there(rooms) == {"b"}
    assert await there(rooms, "acme/open") == {"v1"}


async def test_a_plan_says_of_each_tag_why_and_changes_nothing(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", old=50, new=1, pulled=80, signed=85, keep=90)
    rows = {row.name: row for row in await tag_rows(rooms.db, "acme/app")}
    await rooms.push("acme/app", signature_tag(rows["signed"].digest))
    async with rooms.db.writing() as tx:
        pull = {"repository_id": rows["pulled"].repository_id, "pulled_by": "", "tag": "pulled"}
        await tx.run(insert(pull_last).values(pull | {"pulled_at": rooms.clock.now() - timedelta(days=3)}))
    rule = WideRule.parse([], ["keep"], pulled_days=30, signed=True)
    policy = WidePolicy.parse("app", [rule], is_enabled=False)
    made = await create_wide_policy(rooms.upkeep, rooms.admin, ACME, policy)
    assert await planned(cast, ACME) == ({}, [])
    tried = await planned(cast, ACME, made.id)
    await change_wide_policy(rooms.upkeep, rooms.admin, ACME, made.id, replace(policy, is_enabled=True))

    told, [summary] = await planned(cast, ACME)

    assert tried == (told, [summary])
    assert told == {
        "acme/app:old": "- No rule keeps it.",
        "acme/app:v1": "- No rule keeps it.",
        "acme/app:new": "It was pushed within 30 days.",
        "acme/app:pulled": "It was pulled within 30 days.",
        "acme/app:signed": "It is signed.",
        "acme/app:keep": "A rule excepts it.",
        f"acme/app:{signature_tag(rows['signed'].digest)}": "It belongs to an image, and goes when that does.",
    }
    tally = summary.tally
    assert (tally.looked_at, tally.deleted, tally.kept, summary.stopped) == (6, 2, 4, None)
    assert len(await there(rooms)) == 7
    assert await runs(rooms) == []
    await retain(rooms.upkeep)
    assert await there(rooms) == {name.partition(":")[2] for name, said in told.items() if not said.startswith("-")}


async def test_images_that_never_had_a_tag_are_handed_to_garbage_collection_once(cast: Cast) -> None:
    rooms = cast.rooms
    image, child = Image.make(), Image.make()
    for one in (image, child):
        await push_blobs(rooms.registry, rooms.admin, APP, one.blobs)
        await push_manifest(rooms.registry, rooms.admin, APP, one.digest, one.body, one.media_type)
    await rooms.push("acme/app", "index", Image.index(child))
    rooms.clock.advance(days=8)
    await create_wide_policy(rooms.upkeep, rooms.admin, ACME, WidePolicy.parse("*", [], untagged_days=7))
    _, summaries = await planned(cast, APP)
    assert [one.untagged for one in summaries] == [1]

    await retain(rooms.upkeep)
    await request_run(rooms.upkeep, cast["manager"], APP)
    await retain(rooms.upkeep)

    assert [(one.cause, one.untagged) for one in await runs(rooms) if one.repository_id == 1] == [
        ("changed", 1),
        ("asked", 0),
    ]
    async with rooms.db.reading() as tx:
        waiting = await tx.rows(select(gc_manifest))
    assert [row.digest for row in waiting] == [str(image.digest)]


async def test_who_insists_is_not_held_up(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50)
    await create_wide_policy(rooms.upkeep, rooms.admin, ACME, MONTH)
    await retain(rooms.upkeep)
    [first], _ = await list_runs(rooms.upkeep, rooms.admin, APP, None, 10)
    assert first.can_be_undone
    await undo_run(rooms.upkeep, cast["manager"], APP, first.id)
    await retain(rooms.upkeep)
    assert not (await show_run(rooms.upkeep, rooms.admin, APP, first.id)).can_be_undone
    _, [summary] = await planned(cast, APP)
    assert summary.stopped is not None

    await request_run(rooms.upkeep, cast["manager"], APP)
    await retain(rooms.upkeep)
    assert await there(rooms) == {"a", "v1"}
    await request_run(rooms.upkeep, rooms.admin, ACME, is_forced=True)
    await retain(rooms.upkeep)

    assert await there(rooms) == set()


async def test_a_run_is_asked_for_where_a_rule_reaches_and_looked_at_where_it_was(cast: Cast) -> None:
    rooms = cast.rooms
    with pytest.raises(RuleUnknown, match="No retention policy reaches acme/app"):
        await request_run(rooms.upkeep, cast["manager"], APP)
    with pytest.raises(AccessDenied):
        await request_run(rooms.upkeep, cast["editor"], APP)
    with pytest.raises(AccessDenied):
        await plan(rooms.upkeep, cast["editor"], APP)
    with pytest.raises(RunUnknown):
        await show_run(rooms.upkeep, cast["reader"], APP, 1)
    with pytest.raises(RunUnknown):
        await list_deleted(rooms.upkeep, cast["reader"], APP, 1, 0, 10)


async def test_a_plan_says_what_a_jumped_clock_stops(cast: Cast) -> None:
    rooms = cast.rooms
    await create_wide_policy(rooms.upkeep, rooms.admin, ACME, MONTH)
    await retain_due(rooms.upkeep)
    rooms.clock.advance(days=500)
    await retain_due(rooms.upkeep)

    _, summaries = await planned(cast, OPEN)

    assert [one.tally.deleted for one in summaries] == [1]
    assert [one.stopped.by if one.stopped else "" for one in summaries] == ["clock"]
