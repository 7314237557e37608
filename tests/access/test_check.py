"""The question every verb asks, against real grants."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from entrepot.access.actor import ANONYMOUS, EVERYONE, Actor, admins_of, user_subjects
from entrepot.access.check import level_of, require, require_account, require_admin, scopes_of
from entrepot.access.grants import Grant, grants_on, remove_grant, remove_scope, set_grant
from entrepot.access.levels import NEEDS, Action, Level
from entrepot.access.tables import grant
from entrepot.values.errors import AccessDenied, Unauthenticated
from tests.make.rooms import Rooms

ANN = Actor("ann", "ann", "d1", False, user_subjects("ann", "d1", False))
BOSS = Actor("boss", "boss", "d1", True, user_subjects("boss", "d1", True))


async def give(rooms: Rooms, *grants: tuple[str, str, Level]) -> None:
    async with rooms.db.writing() as tx:
        for scope, subject, level in grants:
            await set_grant(tx, Grant(scope, subject, level), by="*", at=rooms.clock.now())


async def level(rooms: Rooms, actor: Actor, name: str) -> Level:
    async with rooms.db.reading() as tx:
        return await level_of(tx, actor, name)


def test_a_user_is_reached_by_these_names() -> None:
    assert ANONYMOUS.subjects == (EVERYONE,)
    assert user_subjects("ann", "d1", False) == ("*", "user:ann", "domain:d1")
    assert user_subjects("ann", "d1", True) == ("*", "user:ann", "domain:d1", "admins:d1")
    assert (ANN.subject, ANONYMOUS.subject) == ("user:ann", "*")
    assert ANONYMOUS.is_anonymous and not ANN.is_anonymous


def test_a_repository_is_covered_by_its_own_scope_and_its_organizations() -> None:
    assert scopes_of("acme") == ("acme",)
    assert scopes_of("acme/app") == ("acme", "acme/app")
    assert scopes_of("acme/app/inner") == ("acme", "acme/app/inner")


async def test_the_highest_level_that_applies_counts(rooms: Rooms) -> None:
    await give(
        rooms,
        ("acme", "user:ann", Level.EDIT),
        ("acme/app", "user:ann", Level.READ),
        ("acme/open", "*", Level.READ),
        ("acme/lib", "domain:d1", Level.EDIT),
        ("acme/lib", "admins:d1", Level.MANAGE),
        ("acme-2/app", "user:ann", Level.MANAGE),
        ("acm", "user:ann", Level.MANAGE),
    )

    assert await level(rooms, ANN, "acme/app") is Level.EDIT
    assert await level(rooms, ANN, "acme") is Level.EDIT
    assert await level(rooms, ANN, "acme/lib") is Level.EDIT
    assert await level(rooms, BOSS, "acme/lib") is Level.MANAGE
    assert await level(rooms, BOSS, "acme/app") is Level.NONE
    assert await level(rooms, ANONYMOUS, "acme/open") is Level.READ
    assert await level(rooms, ANONYMOUS, "acme/open/inner") is Level.NONE
    assert await level(rooms, Actor(subjects=()), "acme/open") is Level.NONE
    assert await level(rooms, replace(ANN, subjects=user_subjects("ann", "d2", True)), "acme/lib") is Level.EDIT


@pytest.mark.parametrize("held", list(Level))
async def test_an_action_is_allowed_from_its_level_on(rooms: Rooms, held: Level) -> None:
    if held:
        await give(rooms, ("acme/app", "user:ann", held))
    async with rooms.db.reading() as tx:
        for action, needed in NEEDS.items():
            if held >= needed:
                assert await require(tx, ANN, action, "acme/app") is held
                continue
            with pytest.raises(AccessDenied) as refused:
                await require(tx, ANN, action, "acme/app")
            assert refused.value.readable is (held >= Level.READ)
            with pytest.raises(Unauthenticated):
                await require(tx, ANONYMOUS, action, "acme/app")


TOKENS = {
    Action.REPOSITORY_PULL: "pull",
    Action.REPOSITORY_PUSH: "push",
    Action.REPOSITORY_DELETE_CONTENT: "delete",
}


async def test_a_token_needs_the_action_for_this_very_name(rooms: Rooms) -> None:
    await give(rooms, ("acme", "user:ann", Level.MANAGE))
    async with rooms.db.reading() as tx:
        for action in NEEDS:
            for limits, is_enough in (
                ({"acme/app": frozenset({TOKENS.get(action, "*")})}, True),
                ({"acme/app": frozenset({"pull", "push", "delete"})}, action in TOKENS),
                ({"acme/other": frozenset({"pull", "push", "delete", "*"})}, False),
                ({}, False),
            ):
                actor = replace(ANN, limits=limits)
                if is_enough:
                    await require(tx, actor, action, "acme/app")
                    continue
                with pytest.raises(Unauthenticated) as refused:
                    await require(tx, actor, action, "acme/app")
                assert refused.value.detail == {"insufficient_scope": True}


async def test_a_token_never_allows_more_than_its_account(rooms: Rooms) -> None:
    await give(rooms, ("acme/app", "user:ann", Level.READ))
    everything = replace(ANN, limits={"acme/app": frozenset({"pull", "push", "delete", "*"})})
    async with rooms.db.reading() as tx:
        await require(tx, everything, Action.REPOSITORY_PULL, "acme/app")
        with pytest.raises(AccessDenied):
            await require(tx, everything, Action.REPOSITORY_PUSH, "acme/app")


def test_an_administrator_is_one_who_signed_in() -> None:
    require_admin(BOSS)
    require_account(BOSS)
    require_account(ANONYMOUS)
    with pytest.raises(Unauthenticated):
        require_admin(ANONYMOUS)
    for actor in (ANN, replace(BOSS, limits={})):
        with pytest.raises(AccessDenied):
            require_admin(actor)
    with pytest.raises(AccessDenied):
        require_account(replace(BOSS, limits={}))


async def test_a_grant_is_set_once_and_changed_in_place(rooms: Rooms) -> None:
    await give(rooms, ("acme", "user:ann", Level.READ), ("acme", "user:ann", Level.MANAGE), ("acme", "*", Level.READ))

    async with rooms.db.writing() as tx:
        assert await grants_on(tx, "acme", "user:") == [Grant("acme", "user:ann", Level.MANAGE)]
        assert await remove_grant(tx, "acme", "user:ann")
        assert not await remove_grant(tx, "acme", "user:ann")
        assert await grants_on(tx, "acme", "user:") == []


async def test_a_scope_is_forgotten_with_what_is_inside_and_nothing_beside(rooms: Rooms) -> None:
    scopes = ["a_b", "a_b/x", "a_b/x/y", "axb", "axb/x", "a_b-c", "a_b-c/x", "a_bc/x"]
    await give(rooms, *((scope, "*", Level.READ) for scope in scopes))

    async def left() -> list[str]:
        async with rooms.db.reading() as tx:
            return [row.scope for row in await tx.rows(select(grant.c.scope).order_by(grant.c.scope))]

    async with rooms.db.writing() as tx:
        await remove_scope(tx, "a_b/x")
    assert await left() == sorted(set(scopes) - {"a_b/x"})
    async with rooms.db.writing() as tx:
        await remove_scope(tx, "a_b")
    assert await left() == sorted(set(scopes) - {"a_b", "a_b/x", "a_b/x/y"})


async def test_names_are_compared_alike_wherever_they_stand(rooms: Rooms) -> None:
    """Else PostgreSQL cannot use an index of one for the other, and sorts users by its own locale."""
    if rooms.db.dialect != "postgresql":
        return
    found = text(
        "SELECT table_name || '.' || column_name AS place, collation_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND (table_name, column_name) IN (('grant', 'scope'), ('repository', 'path'), "
        "('organization', 'name'), ('tag', 'name'), ('user', 'name'), ('upload', 'path')) ORDER BY 1"
    )
    async with rooms.db.reading() as tx:
        rows = await tx.rows(found)
    assert len(rows) == 6
    assert {row.collation_name for row in rows} == {"C"}


def test_administrators_of_two_domains_are_two_subjects() -> None:
    assert admins_of("d1") != admins_of("d2")
