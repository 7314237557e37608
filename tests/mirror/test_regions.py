"""Regions are made known and forgotten by operators, and listed by everybody."""

import pytest

from entrepot.db.resealing import seal_anew
from entrepot.mirror.copies import list_copies
from entrepot.mirror.events import RegionCreated, RegionDeleted
from entrepot.mirror.queries import sync as queries
from entrepot.mirror.regions import (
    Account,
    Region,
    RegionChange,
    RegionShown,
    change_region,
    create_region,
    delete_region,
    list_regions,
    show_region,
    show_region_use,
)
from entrepot.mirror.room import Mirror
from entrepot.mirror.secrets import SEALED_OF_REGIONS, unseal_region
from entrepot.mirror.sync import Destination, create_rule, list_rules, request_copies
from entrepot.plumbing.sealing import Sealer
from entrepot.values.errors import AccessDenied, ParameterInvalid, RuleExists, RuleUnknown, Unauthenticated
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event

NORTH, SOUTH = RegionName("north-1"), RegionName("south-1")
APP = RepositoryName("acme/app")
COPIES = OrganizationName("copies")


@pytest.fixture
def mirror(cast: Cast) -> Mirror:
    return cast.rooms.mirror


async def test_regions_are_listed_by_name(mirror: Mirror, cast: Cast) -> None:
    assert await list_regions(mirror, cast["stranger"]) == []

    await create_region(mirror, cast["admin"], SOUTH, "https://south.example/")
    await create_region(mirror, cast["admin"], NORTH, "http://north.example:5000")

    assert await list_regions(mirror, cast["stranger"]) == [
        Region("north-1", "http://north.example:5000"),
        Region("south-1", "https://south.example"),
    ]
    with pytest.raises(Unauthenticated):
        await list_regions(mirror, cast["anonymous"])


async def test_a_name_is_taken_once_and_an_address_is_one(mirror: Mirror, cast: Cast) -> None:
    await create_region(mirror, cast["admin"], NORTH, "https://north.example")

    with pytest.raises(RuleExists, match="named north-1"):
        await create_region(mirror, cast["admin"], NORTH, "https://another.example")
    with pytest.raises(ParameterInvalid):
        await create_region(mirror, cast["admin"], SOUTH, "south.example")


async def test_a_region_that_is_forgotten_takes_rules_along_and_cancels_what_waits(mirror: Mirror, cast: Cast) -> None:
    admin = cast["admin"]
    for name in (NORTH, SOUTH):
        await create_region(mirror, admin, name, f"https://{name}.example")
        await create_rule(mirror, admin, APP, Destination(name, COPIES), is_automatic=True)
        await request_copies(mirror, admin, APP, Destination(name, COPIES), [TagName("v1")])
    seen = await last_event(mirror.db)

    await delete_region(mirror, admin, NORTH)

    rules, _ = await list_rules(mirror, admin, APP)
    assert [one.to.region for one in rules] == ["south-1"]
    copies, _, _ = await list_copies(mirror, admin, APP, newest_first=False, offset=0, limit=10)
    assert [(one.to.region, one.status) for one in copies] == [("north-1", "cancel"), ("south-1", "waiting")]
    [event] = await events_after(mirror.db, seen)
    assert (event.type, event.subject, event.organization) == (RegionDeleted.type, "north-1", "")
    before = {"url": "https://north-1.example", "username": "", "cidrs": [], "location": ""}
    assert event.data == {"rules": 1, "cancelled": 1, "before": before}
    with pytest.raises(RuleUnknown, match="no region north-1"):
        await delete_region(mirror, admin, NORTH)


@pytest.mark.parametrize("who", ["anonymous", "stranger", "manager"])
async def test_only_operators_make_regions_known(mirror: Mirror, cast: Cast, who: str) -> None:
    await create_region(mirror, cast["admin"], NORTH, "https://north.example")
    refused = Unauthenticated if who == "anonymous" else AccessDenied

    with pytest.raises(refused):
        await create_region(mirror, cast[who], SOUTH, "https://south.example")
    with pytest.raises(refused):
        await delete_region(mirror, cast[who], NORTH)
    assert [one.name for one in await list_regions(mirror, cast["admin"])] == ["north-1"]


