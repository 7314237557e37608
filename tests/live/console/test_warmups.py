"""Warm-ups in a real browser: begun by the form, watched as nodes report, called off."""

from typing import Any

import httpx2
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.pushing import push


def join(api: Api, region: str) -> tuple[str, str]:
    """A node of the region: its name and its secret."""
    name = fresh_name("edge")
    api.client.post("/v2/manage/regions", json={"regionID": region}).raise_for_status()
    made = api.client.post(f"/v2/manage/regions/{region}/edge-tokens", json={}).raise_for_status().json()
    url = f"https://{name}.example"
    said = {"token": made["token"], "name": name, "url": url, "capacity_bytes": 1 << 30, "version": "1"}
    joined = httpx2.post(f"{api.server.url}/edges/v1/join", json=said).raise_for_status().json()
    return name, str(joined["secret"])


def report(api: Api, secret: str, *warmed: dict[str, Any]) -> list[dict[str, Any]]:
    """Say how far the node is; what it is to fetch then."""
    state: dict[str, Any] = dict.fromkeys(("capacity_bytes", "held_bytes", "free_bytes"), 1 << 20)
    said = {**state, "url": "https://edge.example", "version": "1", "streams": 0, "warmed": list(warmed)}
    headers = {"authorization": f"Bearer {secret}"}
    told = httpx2.post(f"{api.server.url}/edges/v1/report", json=said, headers=headers).raise_for_status()
    found: list[dict[str, Any]] = told.json()["warm"]
    return found


def test_a_warm_up_is_begun_watched_and_called_off(admin: Console, api: Api) -> None:
    region, repository = fresh_name("region"), f"{api.create_org()}/web"
    node, secret = join(api, region)
    push(api, repository, "1.0")

    page = admin.go("/console/warmups")
    page.fill("#image", f"{repository}:1.0")
    page.check(f"#image-region-{region}")
    page.click("form[action='/console/warmups'] button.primary")
    expect(page.locator("h1")).to_have_text(f"{repository}:1.0")
    [order] = report(api, secret)
    assert order["path"] == repository
    report(api, secret, {"id": order["id"], "state": "running", "bytes_done": 1 << 20, "bytes_total": 4 << 20})
    expect(page.locator(f"progress[aria-label='{node}']")).to_have_attribute("value", "25")
    admin.check()

    page.click("text=Call off")
    expect(page.locator("dl.facts")).to_contain_text("called off")
    assert report(api, secret) == []
    admin.go("/console/warmups")
    expect(page.locator("#rows")).to_contain_text(repository)
    expect(page.get_by_role("navigation").get_by_role("link", name="Warm-ups")).to_be_visible()
    admin.check()
