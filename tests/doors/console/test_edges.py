"""Regions' places, their nodes, and why a client is sent to one: in the console."""

import pytest

from entrepot.mirror.regions import create_region, show_region
from entrepot.regions.edges import list_edges
from entrepot.values.names import RegionName
from tests.doors.console.conftest import As
from tests.make.edges import save_edge
from tests.make.rooms import Rooms

REGIONS, EDGES = "/console/admin/regions", "/console/admin/edges"
EUROPE = RegionName("europe")
BLOB = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.fixture
async def house(furnished: Rooms) -> Rooms:
    """The region `europe` with its edges `e1`, which holds the blob and serves two clients, and `e2`."""
    place = {"cidrs": ["10.1.0.0/16"], "location": "50.11,8.68"}
    await create_region(furnished.mirror, furnished.admin, EUROPE, "", **place)  # type: ignore[arg-type]
    await save_edge(furnished, "e1", "europe", holds=(BLOB,), streams=2)
    await save_edge(furnished, "e2", "europe")
    await furnished.regions.view.refresh()
    return furnished


async def test_a_place_is_typed_into_forms(house: Rooms, as_user: As) -> None:
    admin = await as_user("admin")

    made = await admin.post(REGIONS, name="pacific", cidrs="10.2.0.0/16\r\n2001:db8::/32\r\n", location="-33.87,151.21")
    assert made.headers["location"] == REGIONS, made.text
    pacific = RegionName("pacific")
    assert (await show_region(house.mirror, house.admin, pacific)).place.cidrs == ["10.2.0.0/16", "2001:db8::/32"]
    page = (await admin.get(f"{REGIONS}/pacific")).text
    assert "10.2.0.0/16\n2001:db8::/32" in page
    assert 'value="-33.87,151.21"' in page

    await admin.post(f"{REGIONS}/pacific", cidrs="10.3.0.0/16", location="")
    place = (await show_region(house.mirror, house.admin, pacific)).place
    assert (place.cidrs, place.location) == (["10.3.0.0/16"], None)
    for fields, field in (
        ({"cidrs": "10.1.0.0/16"}, "cidrs"),
        ({"cidrs": "north"}, "cidrs"),
        ({"location": "north"}, "location"),
    ):
        refused = await admin.post(f"{REGIONS}/pacific", **fields)
        assert refused.status_code in (400, 409)
        assert f'id="{field}-problem"' in refused.text


async def test_nodes_stand_with_their_region_and_are_looked_after(house: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    for path in (REGIONS, f"{REGIONS}/europe"):
        page = (await admin.get(path)).text
        assert f'href="{EDGES}/e1"' in page
        assert "1 TiB" in page

    drained = await admin.post(f"{EDGES}/e1/-/drain")
    assert drained.headers["location"] == f"{EDGES}/e1"
    assert "served to the end" in (await admin.get(f"{EDGES}/e1")).text
    asked = (await admin.get(f"{EDGES}/e1/-/delete")).text
    assert "2 clients are served by it now." in asked
    assert "join again with a new token" in asked
    await admin.post(f"{EDGES}/e1/-/resume")
    assert not (await list_edges(house.regions, house.admin))[0].is_draining
    gone = await admin.post(f"{EDGES}/e1/-/delete")
    assert gone.headers["location"] == REGIONS
    assert [one.node.name for one in await list_edges(house.regions, house.admin)] == ["e2"]
    assert (await admin.get(f"{EDGES}/e1")).status_code == 404


async def test_a_region_that_is_deleted_takes_its_nodes_along_and_says_so(house: Rooms, as_user: As) -> None:
    admin = await as_user("admin")

    asked = (await admin.get(f"{REGIONS}/europe/-/delete")).text
    assert "Its nodes are forgotten" in asked
    assert "e1" in asked
    await admin.post(f"{REGIONS}/europe/-/delete")

    assert await list_edges(house.regions, house.admin) == []


async def test_who_serves_whom_is_explained_in_words_and_drawn(house: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    assert '<svg class="map"' not in (await admin.get(f"{REGIONS}/-/explain")).text

    page = (await admin.get(f"{REGIONS}/-/explain", params={"client": "10.1.2.3", "digest": f"sha256:{BLOB}"})).text

    assert "The node e1 of the region europe serves." in page
    assert "10.1.0.0/16, which is the region europe&#39;s." in page
    assert "Another one holds the blob." in page
    assert '<svg class="map"' in page
    assert "europe: a node is ready" in page
    wrong = await admin.get(f"{REGIONS}/-/explain", params={"client": "europe"})
    assert wrong.status_code == 400
    assert 'id="client-problem"' in wrong.text
    chinese = await admin.get(f"{REGIONS}/-/explain?client=192.0.2.7", headers={"accept-language": "zh"})
    assert "由中心直接提供服务" in chinese.text


@pytest.mark.parametrize("who", ["stranger", "partner/boss"])
async def test_others_than_operators_see_none_of_it(house: Rooms, as_user: As, who: str) -> None:
    visitor = await as_user(who)

    for path in (f"{REGIONS}/-/explain?client=10.1.2.3", f"{EDGES}/e1", f"{EDGES}/e1/-/delete"):
        assert (await visitor.get(path)).status_code == 403
    for verb in ("drain", "resume", "delete"):
        assert (await visitor.post(f"{EDGES}/e1/-/{verb}")).status_code == 403
    assert len(await list_edges(house.regions, house.admin)) == 2
