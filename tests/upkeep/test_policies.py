"""Retention policies are kept as they were said, by those who may, one for a repository, and go with it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import insert, select

from entrepot.access.actor import Actor
from entrepot.registry.repositories import delete_repository
from entrepot.registry.tables import repository
from entrepot.upkeep.policies import (
    Policy,
    change_policy,
    create_policy,
    delete_policy,
    list_deletions,
    list_policies,
    show_policy,
)
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.rules import Rule, Template
from entrepot.upkeep.tables import retention_deletion, retention_policy
from entrepot.values.errors import (
    AccessDenied,
    ParameterInvalid,
    RepositoryUnknown,
    RuleExists,
    RuleUnknown,
    Unauthenticated,
)
from entrepot.values.names import RepositoryName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event, rows_in
from tests.upkeep.test_rules import DAYS, NEWEST

APP, OPEN = RepositoryName("acme/app"), RepositoryName("acme/open")


@pytest.fixture
def upkeep(cast: Cast) -> Upkeep:
    return cast.rooms.upkeep


@pytest.fixture
def manager(cast: Cast) -> Actor:
    return cast["manager"]


async def test_a_policy_is_shown_as_it_was_said(upkeep: Upkeep, cast: Cast, manager: Actor) -> None:
    assert await list_policies(upkeep, manager, APP) == []

    number = await create_policy(upkeep, manager, APP, [NEWEST])

    assert await show_policy(upkeep, cast["reader"], APP, number) == Policy(number, [NEWEST])
    assert await list_policies(upkeep, cast["reader"], APP) == [Policy(number, [NEWEST])]


async def test_a_repository_has_one_policy_however_many_are_made_at_once(upkeep: Upkeep, manager: Actor) -> None:
    made = await asyncio.gather(
        *(create_policy(upkeep, manager, APP, [rule]) for rule in (DAYS, NEWEST, DAYS)), return_exceptions=True
    )

    assert [type(one) for one in made if not isinstance(one, int)] == [RuleExists] * 2
    assert await rows_in(upkeep.db, retention_policy) == 1


async def test_numbers_and_exceptions_change_and_templates_do_not(upkeep: Upkeep, manager: Actor) -> None:
    number = await create_policy(upkeep, manager, APP, [DAYS])
    week = Rule(Template.DATE, 7, NEWEST.selectors)

    await change_policy(upkeep, manager, APP, number, [week])
    with pytest.raises(ParameterInvalid, match="templates of a policy cannot be changed"):
        await change_policy(upkeep, manager, APP, number, [NEWEST])

    assert (await show_policy(upkeep, manager, APP, number)).rules == [week]


async def test_what_becomes_of_a_policy_stands_in_the_feed(upkeep: Upkeep, cast: Cast, manager: Actor) -> None:
    seen, week = await last_event(upkeep.db), Rule(Template.DATE, 7)

    number = await create_policy(upkeep, manager, APP, [DAYS])
    for _ in range(2):
        await change_policy(upkeep, manager, APP, number, [week])
    await delete_policy(upkeep, manager, APP, number)

    events = await events_after(upkeep.db, seen)
    assert [(event.type, event.data) for event in events] == [
        ("retention.created", {"policy_id": number, "rules": [DAYS.document]}),
        (
            "retention.changed",
            {"policy_id": number, "rules": [week.document], "before": {"rules": [DAYS.document]}},
        ),
        ("retention.deleted", {"policy_id": number, "before": {"rules": [week.document]}}),
    ]
    assert {(event.subject, event.organization, event.actor, event.domain_id) for event in events} == {
        ("acme/app", "acme", manager.subject, cast["admin"].domain_id)
    }


async def test_the_history_outlives_the_policy_and_is_of_one_repository(
    upkeep: Upkeep, cast: Cast, manager: Actor
) -> None:
    number = await create_policy(upkeep, manager, APP, [NEWEST])
    now = upkeep.clock.now()
    async with upkeep.db.writing() as tx:
        ids = {row.path: row.id for row in await tx.rows(select(repository.c.path, repository.c.id))}
        for path, tag in ((APP, "v1"), (OPEN, "other"), (APP, "v2"), (APP, "v3")):
            row = {
                "repository_id": ids[path],
                "policy_id": number,
                "rule": NEWEST.document,
                "tag": tag,
                "deleted_at": now,
            }
            await tx.run(insert(retention_deletion).values(row))
    await delete_policy(upkeep, manager, APP, number)

    found, total = await list_deletions(upkeep, cast["reader"], APP, offset=1, limit=1)
    assert ([(one.tag, one.rule, one.policy_id) for one in found], total) == ([("v2", NEWEST.document, number)], 3)

    await delete_repository(cast.rooms.registry, cast["admin"], APP)
    assert await rows_in(upkeep.db, retention_deletion) == 1


async def test_a_repository_takes_its_policy_along(upkeep: Upkeep, cast: Cast, manager: Actor) -> None:
    await create_policy(upkeep, manager, APP, [DAYS])

    await delete_repository(cast.rooms.registry, cast["admin"], APP)

    assert await rows_in(upkeep.db, retention_policy) == 0


async def test_a_number_of_another_repository_is_unknown(upkeep: Upkeep, cast: Cast) -> None:
    """Its manager here, who may read there: the number alone opens nothing."""
    admin = cast["admin"]
    number = await create_policy(upkeep, admin, OPEN, [DAYS])

    for verb in (
        show_policy(upkeep, cast["manager"], APP, number),
        change_policy(upkeep, cast["manager"], APP, number, [Rule(Template.DATE, 1)]),
        delete_policy(upkeep, cast["manager"], APP, number),
    ):
        with pytest.raises(RuleUnknown, match=f"acme/app has no retention policy {number}"):
            await verb
    assert (await show_policy(upkeep, admin, OPEN, number)).rules == [DAYS]


@pytest.mark.parametrize(
    ("who", "reading", "changing"),
    [
        ("anonymous", Unauthenticated, Unauthenticated),
        ("stranger", RepositoryUnknown, RepositoryUnknown),
        ("reader", None, AccessDenied),
        ("editor", None, AccessDenied),
        ("manager", None, None),
        ("admin", None, None),
    ],
)
async def test_reading_needs_level_1_and_changing_7(
    upkeep: Upkeep, cast: Cast, who: str, reading: type[Exception] | None, changing: type[Exception] | None
) -> None:
    number = await create_policy(upkeep, cast["admin"], APP, [DAYS])
    actor = cast[who]

    verbs: list[tuple[Coroutine[Any, Any, object], type[Exception] | None]] = [
        (list_policies(upkeep, actor, APP), reading),
        (show_policy(upkeep, actor, APP, number), reading),
        (list_deletions(upkeep, actor, APP, 0, 10), reading),
        (change_policy(upkeep, actor, APP, number, [DAYS]), changing),
        (delete_policy(upkeep, actor, APP, number), changing),
        (create_policy(upkeep, actor, APP, [DAYS]), changing),
    ]
    for verb, expected in verbs:
        [outcome] = await asyncio.gather(verb, return_exceptions=True)
        assert (type(outcome) if isinstance(outcome, Exception) else None) is expected
