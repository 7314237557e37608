"""What would be deleted by rules that are not in force: counted in with those that are, and nothing is kept."""

from dataclasses import replace

import pytest

from entrepot.access.levels import Level
from entrepot.upkeep.policies import create_policy
from entrepot.upkeep.preview import preview
from entrepot.upkeep.rules import Rule, Template
from entrepot.upkeep.tables import retention_wide_policy
from entrepot.upkeep.trials import Trial
from entrepot.upkeep.wide_policies import create_wide_policy
from entrepot.upkeep.wide_rules import WidePolicy, WideRule
from entrepot.values.errors import AccessDenied, ParameterInvalid
from entrepot.values.names import OrganizationName
from tests.make.cast import Cast
from tests.make.looking import rows_in
from tests.upkeep.retaining import APP, aged

ACME = OrganizationName("acme")
MONTH = WidePolicy.parse("*", [WideRule.parse(pushed_days=30)])


async def test_a_policy_that_nobody_kept_is_tried_in_every_repository_it_would_reach(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/open", c=50)
    await aged(rooms, "acme/app", a=50, b=1)

    found = await preview(rooms.upkeep, rooms.admin, ACME, Trial(policy=MONTH), 2)

    going = [f"{path}:{one.fact.name}" for path, one in found.going]
    assert (going[0], len(going), found.deleted, found.repositories) == ("acme/app:a", 2, 4, 2)
    assert (found.looked_at, found.is_whole, [one.path for one in found.losing]) == (5, True, ["acme/app", "acme/open"])
    assert await rows_in(rooms.db, retention_wide_policy) == 0


async def test_a_kept_policy_is_tried_with_other_words_beside_the_rules_that_are_in_force(cast: Cast) -> None:
    rooms = cast.rooms
    await aged(rooms, "acme/app", a=50, b=40, c=10)
    await create_policy(rooms.upkeep, cast["manager"], APP, [Rule(Template.DATE, 45)])
    kept = await create_wide_policy(rooms.upkeep, rooms.admin, ACME, replace(MONTH, is_enabled=False))
    week = WidePolicy.parse("*", [WideRule.parse(pushed_days=7)])

    found = await preview(rooms.upkeep, rooms.admin, APP, Trial(kept.id, week), 10)
    assert {one.fact.name for _, one in found.going} == {"a", "v1"}
    found = await preview(rooms.upkeep, rooms.admin, APP, Trial(own=[Rule(Template.TAGS, 1)]), 10)
    assert {one.fact.name for _, one in found.going} == {"a", "b", "v1"}


async def test_it_says_how_much_only_the_versions_that_go_need(cast: Cast) -> None:
    rooms = cast.rooms
    image = await rooms.push("acme/app", "old-1")
    await rooms.push("acme/app", "old-2", image)
    await rooms.push("acme/open", "old-1")
    rooms.clock.advance(days=2)
    day = Trial(policy=WidePolicy.parse("app", [WideRule.parse(["old-*"], pushed_days=1)]))
    one = Trial(policy=WidePolicy.parse("app", [WideRule.parse(["old-*"], newest=1)]))

    both, first = [await preview(rooms.upkeep, rooms.admin, ACME, trial, 10) for trial in (day, one)]

    assert (both.deleted, both.freed_bytes) == (2, sum(len(blob.content) for blob in image.blobs))
    assert (first.deleted, first.freed_bytes) == (1, 0)


async def test_of_too_many_versions_it_does_not_say_what_only_they_need(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = cast.rooms
    monkeypatch.setattr("entrepot.registry.deletion.TAGS_MAX", 1)
    await aged(rooms, "acme/app", a=50, b=50)

    found = await preview(rooms.upkeep, rooms.admin, ACME, Trial(policy=MONTH), 10)

    assert (found.deleted, found.freed_bytes) == (4, None)


async def test_it_ends_after_so_many_tags_and_is_for_who_may_change_the_rules(cast: Cast) -> None:
    rooms = cast.rooms
    await rooms.grant("acme", "reader", Level.READ)
    few = replace(rooms.upkeep, settings=replace(rooms.upkeep.settings, retention_preview_tags=1))

    found = await preview(few, rooms.admin, ACME, Trial(policy=MONTH), 10)

    assert (found.repositories, found.is_whole) == (1, False)
    with pytest.raises(AccessDenied):
        await preview(few, cast["reader"], ACME, Trial(policy=MONTH), 10)
    far = WidePolicy.parse("*", [WideRule.parse(pulled_days=401)])
    with pytest.raises(ParameterInvalid, match="Pulls are known for 400 days"):
        await preview(few, rooms.admin, ACME, Trial(policy=far), 10)
