"""Triggers are kept as they were defined, by those who may, and go with their repository."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import insert, select

from entrepot.access.actor import Actor
from entrepot.registry.repositories import delete_repository
from entrepot.triggers import rules
from entrepot.triggers.definitions import (
    Firing,
    create_trigger,
    delete_trigger,
    list_triggers,
    show_trigger,
    switch_trigger,
)
from entrepot.triggers.room import Triggers
from entrepot.triggers.rules import Condition, Definition
from entrepot.triggers.tables import trigger, trigger_firing
from entrepot.values.errors import (
    AccessDenied,
    RepositoryUnknown,
    RuleExists,
    RuleUnknown,
    TooMany,
    Unauthenticated,
)
from entrepot.values.names import RepositoryName, TriggerName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event, rows_in
from tests.triggers.test_rules import TARGET

APP, OPEN = RepositoryName("acme/app"), RepositoryName("acme/open")
DEPLOY = Definition(TriggerName("deploy"), Condition.parse("regular", r"v\d+"), TARGET)


@pytest.fixture
def triggers(cast: Cast) -> Triggers:
    return cast.rooms.triggers


@pytest.fixture
def editor(cast: Cast) -> Actor:
    return cast["editor"]


async def test_a_trigger_is_shown_as_it_was_defined(triggers: Triggers, cast: Cast, editor: Actor) -> None:
    await create_trigger(triggers, editor, APP, DEPLOY, is_enabled=True)

    found, history = await show_trigger(triggers, cast["reader"], APP, DEPLOY.name)
    assert (found.definition, found.is_enabled, found.creator_name, list(history)) == (DEPLOY, True, "editor", [])
    assert found.created_at == triggers.clock.now()
    assert await list_triggers(triggers, cast["reader"], APP) == [found]


async def test_the_newest_trigger_is_listed_first(triggers: Triggers, editor: Actor) -> None:
    for name in ("b", "a", "c"):
        await create_trigger(triggers, editor, APP, replace(DEPLOY, name=TriggerName(name)), is_enabled=False)

    assert [one.definition.name for one in await list_triggers(triggers, editor, APP)] == ["c", "a", "b"]


async def test_a_name_is_taken_once_in_a_repository(triggers: Triggers, cast: Cast, editor: Actor) -> None:
    await create_trigger(triggers, editor, APP, DEPLOY, is_enabled=True)

    with pytest.raises(RuleExists, match="acme/app has a trigger named deploy already"):
        await create_trigger(triggers, editor, APP, DEPLOY, is_enabled=False)
    await create_trigger(triggers, cast["admin"], OPEN, DEPLOY, is_enabled=False)


async def test_of_those_who_take_the_last_place_at_once_one_gets_it(
    triggers: Triggers, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "TRIGGERS_MAX", 1)

    made = await asyncio.gather(
        *(
            create_trigger(triggers, editor, APP, replace(DEPLOY, name=TriggerName(f"t{number}")), is_enabled=True)
            for number in range(4)
        ),
        return_exceptions=True,
    )

    assert [type(one) for one in made if one is not None] == [TooMany] * 3
    assert await rows_in(triggers.db, trigger) == 1


async def test_switching_changes_nothing_else_and_is_told_once(triggers: Triggers, cast: Cast, editor: Actor) -> None:
    await create_trigger(triggers, editor, APP, DEPLOY, is_enabled=True)
    seen = await last_event(triggers.db)

    await switch_trigger(triggers, editor, APP, DEPLOY.name, is_enabled=False)
    await switch_trigger(triggers, editor, APP, DEPLOY.name, is_enabled=False)

    found, _ = await show_trigger(triggers, editor, APP, DEPLOY.name)
    assert (found.definition, found.is_enabled) == (DEPLOY, False)
    [event] = await events_after(triggers.db, seen)
    assert (event.type, event.subject, event.organization, event.actor) == (
        "trigger.changed", "acme/app", "acme", editor.subject
    )  # fmt: skip
    assert event.data == {"trigger": "deploy", "is_enabled": False, "before": {"is_enabled": True}}
    assert event.domain_id == cast["admin"].domain_id


async def test_what_is_made_and_deleted_stands_in_the_feed(triggers: Triggers, editor: Actor) -> None:
    seen = await last_event(triggers.db)
    await create_trigger(triggers, editor, APP, DEPLOY, is_enabled=True)
    await delete_trigger(triggers, editor, APP, DEPLOY.name)

    created, deleted = await events_after(triggers.db, seen)
    assert (created.type, deleted.type) == ("trigger.created", "trigger.deleted")
    assert created.data["definition"]["condition"] == r"v\d+"
    assert created.data["definition"]["workload"] == "web"
    assert deleted.data["before"] == {"is_enabled": True, "definition": created.data["definition"]}
    with pytest.raises(RuleUnknown, match="acme/app has no trigger named deploy"):
        await show_trigger(triggers, editor, APP, DEPLOY.name)


async def test_the_history_of_a_trigger_is_its_own_and_newest_first(triggers: Triggers, editor: Actor) -> None:
    for name in ("deploy", "other"):
        await create_trigger(triggers, editor, APP, replace(DEPLOY, name=TriggerName(name)), is_enabled=True)
    now = triggers.clock.now()
    async with triggers.db.writing() as tx:
        ids = {row.name: row.id for row in await tx.rows(select(trigger.c.name, trigger.c.id))}
        for number, name in enumerate(("deploy", "other", "deploy")):
            row = {
                "trigger_id": ids[name],
                "tag": f"v{number}",
                "has_succeeded": number > 0,
                "detail": "",
                "fired_at": now,
            }
            await tx.run(insert(trigger_firing).values(row))

    _, history = await show_trigger(triggers, editor, APP, TriggerName("deploy"))

    assert history == [Firing("v2", True, "", now), Firing("v0", False, "", now)]


async def test_a_repository_takes_its_triggers_and_their_history_along(
    triggers: Triggers, cast: Cast, editor: Actor
) -> None:
    await create_trigger(triggers, editor, APP, DEPLOY, is_enabled=True)
    async with triggers.db.writing() as tx:
        number = await tx.value(select(trigger.c.id))
        row = {"trigger_id": number, "tag": "v1", "has_succeeded": True, "detail": "", "fired_at": triggers.clock.now()}
        await tx.run(insert(trigger_firing).values(row))

    await delete_repository(cast.rooms.registry, cast["admin"], APP)

    assert [await rows_in(triggers.db, table) for table in (trigger, trigger_firing)] == [0, 0]


@pytest.mark.parametrize(
    ("who", "reading", "changing"),
    [
        ("anonymous", Unauthenticated, Unauthenticated),
        ("stranger", RepositoryUnknown, RepositoryUnknown),
        ("reader", None, AccessDenied),
        ("editor", None, None),
        ("manager", None, None),
        ("admin", None, None),
    ],
)
async def test_reading_needs_level_1_and_changing_3(
    triggers: Triggers,
    cast: Cast,
    who: str,
    reading: type[Exception] | None,
    changing: type[Exception] | None,
) -> None:
    await create_trigger(triggers, cast["admin"], APP, DEPLOY, is_enabled=True)
    actor, other = cast[who], replace(DEPLOY, name=TriggerName("other"))

    tried = await asyncio.gather(
        list_triggers(triggers, actor, APP),
        show_trigger(triggers, actor, APP, DEPLOY.name),
        return_exceptions=True,
    )
    assert [type(one) if isinstance(one, Exception) else None for one in tried] == [reading, reading]
    for verb in (
        create_trigger(triggers, actor, APP, other, is_enabled=True),
        switch_trigger(triggers, actor, APP, DEPLOY.name, is_enabled=False),
        delete_trigger(triggers, actor, APP, DEPLOY.name),
    ):
        [outcome] = await asyncio.gather(verb, return_exceptions=True)
        assert (None if outcome is None else type(outcome)) is changing
