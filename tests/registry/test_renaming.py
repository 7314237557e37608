"""Another name for a repository: all it holds, its permissions and its history come along, and nothing stays behind."""

import asyncio

import pytest

from entrepot.access.levels import Level
from entrepot.registry.accounting import Accountant
from entrepot.registry.grants import Grantee, Kind, set_grant
from entrepot.registry.history import list_tag_history
from entrepot.registry.immutability import create_rule
from entrepot.registry.immutability_rules import Rule
from entrepot.registry.last_pulls import LastPull
from entrepot.registry.members import list_members
from entrepot.registry.renaming import Renaming, plan_renaming, rename_repository
from entrepot.registry.room import Registry
from entrepot.registry.tagged import show_tag
from entrepot.values.errors import AccessDenied, ParameterInvalid, RepositoryExists, RepositoryUnknown, TagImmutable
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms

APP, NEW, OPEN = RepositoryName("acme/app"), RepositoryName("acme/team/web"), RepositoryName("acme/open")
V1 = TagName("v1")


async def test_content_permissions_and_history_come_along(rooms: Rooms, cast: Cast, registry: Registry):
    second = await rooms.push(APP, "v1")
    await rename_repository(registry, rooms.admin, APP, NEW)

    assert (await show_tag(registry, cast["reader"], NEW, V1)).digest == str(second.digest)
    found, _ = await list_tag_history(registry, rooms.admin, NEW, V1, None, 10)
    assert [one.digest for one in found] == [str(second.digest), str(cast.image.digest)]
    members = await list_members(registry, rooms.admin, NEW)
    assert {one.user_name: one.level for one in members.others} == {
        "reader": Level.READ,
        "editor": Level.EDIT,
        "manager": Level.MANAGE,
    }


async def test_a_public_repository_stays_public(rooms: Rooms, cast: Cast, registry: Registry):
    await rename_repository(registry, rooms.admin, OPEN, NEW)
    assert (await show_tag(registry, cast["anonymous"], NEW, V1)).digest == str(cast.open_image.digest)


async def test_the_old_name_is_free_and_begins_without_permissions(rooms: Rooms, cast: Cast, registry: Registry):
    await rename_repository(registry, rooms.admin, APP, NEW)
    with pytest.raises(RepositoryUnknown):
        await show_tag(registry, rooms.admin, APP, V1)
    await rooms.push(APP, "v1")
    with pytest.raises(RepositoryUnknown):
        await show_tag(registry, cast["reader"], APP, V1)


async def test_the_feed_tells_both_names(rooms: Rooms, cast: Cast, registry: Registry):
    seq = await last_event(rooms.db)
    await rename_repository(registry, rooms.admin, APP, NEW)
    (told,) = await events_after(rooms.db, seq)
    assert (told.type, told.subject, told.organization, told.data) == (
        "repository.renamed",
        "acme/team/web",
        "acme",
        {"before": {"path": "acme/app"}},
    )


async def test_a_name_that_is_taken_or_in_another_organization_is_refused(rooms: Rooms, cast: Cast, registry: Registry):
    with pytest.raises(RepositoryExists):
        await rename_repository(registry, rooms.admin, APP, OPEN)
    await rooms.organization("other")
    with pytest.raises(ParameterInvalid):
        await rename_repository(registry, rooms.admin, APP, RepositoryName("other/app"))
    await rename_repository(registry, rooms.admin, APP, APP)  # its own name changes nothing


async def test_a_plan_says_who_pulls_by_the_old_name_and_which_patterns_fit_it(
    rooms: Rooms, cast: Cast, registry: Registry
):
    registry.counts.answered("GET", APP, "v1", str(cast.image.digest))
    await Accountant(registry).keep()
    for pattern, names in (("acme/a*", ("reader", "editor")), ("acme/*p", ("reader",)), ("acme/b*", ("reader",))):
        for name in names:
            await set_grant(registry, rooms.admin, pattern, Grantee(Kind.USER, name), Level.READ, None)

    plan = await plan_renaming(registry, rooms.admin, APP)

    now = rooms.clock.now()
    last = LastPull(now, "", is_anonymous=True)
    assert plan == Renaming(1, 1, now.date(), last, patterns=["acme/*p", "acme/a*"], kept={})


async def test_a_plan_says_which_immutable_tags_hold_the_name(rooms: Rooms, cast: Cast, registry: Registry):
    await create_rule(registry, rooms.admin, OrganizationName("acme"), Rule("*", "v*"))
    plan = await plan_renaming(registry, rooms.admin, APP)
    assert list(plan.kept) == ["v1"]
    with pytest.raises(TagImmutable):
        await rename_repository(registry, rooms.admin, APP, NEW)


@pytest.mark.parametrize(
    ("who", "wanted"), [("stranger", RepositoryUnknown), ("editor", AccessDenied), ("manager", AccessDenied)]
)
async def test_who_does_not_manage_it_and_create_there_plans_and_renames_nothing(
    cast: Cast, registry: Registry, who: str, wanted: type[Exception]
):
    with pytest.raises(wanted):
        await plan_renaming(registry, cast[who], APP)
    with pytest.raises(wanted):
        await rename_repository(registry, cast[who], APP, NEW)


async def test_of_two_renames_to_one_name_one_wins_and_none_is_lost(rooms: Rooms, cast: Cast, registry: Registry):
    ended = await asyncio.gather(
        rename_repository(registry, rooms.admin, APP, NEW),
        rename_repository(registry, rooms.admin, OPEN, NEW),
        return_exceptions=True,
    )
    assert [type(one) for one in ended if one is not None] == [RepositoryExists]
