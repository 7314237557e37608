"""Edges join with a token, report, and are forgotten; only operators make tokens."""

from datetime import timedelta

import pytest
from httpx2 import ASGITransport, AsyncClient

from entrepot.access.check import level_within
from entrepot.access.levels import Level
from entrepot.accounts import jwts
from entrepot.accounts.house_tokens import read_house_token
from entrepot.accounts.tokens import issue_token
from entrepot.doors.manage import door
from entrepot.mirror.regions import create_region, delete_region
from entrepot.regions import queries
from entrepot.regions.decisions import DECISION, SENT_ON, decide, permit_blob
from entrepot.regions.joining import Application, Joined, join
from entrepot.regions.presence import presence_of
from entrepot.regions.reports import Report, keep_presence, lose, report
from entrepot.regions.room import Regions
from entrepot.regions.settings import RegionSettings
from entrepot.regions.tokens import create_edge_token, delete_edge_token, list_edge_tokens
from entrepot.registry.push import push_manifest
from entrepot.registry.remove import delete_tag
from entrepot.values.errors import (
    AccessDenied,
    NameInvalid,
    ParameterInvalid,
    RepositoryUnknown,
    RuleExists,
    RuleUnknown,
    TooMany,
    Unauthenticated,
)
from entrepot.values.names import EdgeName, RegionName, RepositoryName, TagName
from tests.make.image import Image
from tests.make.looking import events_after
from tests.make.rooms import Rooms

NORTH, SOUTH = RegionName("north"), RegionName("south")
APP = RepositoryName("acme/app")
HERE = "https://edge.example.com"
WELL = Report(HERE, "2.0", 1 << 30, 5, 6, 7, 1.5)


@pytest.fixture
async def regions(rooms: Rooms) -> Regions:
    """Two regions, and an image of an organization."""
    for name in (NORTH, SOUTH):
        await create_region(rooms.mirror, rooms.admin, name, "")
    await rooms.organization("acme")
    await rooms.push(APP, "v1")
    return rooms.regions


def edge(name: str = "e1", region: str = "", url: str = HERE, capacity: int = 1 << 30) -> Application:
    return Application(EdgeName(name), region, url, capacity, "1.0")


async def joined(regions: Regions, rooms: Rooms, name: str = "e1", patterns: list[str] | None = None) -> Joined:
    made = await create_edge_token(regions, rooms.admin, NORTH, patterns=patterns)
    return await join(regions, made.secret, edge(name))


async def test_an_edge_joins_with_a_token_and_everybody_who_operates_sees_that(regions: Regions, rooms: Rooms) -> None:
    token = await create_edge_token(regions, rooms.admin, NORTH)
    found = await join(regions, token.secret, edge(region=NORTH))
    assert (found.name, found.region) == ("e1", NORTH)
    created, event = (await events_after(rooms.db))[-2:]
    assert (created.type, created.subject, created.data["token"]) == ("edge-token.created", NORTH, token.token.id)
    assert (event.type, event.subject, event.data["region"]) == ("edge.joined", "e1", NORTH)
    assert event.data["token"] == token.token.id
    assert token.secret not in str([created, event]) and found.secret not in str([created, event])
    second = await join(regions, token.secret, edge("e2"))  # as many as wanted, until the token ends
    assert second.id != found.id


@pytest.mark.parametrize("seconds", [-1, 0, 59, 365 * 86_400 + 1])
async def test_a_token_is_valid_for_a_minute_to_a_year(regions: Regions, rooms: Rooms, seconds: int) -> None:
    with pytest.raises(ParameterInvalid):
        await create_edge_token(regions, rooms.admin, NORTH, seconds)


async def test_a_token_ends_by_time_by_hand_and_with_its_region(regions: Regions, rooms: Rooms) -> None:
    old, called_off, of_south = [
        (await create_edge_token(regions, rooms.admin, name, seconds))
        for name, seconds in ((NORTH, 60), (NORTH, 600), (SOUTH, 600))
    ]
    await delete_edge_token(regions, rooms.admin, NORTH, called_off.token.id)
    await delete_region(rooms.mirror, rooms.admin, SOUTH)
    rooms.clock.advance(seconds=61)
    for token in (old, called_off, of_south):
        with pytest.raises(Unauthenticated, match="entrepot edge token create"):
            await join(regions, token.secret, edge())
    assert await list_edge_tokens(regions, rooms.admin, NORTH) == []
    with pytest.raises(RuleUnknown):
        await delete_edge_token(regions, rooms.admin, NORTH, called_off.token.id)


