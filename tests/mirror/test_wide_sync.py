"""Rules of synchronisation of our own: made, shown, changed, deleted, run; and all copies, for who operates it."""

from typing import Any

import pytest

from entrepot.mirror.copies import cancel_any_copy, list_all_copies, list_copies, retry_any_copy
from entrepot.mirror.queries import wide as queries
from entrepot.mirror.regions import create_region, delete_region, show_region_use
from entrepot.mirror.room import Mirror
from entrepot.mirror.rules import Status
from entrepot.mirror.sync import Destination, request_copies
from entrepot.mirror.wanting import Wanted, let_wait
from entrepot.mirror.wide_rules import WideRule
from entrepot.mirror.wide_sync import (
    change_wide_rule,
    create_wide_rule,
    delete_wide_rule,
    list_wide_rules,
    run_wide_rule,
    show_wide_rule,
)
from entrepot.registry.queries import names
from entrepot.values.errors import AccessDenied, ParameterInvalid, RuleExists, RuleUnknown, TooMany, Unauthenticated
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, SyncRuleName, TagName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event

RULE = SyncRuleName("nightly")
NORTH, SOUTH = RegionName("north-1"), RegionName("south-1")
LEAST = {"direction": "push", "regions": [NORTH], "repositories": ["acme/*"]}
APP = RepositoryName("acme/app")


@pytest.fixture
async def mirror(cast: Cast) -> Mirror:
    for one in (NORTH, SOUTH):
        await create_region(cast.rooms.mirror, cast["admin"], one, f"https://{one}.example")
    return cast.rooms.mirror


async def waiting(mirror: Mirror, *tags: str) -> int:
    """Let copies of the rule wait; how many do that did not."""
    async with mirror.db.writing() as tx:
        row = await queries.rule_by_name(tx, RULE)
        found = await names.repository_by_path(tx, APP)
        assert row is not None
        assert found is not None
        wanted = [Wanted(NORTH, "acme/app", tag) for tag in tags]
        rule = WideRule.of(row.document)
        return await let_wait(tx, row, rule, found.id, wanted, mirror.clock.now(), beside=(Status.WAITING,))


async def test_a_rule_is_made_listed_shown_and_deleted(cast: Cast, mirror: Mirror) -> None:
    before, admin = await last_event(mirror.db), cast["admin"]
    made = await create_wide_rule(mirror, admin, RULE, {**LEAST, "tags": ["v*"]})
    await create_wide_rule(mirror, admin, SyncRuleName("another"), LEAST)

    assert (made.name, made.creator_name, made.known, made.last, made.under_way) == (RULE, "admin", [NORTH], None, 0)
    assert made.due_at == mirror.clock.now()
    first = await list_wide_rules(mirror, admin, "", 1)
    rest = await list_wide_rules(mirror, admin, first.after or "", 10)
    assert [one.name for one in (*first.items, *rest.items)] == ["another", RULE]
    assert rest.after is None

    await delete_wide_rule(mirror, admin, RULE)
    with pytest.raises(RuleUnknown):
        await show_wide_rule(mirror, admin, RULE)
    events = await events_after(mirror.db, before)
    assert [(one.type, one.subject) for one in events] == [
        ("wide-sync-rule.created", RULE),
        ("wide-sync-rule.created", "another"),
        ("wide-sync-rule.deleted", RULE),
    ]
    assert events[0].data["rule"]["tags"] == ["v*"]
    assert events[2].data["before"]["tags"] == ["v*"]


@pytest.mark.parametrize("who", ["anonymous", "stranger", "reader", "editor", "manager"])
async def test_only_operators_know_of_such_rules(cast: Cast, mirror: Mirror, who: str) -> None:
    await create_wide_rule(mirror, cast["admin"], RULE, LEAST)
    denied = Unauthenticated if who == "anonymous" else AccessDenied
    actor = cast[who]

    for call in (
        create_wide_rule(mirror, actor, SyncRuleName("another"), LEAST),
        list_wide_rules(mirror, actor, "", 10),
        show_wide_rule(mirror, actor, RULE),
        change_wide_rule(mirror, actor, RULE, {}),
        delete_wide_rule(mirror, actor, RULE),
        run_wide_rule(mirror, actor, RULE),
        list_all_copies(mirror, actor, None, (), None, 10),
        cancel_any_copy(mirror, actor, 1),
        retry_any_copy(mirror, actor, 1),
    ):
        with pytest.raises(denied):
            await call


async def test_a_name_is_given_once_and_regions_must_be_known(cast: Cast, mirror: Mirror) -> None:
    await create_wide_rule(mirror, cast["admin"], RULE, LEAST)

    with pytest.raises(RuleExists):
        await create_wide_rule(mirror, cast["admin"], RULE, LEAST)
    with pytest.raises(RuleUnknown, match="There is no region nowhere"):
        await create_wide_rule(mirror, cast["admin"], SyncRuleName("b"), {**LEAST, "regions": ["nowhere"]})


