"""Places of regions: networks and a location, each network of one region only."""

import pytest
from sqlalchemy import select

from entrepot.mirror.places import NOWHERE, Place, parse_cidrs
from entrepot.mirror.regions import (
    RegionChange,
    change_region,
    create_region,
    delete_region,
    show_region,
)
from entrepot.mirror.room import Mirror
from entrepot.mirror.sync import Destination, create_rule, request_copies
from entrepot.mirror.tables import sync_region
from entrepot.values.errors import ParameterInvalid, RuleExists
from entrepot.values.location import Location
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.looking import events_after, last_event

NORTH, SOUTH = RegionName("north-1"), RegionName("south-1")
APP = RepositoryName("acme/app")
COPIES = OrganizationName("copies")
BERLIN = "52.52,13.4"


@pytest.fixture
def mirror(cast: Cast) -> Mirror:
    return cast.rooms.mirror


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], []),
        (["10.2.0.0/16", "10.1.0.0/16", "10.2.0.0/16"], ["10.1.0.0/16", "10.2.0.0/16"]),
        (["2001:DB8::/32", "10.0.0.0/8"], ["10.0.0.0/8", "2001:db8::/32"]),
        (["192.0.2.7"], ["192.0.2.7/32"]),
        (["::ffff:10.0.0.0/104"], ["10.0.0.0/8"]),  # as clients come
        (["10.0.0.0/255.0.0.0"], ["10.0.0.0/8"]),
        (["0.0.0.0/0", "::/0"], ["0.0.0.0/0", "::/0"]),
    ],
)
def test_networks_are_kept_in_order_each_once(given, kept):
    assert [str(one) for one in parse_cidrs(given)] == kept


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "10.0.0/8", "north", "10.0.0.1/8", "10.0.0.0/8,", "1" * 500, "/8"])
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ParameterInvalid) as refused:
        parse_cidrs([text])

    assert refused.value.detail["kind"] == "cidrs"


def test_an_address_within_a_network_is_told_which_one_it_is_in():
    with pytest.raises(ParameterInvalid, match=r"the network is 10\.0\.0\.0/8"):
        parse_cidrs(["10.0.0.1/8"])


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("52.52,13.4", Location(52.52, 13.4)),
        (" -33.87 , 151.21 ", Location(-33.87, 151.21)),
        ("90,-180", Location(90, -180)),
        ("0,0", Location(0, 0)),
        ("1.23456789,-0.00001", Location(1.2346, 0)),
    ],
)
def test_a_location_is_read_and_written(text, location):
    parsed = Location.parse(text)

    assert parsed == location
    assert Location.parse(str(parsed)) == parsed


@pytest.mark.parametrize("text", ["", "52.52", "91,0", "0,181", "nan,0", "inf,0", "a,b", "1,2,3", "52.52;13.4"])
def test_what_is_no_location_is_refused(text):
    with pytest.raises(ParameterInvalid, match="degrees north"):
        Location.parse(text)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ("50.11,8.68", "51.51,-0.13", 638),  # Frankfurt, London
        ("-33.87,151.21", "35.68,139.69", 7_825),  # Sydney, Tokyo
        ("0,179.5", "0,-179.5", 111),
        ("90,0", "-90,0", 20_015),
        ("52.52,13.4", "52.52,13.4", 0),
    ],
)
def test_distances_are_those_of_the_globe(one, other, km):
    found = Location.parse(one).distance_km(Location.parse(other))

    assert found == pytest.approx(km, rel=0.001, abs=0.5)
    assert found == Location.parse(other).distance_km(Location.parse(one))


async def test_a_region_has_a_place_and_needs_no_address(mirror: Mirror, cast: Cast) -> None:
    seen = await last_event(mirror.db)

    made = await create_region(
        mirror, cast["admin"], NORTH, "", cidrs=["10.1.0.0/16", "2001:db8::/32"], location=BERLIN
    )

    assert made == await show_region(mirror, cast["admin"], NORTH)
    assert made.place == Place.parse(["10.1.0.0/16", "2001:db8::/32"], BERLIN)
    assert made.url == ""
    [event] = await events_after(mirror.db, seen)
    assert event.data == {
        "url": "",
        "username": "",
        "cidrs": ["10.1.0.0/16", "2001:db8::/32"],
        "location": BERLIN,
    }


async def test_a_place_is_changed_in_parts_and_taken_away(mirror: Mirror, cast: Cast) -> None:
    admin = cast["admin"]
    await create_region(mirror, admin, NORTH, "https://north.example", cidrs=["10.1.0.0/16"], location=BERLIN)
    seen = await last_event(mirror.db)
    async with mirror.db.reading() as tx:
        made_at = await tx.value(select(sync_region.c.changed_at))
    cast.rooms.clock.advance(seconds=5)

    moved = await change_region(mirror, admin, NORTH, RegionChange(location="48.1,11.6"))
    emptied = await change_region(mirror, admin, NORTH, RegionChange(cidrs=[], location=""))

    assert moved.place == Place.parse(["10.1.0.0/16"], "48.1,11.6")
    assert (emptied.place, emptied.url) == (NOWHERE, "https://north.example")
    first, second = await events_after(mirror.db, seen)
    assert first.data == {"now": {"location": "48.1,11.6"}, "secrets": [], "before": {"location": BERLIN}}
    assert second.data["now"] == {"cidrs": [], "location": ""}
    async with mirror.db.reading() as tx:
        assert await tx.value(select(sync_region.c.changed_at)) > made_at


async def test_one_network_is_one_regions_and_overlapping_ones_are_allowed(mirror: Mirror, cast: Cast) -> None:
    admin = cast["admin"]
    await create_region(mirror, admin, NORTH, "", cidrs=["10.1.0.0/16"])

    with pytest.raises(RuleExists, match=r"10\.1\.0\.0/16 is the region north-1's") as refused:
        await create_region(mirror, admin, SOUTH, "", cidrs=["10.9.0.0/16", "10.1.0.0/16"])
    assert refused.value.detail["kind"] == "cidr-exists"
    await create_region(mirror, admin, SOUTH, "", cidrs=["10.1.7.0/24", "10.0.0.0/8"])
    with pytest.raises(RuleExists, match="north-1"):
        await change_region(mirror, admin, SOUTH, RegionChange(cidrs=["10.1.0.0/16"]))
    await change_region(mirror, admin, NORTH, RegionChange(cidrs=["10.1.0.0/16"]))  # its own

    await delete_region(mirror, admin, NORTH)
    changed = await change_region(mirror, admin, SOUTH, RegionChange(cidrs=["10.1.0.0/16"]))
    assert changed.place.cidrs == ["10.1.0.0/16"]


async def test_nothing_is_copied_to_a_region_without_an_address(mirror: Mirror, cast: Cast) -> None:
    admin = cast["admin"]
    await create_region(mirror, admin, NORTH, "", cidrs=["10.1.0.0/16"])

    for asked in (
        create_rule(mirror, admin, APP, Destination(NORTH, COPIES), is_automatic=True),
        request_copies(mirror, admin, APP, Destination(NORTH, COPIES), [TagName("v1")]),
    ):
        with pytest.raises(ParameterInvalid, match="north-1: it has no address"):
            await asked

    await change_region(mirror, admin, NORTH, RegionChange(url="https://north.example"))
    await create_rule(mirror, admin, APP, Destination(NORTH, COPIES), is_automatic=True)
    with pytest.raises(ParameterInvalid, match="keeps its address while something copies to it: 1 rules") as refused:
        await change_region(mirror, admin, NORTH, RegionChange(url=""))
    assert refused.value.detail["kind"] == "url"
