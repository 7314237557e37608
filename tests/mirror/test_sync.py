"""Rules of synchronisation and copies that wait: kept as they were said, by those who may, and never doubled."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from entrepot.access.actor import Actor
from entrepot.mirror import rules
from entrepot.mirror.copies import list_copies
from entrepot.mirror.regions import create_region
from entrepot.mirror.room import Mirror
from entrepot.mirror.sync import Destination, create_rule, delete_rule, list_rules, request_copies
from entrepot.mirror.tables import sync_job, sync_rule
from entrepot.registry.repositories import delete_repository
from entrepot.values.errors import (
    AccessDenied,
    ManifestUnknown,
    RepositoryUnknown,
    RuleExists,
    RuleUnknown,
    TooMany,
    Unauthenticated,
)
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event, rows_in

APP, OPEN = RepositoryName("acme/app"), RepositoryName("acme/open")
TO = Destination(RegionName("north-1"), OrganizationName("copies"), overrides=True)
V1 = TagName("v1")


@pytest.fixture
async def mirror(cast: Cast) -> Mirror:
    await create_region(cast.rooms.mirror, cast["admin"], TO.region, "https://north.example")
    return cast.rooms.mirror


@pytest.fixture
def editor(cast: Cast) -> Actor:
    return cast["editor"]


async def test_a_rule_is_shown_as_it_was_said_with_the_owning_domain(mirror: Mirror, cast: Cast, editor: Actor) -> None:
    await create_rule(mirror, editor, APP, TO, is_automatic=True)

    [found], owner = await list_rules(mirror, cast["reader"], APP)
    assert (found.to, found.is_automatic, found.created_at) == (TO, True, mirror.clock.now())
    assert (owner.domain_id, owner.domain_name) == (cast["admin"].domain_id, "default")


async def test_there_is_one_rule_to_a_place(mirror: Mirror, editor: Actor) -> None:
    await create_rule(mirror, editor, APP, TO, is_automatic=True)

    with pytest.raises(RuleExists, match="a rule for copies in north-1 already"):
        await create_rule(mirror, editor, APP, replace(TO, overrides=False), is_automatic=False)
    await create_rule(mirror, editor, APP, replace(TO, organization=OrganizationName("more")), is_automatic=False)


async def test_a_region_nobody_made_known_is_refused_and_nothing_is_kept(mirror: Mirror, editor: Actor) -> None:
    nowhere = replace(TO, region=RegionName("nowhere"))

    with pytest.raises(RuleUnknown, match=r"no region nowhere.*entrepot region create"):
        await create_rule(mirror, editor, APP, nowhere, is_automatic=True)
    with pytest.raises(RuleUnknown):
        await request_copies(mirror, editor, APP, nowhere, [V1])
    assert [await rows_in(mirror.db, table) for table in (sync_rule, sync_job)] == [0, 0]


async def test_a_copy_waits_once_however_often_it_is_asked_for(mirror: Mirror, editor: Actor) -> None:
    await asyncio.gather(*(request_copies(mirror, editor, APP, TO, [V1, V1]) for _ in range(3)))

    [copy], total, _ = await list_copies(mirror, editor, APP, newest_first=True, offset=0, limit=10)
    assert (copy.to, copy.tag, copy.status, total) == (TO, "v1", "waiting", 1)
    assert (copy.operator_id, copy.operator_name) == (editor.id, "editor")


async def test_all_tags_must_be_there_or_none_is_copied(mirror: Mirror, editor: Actor) -> None:
    with pytest.raises(ManifestUnknown, match="acme/app has no tag v2"):
        await request_copies(mirror, editor, APP, TO, [V1, TagName("v2")])

    assert await rows_in(mirror.db, sync_job) == 0


async def test_of_those_who_take_the_last_place_at_once_one_gets_it(
    mirror: Mirror, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "RULES_MAX", 1)
    monkeypatch.setattr(rules, "WAITING_MAX", 1)
    places = [replace(TO, organization=OrganizationName(name)) for name in ("a", "b", "c")]

    for verbs in (
        [create_rule(mirror, editor, APP, to, is_automatic=True) for to in places],
        [request_copies(mirror, editor, APP, to, [V1]) for to in places],
    ):
        made = await asyncio.gather(*verbs, return_exceptions=True)
        assert [type(one) for one in made if one is not None] == [TooMany] * 2
    assert [await rows_in(mirror.db, table) for table in (sync_rule, sync_job)] == [1, 1]


async def test_copies_are_listed_in_the_order_that_is_asked_for(mirror: Mirror, cast: Cast, editor: Actor) -> None:
    for tag in ("v2", "v3"):
        await cast.rooms.push(APP, tag)
    await request_copies(mirror, editor, APP, TO, [V1, TagName("v2"), TagName("v3")])

    newest, total, _ = await list_copies(mirror, editor, APP, newest_first=True, offset=0, limit=2)
    oldest, _, _ = await list_copies(mirror, editor, APP, newest_first=False, offset=1, limit=5)

    assert ([one.tag for one in newest], [one.tag for one in oldest], total) == (["v3", "v2"], ["v2", "v3"], 3)


async def test_what_becomes_of_synchronisation_stands_in_the_feed(mirror: Mirror, cast: Cast, editor: Actor) -> None:
    seen = await last_event(mirror.db)
    await create_rule(mirror, editor, APP, TO, is_automatic=True)
    for _ in range(2):
        await request_copies(mirror, editor, APP, TO, [V1])
    await delete_rule(mirror, editor, APP, TO.region, TO.organization)

    events = await events_after(mirror.db, seen)
    place = {"region": "north-1", "remote_organization": "copies"}
    assert [(event.type, event.data) for event in events] == [
        ("sync-rule.created", place | {"is_automatic": True, "overrides": True}),
        ("sync.requested", place | {"tags": ["v1"], "overrides": True}),
        ("sync-rule.deleted", place | {"before": {"is_automatic": True, "overrides": True}, "cancelled": 0}),
    ]
    assert {(event.subject, event.organization, event.actor, event.domain_id) for event in events} == {
        ("acme/app", "acme", editor.subject, cast["admin"].domain_id)
    }


async def test_a_repository_takes_rules_and_copies_along(mirror: Mirror, cast: Cast, editor: Actor) -> None:
    await create_rule(mirror, editor, APP, TO, is_automatic=True)
    await request_copies(mirror, editor, APP, TO, [V1])

    await delete_repository(cast.rooms.registry, cast["admin"], APP)

    assert [await rows_in(mirror.db, table) for table in (sync_rule, sync_job)] == [0, 0]


async def test_a_rule_of_another_repository_is_unknown(mirror: Mirror, cast: Cast, editor: Actor) -> None:
    await create_rule(mirror, cast["admin"], OPEN, TO, is_automatic=True)

    with pytest.raises(RuleUnknown, match="acme/app has no rule"):
        await delete_rule(mirror, editor, APP, TO.region, TO.organization)
    assert await rows_in(mirror.db, sync_rule) == 1


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
    mirror: Mirror, cast: Cast, who: str, reading: type[Exception] | None, changing: type[Exception] | None
) -> None:
    await create_rule(mirror, cast["admin"], APP, TO, is_automatic=True)
    actor = cast[who]

    verbs: list[tuple[Coroutine[Any, Any, object], type[Exception] | None]] = [
        (list_rules(mirror, actor, APP), reading),
        (list_copies(mirror, actor, APP, True, 0, 10), reading),
        (delete_rule(mirror, actor, APP, TO.region, TO.organization), changing),
        (create_rule(mirror, actor, APP, TO, is_automatic=False), changing),
        (request_copies(mirror, actor, APP, TO, [V1]), changing),
    ]
    for verb, expected in verbs:
        [outcome] = await asyncio.gather(verb, return_exceptions=True)
        assert (type(outcome) if isinstance(outcome, Exception) else None) is expected
