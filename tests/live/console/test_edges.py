"""The page of a region lets edges join: a real one does, with the command that the page shows."""

import shlex
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect

from tests.live.api import fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.edges.edge import Edge, make_region
from tests.live.process import end

NARROW = {"width": 375, "height": 700}


def test_an_edge_joins_with_what_the_page_of_its_region_shows(admin: Console, tmp_path: Path):
    region, name = make_region(admin.server), fresh_name("edge")
    page = admin.go(f"/console/admin/regions/{region}")
    expect(page.locator("main")).to_contain_text("No edge has joined this region")
    page.fill("[name=only]", "No/Such")
    admin.expected.add(400)
    page.click("text=Create a token")
    expect(page.locator("#only-problem")).to_be_visible()
    page.fill("[name=only]", "acme\nacme/team-*")
    page.click("text=Create a token")
    shown = page.locator(".once code").inner_text()
    assert admin.violations() == [] and not admin.overflows()

    edge = Edge(tmp_path / "data", tmp_path / "edge.log", {})
    words = shlex.split(shown)
    assert words[:2] == ["entrepot", "edge"]
    given = dict(zip(words[2::2], words[3::2], strict=True))
    edge.center, edge.region, edge.token, edge.name = given["--central"], given["--region"], given["--token"], name
    try:
        edge.start()
        page = admin.go(f"/console/admin/regions/{region}")
        row = page.locator("tbody tr", has_text=name)
        expect(row).to_contain_text("ready")
        page.click("main .end a.icon-button")
        page.click("#dialog button.danger")
        expect(page.locator("#toasts")).to_contain_text("was deleted")
        expect(page.locator("main")).not_to_contain_text("What they may hold")
        assert given["--token"] not in page.content()
    finally:
        end(edge)


def test_the_page_hinders_nobody(visit: Visit, admin: Console):
    region = make_region(admin.server)
    for options in ({"locale": "zh-CN", "color_scheme": "dark"}, {"viewport": NARROW}):
        console = visit(**options)
        console.sign_in()
        console.go(f"/console/admin/regions/{region}")
        assert console.violations() == [], options
        assert not console.overflows(), options


def test_a_token_is_made_on_the_command_line_and_is_the_only_thing_on_standard_output(admin: Console):
    region = make_region(admin.server)
    made = subprocess.run(
        [sys.executable, "-m", "entrepot", "edge", "token", "create", region],
        env={**admin.server._environ(), **admin.server.client_environment()},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert made.stdout.startswith("ejt_") and len(made.stdout.split()) == 1
    assert f"entrepot edge --central {admin.server.url} --region {region} --token" in made.stderr
