"""Explain and require are one evaluation: over random grants they never disagree."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from entrepot.access.actor import ANONYMOUS, Actor, Bound, user_subjects
from entrepot.access.check import require
from entrepot.access.explain import explain
from entrepot.access.grants import Grant, set_grant
from entrepot.access.groups import join_group
from entrepot.access.levels import Action, Level
from entrepot.access.tables import grant, membership
from entrepot.values.errors import AccessDenied, Unauthenticated
from tests.make.rooms import Rooms

_SCOPES = ("acme", "acme/app", "acme/a*", "acme/*p", "lab", "lab/app", "lab/*")
_SUBJECTS = ("*", "user:ann", "user:robot", "group:g1", "group:g2", "domain:d1", "domain:d2", "admins:d1")
_NAMES = ("acme", "acme/app", "acme/absent", "lab", "lab/app", "nowhere/at-all")
_ACTORS = (
    ANONYMOUS,
    Actor(subjects=()),
    Actor("ann", "ann", "d1", False, user_subjects("ann", "d1", False)),
    Actor("boss", "boss", "d1", True, user_subjects("boss", "d1", True)),
    Actor("bob", "bob", "d2", False, user_subjects("bob", "d2", False), bounds=(Bound("acme/*", Level.EDIT),)),
    Actor("robot", "robot$ci", "d1", False, ("*", "user:robot"), is_robot=True),
)


@pytest.mark.parametrize("seed", range(25))
async def test_explain_and_require_agree(rooms: Rooms, seed: int) -> None:
    draw, now = random.Random(seed), rooms.clock.now()
    async with rooms.db.writing() as tx:
        await tx.run(delete(grant))
        await tx.run(delete(membership))
        for _ in range(draw.randint(0, 12)):
            ends = draw.choice((None, None, now, now + timedelta(days=1), datetime(2020, 1, 1, tzinfo=UTC)))
            given = Grant(draw.choice(_SCOPES), draw.choice(_SUBJECTS), draw.choice(list(Level)[1:]), ends)
            await set_grant(tx, given, by="*", at=now)
        for _ in range(draw.randint(0, 3)):
            await join_group(tx, f"user:{draw.choice(('ann', 'bob', 'robot'))}", draw.choice(("group:g1", "group:g2")))

    async with rooms.db.reading() as tx:
        for actor in _ACTORS:
            for action in Action:
                for name in _NAMES:
                    found = await explain(tx, actor, action, name)
                    try:
                        level = await require(tx, actor, action, name)
                    except (AccessDenied, Unauthenticated):
                        assert not found.is_allowed, (seed, actor.name, action, name)
                    else:
                        assert found.is_allowed, (seed, actor.name, action, name)
                        assert found.level is level