async def test_a_region_that_is_made_known_stands_in_the_feed(mirror: Mirror, cast: Cast) -> None:
    seen = await last_event(mirror.db)

    await create_region(mirror, cast["admin"], NORTH, "https://north.example")

    [event] = await events_after(mirror.db, seen)
    assert (event.type, event.subject, event.data) == (
        RegionCreated.type,
        "north-1",
        {"url": "https://north.example", "username": "", "cidrs": [], "location": ""},
    )


async def test_what_ends_with_a_region_is_told_to_operators_before(mirror: Mirror, cast: Cast) -> None:
    admin = cast["admin"]
    await create_region(mirror, admin, NORTH, "https://north.example")
    await create_rule(mirror, admin, APP, Destination(NORTH, COPIES), True)

    use = await show_region_use(mirror, admin, NORTH)

    assert (use.region.url, use.rules, use.waiting) == ("https://north.example", 1, 0)
    with pytest.raises(RuleUnknown):
        await show_region_use(mirror, admin, SOUTH)
    with pytest.raises(AccessDenied):
        await show_region_use(mirror, cast["manager"], NORTH)


async def test_who_we_are_there_is_kept_sealed_and_told_to_operators_without_its_password(
    mirror: Mirror, cast: Cast
) -> None:
    admin = cast["admin"]
    made = await create_region(mirror, admin, NORTH, "https://north.example", Account("we", "a secret"))
    assert made == await show_region(mirror, admin, NORTH)
    assert made == RegionShown("north-1", "https://north.example", "we", has_password=True, has_authority=False)
    async with mirror.db.reading() as tx:
        row = await queries.region_by_name(tx, NORTH)
    assert row is not None
    assert b"a secret" not in row.sealed
    assert unseal_region(mirror.sealer, NORTH, row.sealed).password == "a secret"
    for who in ("anonymous", "stranger", "manager"):
        with pytest.raises((Unauthenticated, AccessDenied)):
            await show_region(mirror, cast[who], NORTH)
        with pytest.raises((Unauthenticated, AccessDenied)):
            await change_region(mirror, cast[who], NORTH, RegionChange(username="else"))


async def test_what_is_changed_changes_and_the_rest_stays(mirror: Mirror, cast: Cast) -> None:
    admin = cast["admin"]
    await create_region(mirror, admin, NORTH, "https://north.example", Account("we", "a secret"))
    seen = await last_event(mirror.db)

    await change_region(mirror, admin, NORTH, RegionChange(url="https://other.example", password="another"))

    shown = await show_region(mirror, admin, NORTH)
    assert (shown.url, shown.username, shown.has_password) == ("https://other.example", "we", True)
    [event] = await events_after(mirror.db, seen)
    assert (event.type, event.subject) == ("region.changed", "north-1")
    assert event.data == {
        "now": {"url": "https://other.example"},
        "secrets": ["password"],
        "before": {"url": "https://north.example"},
    }
    await change_region(mirror, admin, NORTH, RegionChange(username="", password=""))
    async with mirror.db.reading() as tx:
        row = await queries.region_by_name(tx, NORTH)
    assert row is not None
    assert row.sealed is None
    with pytest.raises(RuleUnknown, match="no region south-1"):
        await change_region(mirror, admin, SOUTH, RegionChange(username="we"))


@pytest.mark.parametrize(
    ("account", "kind"),
    [
        (Account("a:b"), "username"),
        (Account("a\n"), "username"),
        (Account("a" * 256), "username"),
        (Account("", "secret"), "username"),
        (Account("we", "", "no certificate"), "authority"),
    ],
)
async def test_what_no_account_can_be_is_refused(mirror: Mirror, cast: Cast, account: Account, kind: str) -> None:
    with pytest.raises(ParameterInvalid) as refused:
        await create_region(mirror, cast["admin"], NORTH, "https://north.example", account)

    assert refused.value.detail["kind"] == kind
    assert await list_regions(mirror, cast["admin"]) == []


async def test_a_new_key_seals_the_accounts_of_regions_anew(mirror: Mirror, cast: Cast) -> None:
    await create_region(mirror, cast["admin"], NORTH, "https://north.example", Account("we", "a secret"))
    await create_region(mirror, cast["admin"], SOUTH, "https://south.example")
    new = Sealer(bytes([1]) * 32, bytes(32))

    assert await seal_anew(mirror.db, new, SEALED_OF_REGIONS) == 1

    async with mirror.db.reading() as tx:
        row = await queries.region_by_name(tx, NORTH)
    assert row is not None
    assert unseal_region(Sealer(bytes([1]) * 32), NORTH, row.sealed).password == "a secret"
