"""Rules for several regions in the console: made, shown, changed, run, rested and deleted by operators; all copies."""

from typing import Any

import pytest

from entrepot.mirror.copies import list_all_copies
from entrepot.mirror.regions import create_region
from entrepot.mirror.rules import Status
from entrepot.mirror.sync import Destination, request_copies
from entrepot.mirror.wide_sync import Shown, create_wide_rule, show_wide_rule
from entrepot.values.errors import RuleUnknown
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, SyncRuleName, TagName
from tests.doors.console.conftest import As
from tests.make.rooms import Rooms

HOME = "/console/admin/sync"
RULE = SyncRuleName("nightly")
NORTH, SOUTH = RegionName("north-1"), RegionName("south-1")
LEAST = {"direction": "push", "regions": [NORTH], "repositories": ["acme/*"]}
FORM = {
    "direction": "push",
    "regions": NORTH,
    "repositories": "acme/*\r\nother/web",
    "tags": "v* latest",
    "exclusions": "*-rc*",
    "overrides": "true",
    "referrers": "true",
    "when": "every",
    "every_seconds": "6h",
    "at": "",
    "windows": "22:00-06:00",
    "bytes_per_second": "20MB",
}


@pytest.fixture
async def regions(furnished: Rooms) -> Rooms:
    for one in (NORTH, SOUTH):
        await create_region(furnished.mirror, furnished.admin, one, f"https://{one}.example")
    return furnished


async def shown(rooms: Rooms) -> Shown:
    return await show_wide_rule(rooms.mirror, rooms.admin, RULE)


async def test_a_rule_is_made_by_its_form(regions: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    assert "<h2>No rules yet</h2>" in (await admin.get(HOME)).text
    assert 'id="region-north-1"' in (await admin.get(f"{HOME}/-/new")).text

    answer = await admin.post(f"{HOME}/-/new", name=RULE, **FORM)

    assert answer.headers["location"] == f"{HOME}/{RULE}", answer.text
    rule = (await shown(regions)).rule
    assert rule.document == {
        **rule.document,
        "direction": "push",
        "regions": [NORTH],
        "repositories": ["acme/*", "other/web"],
        "tags": ["v*", "latest"],
        "exclusions": ["*-rc*"],
        "overrides": True,
        "referrers": True,
        "deletes": False,
        "every_seconds": 21_600,
        "at": None,
        "windows": ["22:00-06:00"],
        "bytes_per_second": 20_000_000,
    }
    page = (await admin.get(f"{HOME}/{RULE}")).text
    for text in ("acme/*", "every 6h", "only within 22:00-06:00 UTC", "do not follow", "is replaced"):
        assert text in page
    assert RULE in (await admin.get(HOME)).text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"regions": ""}, "regions"),
        ({"repositories": "?"}, "repositories"),
        ({"every_seconds": "soon"}, "every_seconds"),
        ({"bytes_per_second": "much"}, "bytes_per_second"),
        ({"windows": "always"}, "windows"),
        ({"when": "at", "at": "noon"}, "at"),
        ({"direction": "pull", "when": "change"}, "every_seconds"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    regions: Rooms, as_user: As, given: dict[str, Any], field: str
) -> None:
    answer = await (await as_user("admin")).post(f"{HOME}/-/new", name=RULE, **(FORM | given))

    assert answer.status_code == 400
    assert f'id="{field}-problem"' in answer.text
    assert "other/web" in answer.text or field == "repositories"
    with pytest.raises(RuleUnknown):
        await shown(regions)


async def test_a_name_that_is_taken_is_said_at_the_name(regions: Rooms, as_user: As) -> None:
    await create_wide_rule(regions.mirror, regions.admin, RULE, LEAST)

    answer = await (await as_user("admin")).post(f"{HOME}/-/new", name=RULE, **FORM)

    assert 'id="name-problem"' in answer.text


async def test_a_rule_is_changed_rested_woken_run_and_deleted(regions: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    await create_wide_rule(regions.mirror, regions.admin, RULE, LEAST)
    assert 'value="acme/*"' in (settings := (await admin.get(f"{HOME}/{RULE}/-/settings")).text) or "acme/*" in settings

    await admin.post(
        f"{HOME}/{RULE}/-/settings", **(FORM | {"regions": SOUTH, "deletes": "true", "when": "at", "at": "23:00"})
    )
    changed = (await shown(regions)).rule
    assert (changed.regions, changed.deletes, changed.when.time_of_day) == ((SOUTH,), True, "23:00")
    assert "follow, for what it copied" in (await admin.get(f"{HOME}/{RULE}")).text

    await admin.post(f"{HOME}/{RULE}/-/disable")
    assert not (await shown(regions)).rule.is_enabled
    assert "disabled" in (await admin.get(HOME)).text
    refused = await admin.post(f"{HOME}/{RULE}/-/run")
    assert (refused.status_code, "is disabled; enable it first" in refused.text) == (400, True)
    await admin.post(f"{HOME}/{RULE}/-/enable")
    await admin.post(f"{HOME}/{RULE}/-/run")
    assert (await shown(regions)).due_at == regions.clock.now()

    asked = (await admin.get(f"{HOME}/{RULE}/-/delete")).text
    assert "It deletes nothing any more either" in asked
    gone = await admin.post(f"{HOME}/{RULE}/-/delete")
    assert gone.headers["location"] == HOME
    with pytest.raises(RuleUnknown):
        await shown(regions)


async def test_all_copies_are_listed_called_off_and_tried_again(regions: Rooms, as_user: As) -> None:
    admin, to = await as_user("admin"), Destination(NORTH, OrganizationName("copies"))
    web = RepositoryName("acme/web")
    await request_copies(regions.mirror, regions.admin, web, to, [TagName("1.0")])
    page = (await admin.get(f"{HOME}/-/copies")).text
    assert ("copies/web" in page, "Call off" in page) == (True, True)
    [copy] = (await list_all_copies(regions.mirror, regions.admin, None, (), None, 10)).items

    back = await admin.post(f"{HOME}/-/copies/{copy.id}/cancel")
    assert back.headers["location"] == f"{HOME}/-/copies"
    [copy] = (await list_all_copies(regions.mirror, regions.admin, None, (), None, 10)).items
    assert copy.status == Status.CANCEL
    assert "copies/web" not in (await admin.get(f"{HOME}/-/copies?status=failed")).text
    assert "Try again" in (await admin.get(f"{HOME}/-/copies?status=cancel")).text
    await admin.post(f"{HOME}/-/copies/{copy.id}/retry")
    [copy] = (await list_all_copies(regions.mirror, regions.admin, None, (), None, 10)).items
    assert copy.status == Status.WAITING
    wrong = [(await admin.get(f"{HOME}/-/copies?{query}")).status_code for query in ("status=odd", "after=x")]
    assert wrong == [400, 400]


async def test_the_navigation_leads_operators_there(regions: Rooms, as_user: As) -> None:
    assert HOME in (await (await as_user("admin")).get("/console/")).text
    assert HOME not in (await (await as_user("stranger")).get("/console/")).text