async def test_an_installation_has_so_many_rules(cast: Cast, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("entrepot.mirror.wide_rules.RULES_MAX", 1)
    await create_wide_rule(mirror, cast["admin"], RULE, LEAST)

    with pytest.raises(TooMany):
        await create_wide_rule(mirror, cast["admin"], SyncRuleName("b"), LEAST)


@pytest.mark.parametrize(
    ("given", "stays"), [({"tags": ["v*"]}, False), ({"bytes_per_second": 5, "windows": ["22:00-06:00"]}, True)]
)
async def test_a_rule_that_copies_something_else_calls_off_what_waits(
    cast: Cast, mirror: Mirror, given: dict[str, Any], stays: bool
) -> None:
    await create_wide_rule(mirror, cast["admin"], RULE, LEAST)
    assert await waiting(mirror, "v1", "v2") == 2
    before = await last_event(mirror.db)

    changed = await change_wide_rule(mirror, cast["admin"], RULE, given)

    assert changed.rule.document == {**changed.rule.document, **given}
    page = await list_all_copies(mirror, cast["admin"], RULE, (), None, 10)
    assert {one.status for one in page.items} == {Status.WAITING if stays else Status.CANCEL}
    [event] = await events_after(mirror.db, before)
    assert (event.data["now"], event.data["cancelled"]) == (given, 0 if stays else 2)


async def test_what_is_said_again_changes_nothing(cast: Cast, mirror: Mirror) -> None:
    made = await create_wide_rule(mirror, cast["admin"], RULE, LEAST)
    before = await last_event(mirror.db)
    cast.rooms.clock.advance(seconds=60)

    assert await change_wide_rule(mirror, cast["admin"], RULE, LEAST) == made
    assert await events_after(mirror.db, before) == []


async def test_a_disabled_rule_is_not_due_and_not_run_by_hand(cast: Cast, mirror: Mirror) -> None:
    await create_wide_rule(mirror, cast["admin"], RULE, {**LEAST, "enabled": False})

    assert (await show_wide_rule(mirror, cast["admin"], RULE)).due_at is None
    with pytest.raises(ParameterInvalid, match="enable"):
        await run_wide_rule(mirror, cast["admin"], RULE)
    enabled = await change_wide_rule(mirror, cast["admin"], RULE, {"enabled": True})
    assert enabled.due_at == mirror.clock.now()


async def test_a_rule_is_run_by_hand_before_it_is_due(cast: Cast, mirror: Mirror) -> None:
    await create_wide_rule(mirror, cast["admin"], RULE, {**LEAST, "at": "03:00"})
    before = await last_event(mirror.db)

    shown = await run_wide_rule(mirror, cast["admin"], RULE)

    assert shown.due_at == mirror.clock.now()
    assert [one.type for one in await events_after(mirror.db, before)] == ["wide-sync-rule.asked"]


async def test_a_region_that_is_forgotten_goes_from_its_rules(cast: Cast, mirror: Mirror) -> None:
    await create_wide_rule(mirror, cast["admin"], RULE, {**LEAST, "regions": [NORTH, SOUTH]})
    await waiting(mirror, "v1")
    use = await show_region_use(mirror, cast["admin"], NORTH)
    assert (use.rules, use.waiting) == (1, 1)

    await delete_region(mirror, cast["admin"], NORTH)

    shown = await show_wide_rule(mirror, cast["admin"], RULE)
    assert (shown.rule.regions, shown.known, shown.under_way) == ((NORTH, SOUTH), [SOUTH], 0)
    changed = await change_wide_rule(mirror, cast["admin"], RULE, {"enabled": False})
    assert (changed.rule.regions, changed.known) == ((SOUTH,), [SOUTH])


async def test_what_waits_is_not_doubled_and_has_an_end(
    cast: Cast, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrepot.mirror.wanting.WANTED_MAX", 3)
    await create_wide_rule(mirror, cast["admin"], RULE, LEAST)

    assert await waiting(mirror, "v1", "v2") == 2
    assert await waiting(mirror, "v1", "v2", "v3", "v4") == 1


async def test_operators_see_all_copies_call_them_off_and_try_them_again(cast: Cast, mirror: Mirror) -> None:
    admin = cast["admin"]
    await create_wide_rule(mirror, admin, RULE, LEAST)
    to = Destination(NORTH, OrganizationName("copies"))
    await request_copies(mirror, cast["editor"], APP, to, [TagName("v1")])
    await waiting(mirror, "v2")

    everything = await list_all_copies(mirror, admin, None, (), None, 10)
    assert [(one.tag, one.rule, one.path, one.there) for one in everything.items] == [
        ("v2", RULE, APP, "acme/app"),
        ("v1", "", APP, "copies/app"),
    ]
    page = await list_all_copies(mirror, admin, None, (), None, 1)
    assert page.after == everything.items[0].id
    assert [one.tag for one in (await list_all_copies(mirror, admin, None, (), page.after, 1)).items] == ["v1"]
    await cancel_any_copy(mirror, admin, everything.items[0].id)
    assert [one.tag for one in (await list_all_copies(mirror, admin, None, {Status.CANCEL}, None, 9)).items] == ["v2"]
    await retry_any_copy(mirror, admin, everything.items[0].id)
    [again] = (await list_all_copies(mirror, admin, RULE, {Status.WAITING}, None, 9)).items
    assert (again.tag, again.rule) == ("v2", RULE)
    for call in (cancel_any_copy(mirror, admin, 99), retry_any_copy(mirror, admin, 99)):
        with pytest.raises(RuleUnknown, match="no copy number 99"):
            await call


async def test_the_contracts_list_tells_of_copies_to_regions_alone(cast: Cast, mirror: Mirror) -> None:
    pull = {**LEAST, "direction": "pull", "every_seconds": 60}
    await create_wide_rule(mirror, cast["admin"], RULE, pull)
    await waiting(mirror, "v1")

    found, total, _ = await list_copies(mirror, cast["admin"], APP, newest_first=True, offset=0, limit=10)

    assert (list(found), total) == ([], 0)
