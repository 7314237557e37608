"""Sharing with other domains: who may, what it opens, and that it ends when its day is over."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from entrepot.access.actor import Actor
from entrepot.access.levels import Level
from entrepot.access.tables import grant
from entrepot.registry import rules
from entrepot.registry.browse import show_repository
from entrepot.registry.domains import delete_domain
from entrepot.registry.members import list_members
from entrepot.registry.pull import Pulls, find_blob, find_manifest
from entrepot.registry.push import push_manifest
from entrepot.registry.remove import delete_tag
from entrepot.registry.repositories import change_repository, delete_repository
from entrepot.registry.room import Registry
from entrepot.registry.rules import parse_deadline
from entrepot.registry.shared import SharedPage, list_shared, list_shared_after
from entrepot.registry.sharing import change_share, end_share, list_shares, share_repository, show_share
from entrepot.registry.tables import share
from entrepot.registry.wanted import SharedOrder, WantedShared
from entrepot.values.accept import Accept
from entrepot.values.errors import (
    AccessDenied,
    BodyTooLarge,
    DomainUnknown,
    EntrepotError,
    ParameterInvalid,
    RepositoryUnknown,
    ShareExists,
    ShareUnknown,
    TooMany,
)
from entrepot.values.names import DomainName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.image import Image
from tests.make.looking import events_after, last_event, rows_in
from tests.make.rooms import Rooms

APP, OPEN = RepositoryName("acme/app"), RepositoryName("acme/open")
V1 = TagName("v1")
ANY = Accept.parse([])
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def guests(rooms: Rooms, cast: Cast) -> DomainName:
    return await rooms.domain("guests")


@pytest.fixture
async def boss(rooms: Rooms, guests: DomainName) -> Actor:
    """Administrator of the domain `guests`."""
    return await rooms.sign_in("guests/boss")


async def reads(registry: Registry, actor: Actor) -> bool:
    """Whether the actor gets the image, on the hot path and on the one that explains; both say the same."""
    hot = await Pulls(registry).manifest(actor, APP, "v1", with_body=False)
    try:
        await find_manifest(registry, actor, APP, V1, ANY)
        slow = True
    except RepositoryUnknown:
        slow = False
    assert slow is (hot is not None)
    return slow


@pytest.mark.parametrize(
    ("text", "ends_at"),
    [
        ("forever", None),
        ("2026-01-01", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-12-31T00:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-12-31T23:59:59.999999Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-12-31T23:30:00-02:00", datetime(2027, 1, 2, tzinfo=UTC)),
        ("2026-12-31T10:00:00", datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_share_holds_until_its_day_is_over(text: str, ends_at: datetime | None) -> None:
    assert parse_deadline(text) == ends_at
    assert parse_deadline(rules.deadline_text(ends_at)) == ends_at


@pytest.mark.parametrize(
    "text", ["", "Forever", "tomorrow", "2026-13-01", "2026-1-1", "20261231", "2026-W01-1", "9999-12-31", "٢٠٢٦-01-01",
             "2026-01-01T25:00:00Z", "0001-01-01T00:00:00+23:00", "2026-01-01 "]
)  # fmt: skip
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ParameterInvalid, match="deadline"):
        parse_deadline(text)


async def test_everybody_of_the_receiving_domain_reads_and_nobody_else(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, boss: Actor
) -> None:
    await rooms.domain("others")
    assert not await reads(registry, boss)

    await share_repository(registry, cast["manager"], APP, guests, None)

    assert await reads(registry, boss)
    assert await find_blob(registry, boss, APP, cast.image.blobs[0].digest)
    for actor in (cast["stranger"], await rooms.sign_in("others/boss")):
        assert not await reads(registry, actor)


async def test_receivers_read_and_no_more(rooms: Rooms, cast: Cast, registry: Registry, boss: Actor) -> None:
    await share_repository(registry, cast["manager"], APP, DomainName("guests"), None)

    for attempt in (
        push_manifest(registry, boss, APP, TagName("v2"), cast.image.body, cast.image.media_type),
        delete_tag(registry, boss, APP, V1),
        change_repository(registry, boss, APP, is_public=True),
        delete_repository(registry, boss, APP),
        list_members(registry, boss, APP),
        list_members(registry, boss, OPEN),
        list_shares(registry, boss, APP, 0, 10),
        show_share(registry, boss, APP, DomainName("guests")),
        share_repository(registry, boss, APP, DomainName("default"), None),
        change_share(registry, boss, APP, DomainName("guests"), None),
        end_share(registry, boss, APP, DomainName("guests")),
    ):
        with pytest.raises(AccessDenied):
            await attempt


@pytest.mark.parametrize("who", ["anonymous", "stranger", "reader", "editor"])
async def test_only_managers_share(rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, who: str) -> None:
    seq = await last_event(rooms.db)

    for attempt in (
        share_repository(registry, cast[who], APP, guests, None),
        change_share(registry, cast[who], APP, guests, None),
        end_share(registry, cast[who], APP, guests),
        list_shares(registry, cast[who], APP, 0, 10),
        show_share(registry, cast[who], APP, guests),
    ):
        with pytest.raises(EntrepotError):
            await attempt

    assert await events_after(rooms.db, seq) == []
    assert await rows_in(rooms.db, share) == 0


async def test_after_its_day_a_share_opens_nothing(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, boss: Actor
) -> None:
    await share_repository(registry, cast["manager"], APP, guests, parse_deadline("2026-01-01"))
    rooms.clock.advance(hours=23, minutes=59, seconds=59)
    assert await reads(registry, boss)

    rooms.clock.advance(seconds=1)

    assert not await reads(registry, boss)
    with pytest.raises(RepositoryUnknown):
        await show_repository(registry, boss, APP)
    (known,), total = await list_shares(registry, cast["manager"], APP, 0, 10)
    assert (known.receiver, known.is_valid, total) == ("guests", False, 1)


async def test_a_share_that_is_over_can_be_given_again_by_a_change(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, boss: Actor
) -> None:
    await share_repository(registry, cast["manager"], APP, guests, parse_deadline("2026-01-01"))
    rooms.clock.advance(days=2)

    await change_share(registry, cast["manager"], APP, guests, None, "for the fair")

    assert await reads(registry, boss)
    known = await show_share(registry, cast["manager"], APP, guests)
    assert known is not None
    assert (known.ends_at, known.is_valid, known.description) == (None, True, "for the fair")
    assert (known.created_at, known.updated_at) == (NEW_YEAR, rooms.clock.now())


async def test_a_share_that_is_taken_back_opens_nothing_from_then_on(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, boss: Actor
) -> None:
    await share_repository(registry, cast["manager"], APP, guests, None)
    assert await reads(registry, boss)

    await end_share(registry, cast["manager"], APP, guests)

    assert not await reads(registry, boss)
    assert await show_share(registry, cast["manager"], APP, guests) is None
    with pytest.raises(ShareUnknown):
        await end_share(registry, cast["manager"], APP, guests)


async def test_what_cannot_be_shared_is_refused(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName
) -> None:
    admin = cast["admin"]
    await share_repository(registry, admin, APP, guests, None)

    for error, attempt in (
        (ShareExists, share_repository(registry, admin, APP, guests, None)),
        (ParameterInvalid, share_repository(registry, admin, APP, DomainName("default"), None)),
        (ParameterInvalid, share_repository(registry, admin, OPEN, guests, None)),
        (DomainUnknown, share_repository(registry, admin, APP, DomainName("nobody"), None)),
        (RepositoryUnknown, share_repository(registry, admin, RepositoryName("acme/none"), guests, None)),
        (ParameterInvalid, change_share(registry, admin, APP, guests, parse_deadline("2025-12-31"))),
        (ShareUnknown, change_share(registry, admin, APP, DomainName("nobody"), None)),
        (BodyTooLarge, change_share(registry, admin, APP, guests, None, "x" * 1_001)),
        (ParameterInvalid, change_share(registry, admin, APP, guests, None, "\ud800")),
    ):
        with pytest.raises(error):
            await attempt


async def test_a_repository_has_no_more_shares_than_allowed(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "SHARES_MAX", 1)
    await share_repository(registry, cast["admin"], APP, guests, None)

    with pytest.raises(TooMany, match="at most 1 domains"):
        await share_repository(registry, cast["admin"], APP, await rooms.domain("more"), None)


async def test_many_who_share_at_once_keep_to_the_limit_and_to_one_share_each(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "SHARES_MAX", 3)
    receivers = [guests, *[await rooms.domain(f"domain{number}") for number in range(4)]]

    results = await asyncio.gather(
        *[share_repository(registry, cast["admin"], APP, one, None) for one in receivers for _twice in range(2)],
        return_exceptions=True,
    )

    assert results.count(None) == 3
    assert {type(one) for one in results if one is not None} == {ShareExists, TooMany}
    assert await rows_in(rooms.db, share) == 3


async def test_a_domain_that_goes_while_something_is_shared_with_it_takes_the_share_along(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    admin = cast["admin"]
    for number in range(5):
        receiver = await rooms.domain(f"guests{number}")

        shared, deleted = await asyncio.gather(
            share_repository(registry, admin, APP, receiver, None),
            delete_domain(registry, admin, receiver),
            return_exceptions=True,
        )

        assert deleted is None
        assert shared is None or isinstance(shared, DomainUnknown)
        assert await rows_in(rooms.db, share) == 0


async def test_a_deleted_repository_takes_its_shares_along(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, boss: Actor
) -> None:
    await share_repository(registry, cast["admin"], APP, guests, None)

    await delete_repository(registry, cast["admin"], APP)
    await rooms.push(APP, "v1")

    assert not await reads(registry, boss)
    assert await rows_in(rooms.db, share) == 0


async def test_every_change_is_told_with_what_was_before(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, boss: Actor
) -> None:
    seq, manager = await last_event(rooms.db), cast["manager"]

    await share_repository(registry, manager, APP, guests, None, "for a test")
    await change_share(registry, manager, APP, guests, parse_deadline("2026-02-01"), "for a test")
    await end_share(registry, manager, APP, guests)

    told = await events_after(rooms.db, seq)
    same = {"receiver": "guests", "receiver_id": boss.domain_id}
    day = "2026-02-01T00:00:00Z"
    assert [(row.type, row.subject, row.actor, row.organization) for row in told] == [
        (kind, APP, manager.subject, "acme") for kind in ("share.set", "share.set", "share.removed")
    ]
    assert [row.data for row in told] == [
        {**same, "deadline": "forever", "description": "for a test", "before": {}},
        {**same, "deadline": day, "description": "for a test", "before": {"deadline": "forever"}},
        {**same, "before": {"deadline": day, "description": "for a test"}},
    ]


async def test_a_share_is_one_grant_of_read(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, boss: Actor
) -> None:
    await share_repository(registry, cast["manager"], APP, guests, None)
    await change_share(registry, cast["manager"], APP, guests, parse_deadline("2026-02-01"))

    async with rooms.db.reading() as tx:
        rows = await tx.rows(select(grant).where(grant.c.subject == f"domain:{boss.domain_id}"))
    assert [(row.scope, row.level, row.expires_at) for row in rows] == [
        (APP, Level.READ, datetime(2026, 2, 2, tzinfo=UTC))
    ]


async def shared(registry: Registry, actor: Actor, wanted: WantedShared, **more: object) -> SharedPage:
    asked = {"order": SharedOrder.NAME, "descending": False, "offset": 0, "limit": 10, **more}
    return await list_shared(registry, actor, wanted, **asked)  # type: ignore[arg-type]  # as the verb has them


GIVEN, RECEIVED = WantedShared(is_given=True), WantedShared(is_given=False)


async def test_shared_repositories_are_listed_on_both_sides(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, boss: Actor
) -> None:
    await share_repository(registry, cast["manager"], APP, guests, None)

    given = await shared(registry, cast["reader"], GIVEN)
    received = await shared(registry, boss, RECEIVED)

    assert [(one.listed.repository.path, one.is_valid) for one in given.items] == [(APP, False)]
    (one,) = received.items
    assert (one.is_valid, one.listed.tags, one.listed.domain_name) == (True, 1, "default")
    for actor, wanted in ((cast["stranger"], GIVEN), (boss, GIVEN), (cast["admin"], RECEIVED)):
        assert await shared(registry, actor, wanted) == SharedPage([], 0)
        assert await list_shared_after(registry, actor, wanted, 0, 10) == ([], False)


async def test_of_a_share_that_is_over_receivers_learn_nothing_new(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, boss: Actor
) -> None:
    await share_repository(registry, cast["manager"], APP, guests, parse_deadline("2026-01-01"))
    rooms.clock.advance(days=3)
    await change_repository(registry, cast["admin"], APP, category="linux", description="A secret plan.")
    await rooms.push(APP, "secret", Image.make(layers=3))

    (one,) = (await shared(registry, boss, RECEIVED)).items
    (again,), _ = await list_shared_after(registry, boss, RECEIVED, 0, 10)

    assert one == again
    found = one.listed
    assert (one.is_valid, found.tags, found.size, found.tag_names, found.pulls) == (False, 0, 0, (), 0)
    assert (found.repository.description, found.repository.category, found.creator_name) == ("", "other", "")
    assert found.repository.updated_at == NEW_YEAR


async def test_a_list_of_shared_repositories_is_sorted_filtered_and_paged(
    rooms: Rooms, cast: Cast, registry: Registry, guests: DomainName, boss: Actor
) -> None:
    await rooms.organization("zoo")
    for number, path in enumerate(("zoo/ape", "zoo/bear", "acme/cat")):
        rooms.clock.advance(seconds=1)
        await rooms.repository(path)
        await rooms.share(RepositoryName(path), guests, "2026-01-01" if number == 1 else "forever")
    await rooms.push("zoo/ape", "v1")
    rooms.clock.advance(days=1)

    async def names(wanted: WantedShared, **more: object) -> list[str]:
        page = await shared(registry, boss, wanted, **more)
        assert page.total == (3 if wanted == RECEIVED else len(page.items))
        return [one.listed.repository.path.name for one in page.items]

    assert await names(RECEIVED) == ["ape", "bear", "cat"]
    assert await names(RECEIVED, order=SharedOrder.UPDATED, descending=True) == ["cat", "ape", "bear"]
    assert await names(RECEIVED, order=SharedOrder.TAGS, descending=True) == ["ape", "cat", "bear"]
    assert await names(RECEIVED, order=SharedOrder.ORGANIZATION) == ["cat", "ape", "bear"]
    assert await names(RECEIVED, order=SharedOrder.DOMAIN) == ["cat", "ape", "bear"]
    assert await names(RECEIVED, offset=1, limit=1) == ["bear"]
    assert await names(RECEIVED, offset=7) == []
    assert await names(WantedShared(is_given=False, is_valid=True)) == ["ape", "cat"]
    assert await names(WantedShared(is_given=False, is_valid=False)) == ["bear"]
    assert await names(WantedShared(is_given=False, organization="zoo")) == ["ape", "bear"]
    assert await names(WantedShared(is_given=False, organization="zo")) == []
    assert await names(WantedShared(is_given=False, organization_part="CM")) == ["cat"]
    assert await names(WantedShared(is_given=False, name_part="A")) == ["ape", "bear", "cat"]
    assert await names(WantedShared(is_given=False, name_part="ap")) == ["ape"]
    assert await names(WantedShared(is_given=False, category="linux")) == []
    for path in ("zoo/ape", "zoo/bear"):
        await change_repository(registry, cast["admin"], RepositoryName(path), category="linux")
    assert await names(WantedShared(is_given=False, category="linux")) == ["ape"], "an ended share tells none"
    assert await names(WantedShared(is_given=False, domain="guests")) == []
    assert await names(WantedShared(is_given=False, domain="default")) == ["ape", "bear", "cat"]
    found, has_more = await list_shared_after(registry, boss, RECEIVED, 0, 2)
    assert ([one.listed.repository.path.name for one in found], has_more) == (["ape", "bear"], True)
    found, has_more = await list_shared_after(registry, boss, RECEIVED, found[-1].listed.repository.id, 2)
    assert ([one.listed.repository.path.name for one in found], has_more) == (["cat"], False)
