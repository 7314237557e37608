"""The console says that nothing is changed for now, and those who may open again. On a server of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.live.api import Api
from tests.live.console.browser import visitor
from tests.live.console.conftest import Visit
from tests.live.console.pushing import push
from tests.live.process import Server, running_server

HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(1)>"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    with running_server(tmp_path) as server:
        yield server


@pytest.mark.parametrize(
    "options", [{}, {"color_scheme": "dark", "locale": "zh-CN", "viewport": {"width": 375, "height": 720}}]
)
def test_every_page_says_that_the_installation_is_closed_and_operators_open_it(browser: Browser, own: Server, options):
    with Api(own) as api, visitor(browser, own, **options) as console:
        organization = api.create_org()
        page = console.sign_in()
        console.go("/console/admin/system")
        page.select_option("[name=mode]", "read-only")
        page.fill("[name=message]", HOSTILE)
        page.click("[action$='/system/close'] button.button")
        expect(page.locator("main > .alert.warn")).to_contain_text(HOSTILE)
        for path in ("/console/", "/console/organizations", f"/console/organizations/{organization}"):
            console.go(path)
            expect(page.locator("main > .alert.warn")).to_contain_text(HOSTILE)
            assert console.violations() == [], path
            assert not console.overflows(), path

        console.expected.add(403)
        console.go("/console/organizations/-/new")
        page.fill("[name=name]", "another")
        page.click("main button.primary")
        expect(page.locator("main [role=alert]")).to_contain_text(HOSTILE)

        console.go("/console/admin/system")
        assert console.violations() == []
        page.click("[action$='/system/open'] button")
        expect(page.locator("main > .alert.warn")).to_have_count(0)
        console.check()


def test_an_organization_is_made_read_only_and_its_images_say_so(visit: Visit, api: Api):
    organization = api.create_org()
    push(api, f"{organization}/app", "v1")
    console = visit()
    page = console.sign_in()
    console.go(f"/console/organizations/{organization}/-/settings")
    page.fill("[name=message]", "It has ended.")
    page.click("text=Make read-only")
    expect(page.locator("main > .alert.warn")).to_contain_text(f"The organization {organization} is read-only: It has")
    console.go(f"/console/images/{organization}/app")
    expect(page.locator("main > .alert.warn")).to_contain_text("It has ended.")
    console.go("/console/organizations")
    expect(page.locator("main > .alert.warn")).to_have_count(0)

    console.go(f"/console/organizations/{organization}/-/settings")
    page.click("text=Open again")
    expect(page.locator("main > .alert.warn")).to_have_count(0)
