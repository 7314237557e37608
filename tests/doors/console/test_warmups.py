"""Warm-ups in the console: begun by who may edit an image, watched, called off; rules made by operators."""

import pytest

from entrepot.access.levels import Level
from entrepot.mirror.regions import create_region
from entrepot.regions.warming.by_rule import list_warm_rules
from entrepot.regions.warming.orders import Warmed, follow_warming
from entrepot.regions.warming.rules import WarmRule, WarmState, Wish
from entrepot.regions.warming.standing import list_warmups
from entrepot.values.names import RegionName
from tests.doors.console.conftest import As
from tests.make.edges import save_edge
from tests.make.rooms import Rooms

HOME = "/console/warmups"
NORTH = RegionName("north-1")


@pytest.fixture
async def edge_id(furnished: Rooms) -> str:
    await create_region(furnished.mirror, furnished.admin, NORTH, "")
    await furnished.user("ed")
    await furnished.grant("acme", "ed", Level.EDIT)
    return await save_edge(furnished, "e1", NORTH)


async def test_an_editor_begins_one_watches_it_and_calls_it_off(furnished: Rooms, as_user: As, edge_id: str) -> None:
    editor = await as_user("ed")
    page = (await editor.get(HOME)).text
    assert ("Nothing was warmed up yet" in page, "Rules of warming up" in page) == (True, False)

    begun = await editor.post(HOME, image="acme/web:1.0", regions=NORTH, platforms="", copies="")
    assert begun.headers["location"] == f"{HOME}/1", begun.text
    async with furnished.db.writing() as tx:
        await follow_warming(tx, edge_id, [Warmed(1, WarmState.RUNNING, 1 << 20, 4 << 20)], furnished.clock.now())
    page = (await editor.get(f"{HOME}/1")).text
    assert '<progress max="100" value="25" aria-label="e1">' in page
    assert "data-polled" in page
    assert 'value="25" aria-label="acme/web:1.0"' in (await editor.get(HOME)).text
    assert "预热" in (await editor.get(HOME, headers={"accept-language": "zh-CN"})).text

    called_off = await editor.post(f"{HOME}/1/-/cancel")
    assert called_off.headers["location"] == f"{HOME}/1"
    page = (await editor.get(f"{HOME}/1")).text
    assert ("called off" in page, "data-polled" in page) == (True, False)
    assert "has ended already" in (await editor.post(f"{HOME}/1/-/cancel")).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"image": "acme/web:2.0"}, "has no manifest 2.0"),
        ({"regions": ""}, "names 1 to 50 regions"),
        ({"platforms": "amd64"}, "is not a platform"),
        ({"copies": "0"}, "1 to 1000 nodes"),
    ],
)
async def test_what_is_wrong_is_said_on_the_form(
    furnished: Rooms, as_user: As, edge_id: str, wrong: dict[str, str], said: str
) -> None:
    fields = {"image": "acme/web:1.0", "regions": NORTH, "platforms": "", "copies": "", **wrong}

    answer = await (await as_user("ed")).post(HOME, **fields)

    assert said in answer.text
    assert fields["image"] in answer.text
    assert (await list_warmups(furnished.regions, furnished.admin, None, 1)).items == []


async def test_a_stranger_sees_no_warm_up_of_others(furnished: Rooms, as_user: As, edge_id: str) -> None:
    await (await as_user("ed")).post(HOME, image="acme/web:1.0", regions=NORTH, platforms="", copies="")
    stranger = await as_user("stranger")

    assert "Nothing was warmed up yet" in (await stranger.get(HOME)).text
    assert (await stranger.get(f"{HOME}/1")).status_code == 404
    assert (await stranger.post(f"{HOME}/1/-/cancel")).status_code == 404


async def test_an_operator_makes_and_deletes_rules(furnished: Rooms, as_user: As, edge_id: str) -> None:
    admin = await as_user("admin")
    fields = {"name": "releases", "scopes": "acme/*\r\nother/app", "tags": "v*", "regions": NORTH, "platforms": ""}

    made = await admin.post(f"{HOME}/-/rules", **fields, copies="2")
    assert made.headers["location"] == HOME, made.text
    [rule] = await list_warm_rules(furnished.regions, furnished.admin)
    assert rule.rule == WarmRule(("acme/*", "other/app"), ("v*",), Wish((NORTH,), (), 2))
    assert "releases" in (await admin.get(HOME)).text
    assert "exists already" in (await admin.post(f"{HOME}/-/rules", **fields, copies="")).text
    assert (await (await as_user("ed")).post(f"{HOME}/-/rules", **fields, copies="")).status_code == 403

    assert "go on" in (await admin.get(f"{HOME}/-/rules/releases/delete")).text
    assert (await admin.post(f"{HOME}/-/rules/releases/delete")).headers["location"] == HOME
    assert await list_warm_rules(furnished.regions, furnished.admin) == []
