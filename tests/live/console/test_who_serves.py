"""Who serves whom: asked on a page, told in words and on a map that hinders nobody."""

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.console.conftest import Visit

EXPLAIN = "/console/admin/regions/-/explain"


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark", "locale": "zh-CN"}, {"viewport": {"width": 375, "height": 720}}],
)
def test_a_choice_is_told_and_drawn(visit: Visit, api: Api, options):
    number = int(fresh_name("region")[-8:], 36) % 250
    name, network = fresh_name("frankfurt"), f"10.250.{number}.0/24"
    body = {"regionID": name, "cidrs": [network], "location": "50.11,8.68"}
    made = api.client.post("/v2/manage/regions", json=body)
    console = visit(**options)
    console.sign_in()

    page = console.go("/console/admin/regions")
    page.click(f"a[href='{EXPLAIN}']")
    page.fill("[name=client]", f"10.250.{number}.7")
    page.click("main form button.primary")

    assert made.is_success
    expect(page.locator("svg.map")).to_be_visible()
    expect(page.locator("svg.map .dot", has_text=name)).to_have_count(1)
    expect(page.locator("main")).to_contain_text(network)
    assert console.violations() == []
    assert not console.overflows()
    assert api.client.delete(f"/v2/manage/regions/{name}").is_success