async def test_only_operators_make_tokens(regions: Regions, rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    with pytest.raises(AccessDenied):
        await create_edge_token(regions, ann, NORTH)
    with pytest.raises(AccessDenied):
        await list_edge_tokens(regions, ann, NORTH)
    with pytest.raises(RuleUnknown):
        await create_edge_token(regions, rooms.admin, RegionName("nowhere"))
    with pytest.raises(NameInvalid):
        await create_edge_token(regions, rooms.admin, NORTH, patterns=["no such name"])
    with pytest.raises(ParameterInvalid):
        await create_edge_token(regions, rooms.admin, NORTH, patterns=[])


@pytest.mark.parametrize(
    ("application", "error"),
    [
        (edge(url="ftp://edge.example.com"), ParameterInvalid),
        (edge(url="https://edge.example.com/path"), ParameterInvalid),
        (edge(url="https://user@edge.example.com"), ParameterInvalid),
        (edge(url="http://0.0.0.0:5000"), ParameterInvalid),
        (edge(url="http://[::]:5000"), ParameterInvalid),
        (edge(capacity=1_000), ParameterInvalid),
        (edge(region="south"), ParameterInvalid),
        (edge("taken"), RuleExists),
    ],
)
async def test_what_an_edge_says_of_itself_is_looked_at(regions: Regions, rooms: Rooms, application, error) -> None:
    await joined(regions, rooms, "taken")
    token = await create_edge_token(regions, rooms.admin, NORTH)
    with pytest.raises(error):
        await join(regions, token.secret, application)


async def test_there_are_only_so_many_edges(regions: Regions, rooms: Rooms) -> None:
    few = Regions(rooms.db, rooms.clock, rooms.accounts, RegionSettings(edges_max=1))
    await joined(few, rooms)
    with pytest.raises(TooMany):
        await joined(few, rooms, "e2")


async def test_a_report_is_written_down_and_answered_with_what_holds(regions: Regions, rooms: Rooms) -> None:
    found = await joined(regions, rooms)
    orders = await report(regions, found.secret, WELL)
    async with rooms.db.reading() as tx:
        row = await queries.edge_by_name(tx, "e1")
    assert row is not None
    assert (row.version, row.held_bytes, row.free_bytes, row.streams, row.round_trip_ms) == ("2.0", 5, 6, 7, 1.5)
    assert orders.keys == await rooms.accounts.keys.public() and len(orders.keys) == 1
    assert "PRIVATE" not in str(orders.keys)
    assert not orders.is_draining
    actor = await read_house_token(rooms.accounts, orders.token)
    assert actor.is_house and level_within(actor.bounds, APP) is Level.READ
    rooms.clock.advance(seconds=orders.token_seconds)
    with pytest.raises(Unauthenticated):
        await read_house_token(rooms.accounts, orders.token)


async def test_an_edge_of_a_narrow_token_reads_no_further(regions: Regions, rooms: Rooms) -> None:
    found = await joined(regions, rooms, patterns=["acme", "other/team-*"])
    actor = await read_house_token(rooms.accounts, (await report(regions, found.secret, WELL)).token)
    levels = {name: level_within(actor.bounds, name) for name in ("acme/app", "acme2/app", "other/team-1", "other/x")}
    assert levels == {"acme/app": 1, "acme2/app": 0, "other/team-1": 1, "other/x": 0}


async def test_an_edge_that_is_not_known_any_more_hears_so(regions: Regions, rooms: Rooms) -> None:
    found = await joined(regions, rooms)
    async with rooms.db.writing() as tx:
        await queries.delete_edge(tx, found.id)
    for call in (
        report(regions, found.secret, WELL),
        keep_presence(regions, found.secret, presence_of([], 1).bits),
        decide(regions, found.secret, rooms.admin, APP),
        report(regions, "ees_nonsense", WELL),
    ):
        with pytest.raises(Unauthenticated, match="not known here any more"):
            await call
    await lose(regions, found.secret)  # nothing to lose


@pytest.mark.parametrize("wrong", [{"held_bytes": -1}, {"streams": 1 << 62}, {"url": "nowhere"}])
async def test_numbers_that_cannot_be_are_refused(regions: Regions, rooms: Rooms, wrong) -> None:
    found = await joined(regions, rooms)
    fields = {name: getattr(WELL, name) for name in WELL.__slots__} | wrong
    with pytest.raises(ParameterInvalid):
        await report(regions, found.secret, Report(**fields))


async def test_who_is_lost_is_back_with_the_next_report_and_a_late_loss_does_not_count(
    regions: Regions, rooms: Rooms
) -> None:
    found = await joined(regions, rooms)

    async def lost() -> bool:
        async with rooms.db.reading() as tx:
            row = await queries.edge_by_name(tx, "e1")
        assert row is not None
        return row.lost_at is not None

    await report(regions, found.secret, WELL)
    await lose(regions, found.secret)
    assert await lost()
    rooms.clock.advance(seconds=1)
    await report(regions, found.secret, WELL)
    assert not await lost()
    async with rooms.db.writing() as tx:  # of a connection that broke before it reported again
        await queries.set_lost(tx, found.id, rooms.clock.now() - timedelta(seconds=1))
    assert not await lost()


async def test_a_presence_is_a_filter_or_refused(regions: Regions, rooms: Rooms) -> None:
    found = await joined(regions, rooms)
    bits = presence_of(["ab" * 32], 1).bits
    await keep_presence(regions, found.secret, bits)
    async with rooms.db.reading() as tx:
        assert await queries.presence_of(tx, found.id) == bits
    with pytest.raises(ParameterInvalid):
        await keep_presence(regions, found.secret, b"nonsense")


async def test_a_decision_is_what_a_pull_would_be_told(regions: Regions, rooms: Rooms) -> None:
    found, ann, zoe = await joined(regions, rooms), await rooms.user("ann"), await rooms.user("zoe")
    await rooms.grant(APP, "ann", Level.READ)
    said = await jwts.verify(rooms.accounts, DECISION, await decide(regions, found.secret, ann, APP))
    assert (said["sub"], said["path"], said["edge"]) == (ann.id, APP, found.id)
    assert said["exp"] - said["iat"] == regions.settings.decision_seconds
    with pytest.raises(RepositoryUnknown):
        await decide(regions, found.secret, zoe, APP)
    with pytest.raises(RepositoryUnknown):
        await decide(regions, found.secret, ann, RepositoryName("acme/other"))
    with pytest.raises(Unauthenticated):
        await decide(regions, found.secret, await rooms.credentials.actor(None), APP)


async def test_a_permit_is_no_other_token_and_no_other_token_is_a_permit(regions: Regions, rooms: Rooms) -> None:
    found = await joined(regions, rooms)
    permit = await permit_blob(regions, found.id, APP, "sha256:" + "0" * 64)
    decision = await decide(regions, found.secret, rooms.admin, APP)
    for kind, token in ((jwts.REGISTRY, permit), (jwts.HOUSE, permit), (DECISION, permit), (SENT_ON, decision)):
        with pytest.raises(Unauthenticated):
            await jwts.verify(rooms.accounts, kind, token)


async def test_the_token_of_an_edge_opens_nothing_but_pulls(regions: Regions, rooms: Rooms) -> None:
    found = await joined(regions, rooms)
    header = f"Bearer {(await report(regions, found.secret, WELL)).token}".encode()
    actor = await rooms.credentials.actor(header)
    assert actor.is_house and not actor.is_admin
    image = Image.make()
    with pytest.raises(AccessDenied):
        await push_manifest(rooms.registry, actor, APP, TagName("v2"), image.body, image.media_type)
    with pytest.raises(AccessDenied):
        await delete_tag(rooms.registry, actor, APP, TagName("v1"))
    with pytest.raises(Unauthenticated):
        await issue_token(rooms.accounts, actor, [])
    with pytest.raises(AccessDenied):
        await create_edge_token(regions, actor, NORTH)
    async with AsyncClient(transport=ASGITransport(door.build(rooms.manage)), base_url="http://here") as client:
        answer = await client.get("/v2/manage/namespaces", headers={"Authorization": header.decode()})
    assert answer.status_code == 401
