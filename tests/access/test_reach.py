"""How grants reach an actor: by group, by pattern, until their end, within a credential's bounds; and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert

from entrepot.access.actor import Actor, Bound, user_subjects
from entrepot.access.check import level_of, require, require_admin, require_person
from entrepot.access.explain import explain
from entrepot.access.grants import Grant, set_grant
from entrepot.access.levels import Action, Level
from entrepot.access.tables import membership
from entrepot.registry.lists import list_catalog
from entrepot.registry.pull import Pulls
from entrepot.values.errors import AccessDenied, Unauthenticated
from tests.make.rooms import Rooms

MIDNIGHT = datetime(2026, 1, 2, tzinfo=UTC)  # the rooms' clock begins a day earlier


async def give(rooms: Rooms, *grants: Grant) -> None:
    async with rooms.db.writing() as tx:
        for one in grants:
            await set_grant(tx, one, by="*", at=rooms.clock.now())


async def join(rooms: Rooms, actor: Actor, group: str) -> None:
    async with rooms.db.writing() as tx:
        await tx.run(insert(membership).values(member=actor.subject, group=group))


async def leave(rooms: Rooms, actor: Actor, group: str) -> None:
    async with rooms.db.writing() as tx:
        await tx.run(delete(membership).where(membership.c.member == actor.subject, membership.c.group == group))


async def level(rooms: Rooms, actor: Actor, name: str) -> Level:
    async with rooms.db.reading() as tx:
        return await level_of(tx, actor, name)


async def ways_in(rooms: Rooms, actor: Actor, path: str) -> list[bool]:
    """Whether each of the places that decide lets `actor` read: the question, the list, the pull path."""
    pulls = Pulls(rooms.registry)
    listed = await list_catalog(rooms.registry, actor, "", 100)
    return [
        await level(rooms, actor, path) >= Level.READ,
        path in listed.items,
        await pulls.manifest(actor, path, "1.0", with_body=False) is not None,
    ]


@pytest.fixture
async def ann(rooms: Rooms) -> Actor:
    await rooms.organization("acme")
    await rooms.push("acme/app", "1.0")
    await rooms.push("acme/team_a-web", "1.0")
    return await rooms.user("ann")


async def test_a_grant_to_a_group_reaches_its_members_while_they_are_members(rooms: Rooms, ann: Actor) -> None:
    await give(rooms, Grant("acme/app", "group:g1", Level.READ))
    assert await ways_in(rooms, ann, "acme/app") == [False] * 3

    await join(rooms, ann, "group:g1")
    assert await ways_in(rooms, ann, "acme/app") == [True] * 3
    assert await ways_in(rooms, ann, "acme/team_a-web") == [False] * 3

    await leave(rooms, ann, "group:g1")
    assert await ways_in(rooms, ann, "acme/app") == [False] * 3


async def test_a_grant_on_a_pattern_counts_for_the_names_that_fit(rooms: Rooms, ann: Actor) -> None:
    await give(rooms, Grant("acme/team_a-*", ann.subject, Level.READ))

    assert await ways_in(rooms, ann, "acme/team_a-web") == [True] * 3
    assert await ways_in(rooms, ann, "acme/app") == [False] * 3
    assert await level(rooms, ann, "acme/teamxa-web") is Level.NONE
    assert await level(rooms, ann, "acme") is Level.NONE


async def test_a_grant_ends_with_its_day_for_remembered_answers_too(rooms: Rooms, ann: Actor) -> None:
    await give(rooms, Grant("acme/app", ann.subject, Level.READ, expires_at=MIDNIGHT))
    pulls = Pulls(rooms.registry)

    rooms.clock.advance(hours=23, minutes=59, seconds=59)
    assert await pulls.manifest(ann, "acme/app", "1.0", with_body=False) is not None
    assert await ways_in(rooms, ann, "acme/app") == [True] * 3

    rooms.clock.advance(seconds=1)
    assert await pulls.manifest(ann, "acme/app", "1.0", with_body=False) is None
    assert await ways_in(rooms, ann, "acme/app") == [False] * 3


async def test_a_grant_given_again_has_the_new_end(rooms: Rooms, ann: Actor) -> None:
    await give(rooms, Grant("acme/app", ann.subject, Level.READ, expires_at=MIDNIGHT))
    await give(rooms, Grant("acme/app", ann.subject, Level.READ))

    rooms.clock.advance(days=2)

    assert await level(rooms, ann, "acme/app") is Level.READ


async def test_bounds_take_away_and_never_give(rooms: Rooms, ann: Actor) -> None:
    await give(rooms, Grant("acme", ann.subject, Level.EDIT))
    bounded = replace(ann, bounds=(Bound("acme/app", Level.READ), Bound("acme/team_a-*", Level.MANAGE)))

    assert await level(rooms, bounded, "acme/app") is Level.READ
    assert await level(rooms, bounded, "acme/team_a-web") is Level.EDIT
    assert await level(rooms, bounded, "acme") is Level.NONE
    assert await ways_in(rooms, bounded, "acme/app") == [True] * 3
    assert await ways_in(rooms, replace(ann, bounds=()), "acme/app") == [False] * 3
    async with rooms.db.reading() as tx:
        with pytest.raises(AccessDenied):
            await require(tx, bounded, Action.REPOSITORY_PUSH, "acme/app")


def test_administration_and_what_is_personal_need_the_whole_account() -> None:
    boss = Actor("boss", "boss", "d1", True, user_subjects("boss", "d1", True))
    require_admin(boss)
    require_person(boss)
    for less in (replace(boss, bounds=()), replace(boss, limits={})):
        with pytest.raises(AccessDenied):
            require_admin(less)
        with pytest.raises(AccessDenied):
            require_person(less)
    with pytest.raises(AccessDenied):
        require_person(replace(boss, is_robot=True))
    with pytest.raises(Unauthenticated):
        require_person(Actor())


async def test_explain_names_every_grant_that_counts_the_strongest_first(rooms: Rooms, ann: Actor) -> None:
    end = MIDNIGHT + timedelta(days=1)
    await join(rooms, ann, "group:g1")
    await give(
        rooms,
        Grant("acme", f"domain:{ann.domain_id}", Level.READ),
        Grant("acme/*", "group:g1", Level.EDIT, end),
        Grant("acme/app", "user:somebody", Level.MANAGE),
        Grant("acme/app", ann.subject, Level.MANAGE, rooms.clock.now()),
        Grant("acme/other", ann.subject, Level.MANAGE),
    )
    async with rooms.db.reading() as tx:
        found = await explain(tx, ann, Action.REPOSITORY_PUSH, "acme/app")
        refused = await explain(tx, ann, Action.REPOSITORY_DELETE, "acme/app")
        bounded = await explain(tx, replace(ann, bounds=()), Action.REPOSITORY_PULL, "acme/app")
        unknown = await explain(tx, ann, Action.REPOSITORY_PULL, "nowhere/at-all")

    assert [(one.scope, one.subject, one.level, one.expires_at) for one in found.reasons] == [
        ("acme/*", "group:g1", Level.EDIT, end),
        ("acme", f"domain:{ann.domain_id}", Level.READ, None),
    ]
    assert (found.is_allowed, found.level, found.needed) == (True, Level.EDIT, Level.EDIT)
    assert (refused.is_allowed, refused.level, refused.needed) == (False, Level.EDIT, Level.MANAGE)
    assert (bounded.is_allowed, bounded.held, bounded.level) == (False, Level.EDIT, Level.NONE)
    assert (unknown.is_allowed, list(unknown.reasons)) == (False, [])
