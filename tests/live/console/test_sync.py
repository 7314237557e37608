"""Rules for several regions in the console, from the form to what they copied, over a real region."""

import os

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.conftest import StartServer
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.console.pushing import push
from tests.live.mirror.wire import running_wire
from tests.live.process import Server
from tests.make.image import Blob, Image

HOME = "/console/admin/sync"
MIB = 1 << 20
PHONE = {"width": 375, "height": 720}


@pytest.fixture
def there(start_server: StartServer) -> Server:
    return start_server()


def test_a_rule_is_made_watched_changed_and_deleted(admin: Console, visit: Visit, api: Api, there: Server) -> None:
    region, name, organization = fresh_name("north"), fresh_name("releases"), api.create_org()
    for tag in ("v1", "v2-rc1"):
        push(api, f"{organization}/app", tag, Image.make(layers=0, holding=[Blob(os.urandom(3 * MIB))]))
    with Api(there) as south:
        south.create_org(organization)
    with running_wire(there.url) as wire:
        account = {"username": there.user, "password": there.password}
        assert api.client.post("/v2/manage/regions", json={"regionID": region, "url": wire.url, **account}).is_success
        wire.bytes_per_second = MIB
        admin.expected.add(400)
        page = admin.go(f"{HOME}/-/new")
        page.fill("#name", name)
        page.check(f"#region-{region}")
        page.fill("#repositories", f"{organization}/*")
        page.fill("#tags", "v*")
        page.fill("#exclusions", "*-rc*")
        page.select_option("#when", "every")
        expect(page.locator("#deletes")).not_to_be_checked()
        expect(page.locator("#deletes-help")).to_contain_text("Nothing brings it back from there")
        page.click("main form button.primary")
        expect(page.locator("#every_seconds-problem")).to_be_visible()
        page.fill("#every_seconds", "6h")
        assert admin.violations() == []
        page.click("main form button.primary")

        expect(page.locator("h1")).to_have_text(name)
        rows = page.locator("#rule table")
        expect(rows).to_contain_text("runs", timeout=15_000)
        expect(rows.locator("progress")).to_be_visible()
        expect(rows).to_contain_text("copied", timeout=20_000)
        expect(rows).to_contain_text("100%")
        expect(rows).not_to_contain_text("rc1")
        assert admin.violations() == []
        assert not admin.overflows()

    page.get_by_role("link", name="Change").click()
    page.fill("#exclusions", "")
    page.check("#deletes")
    page.click("main form button.primary")
    expect(page.locator("main")).to_contain_text("follow, for what it copied")
    expect(page.locator("main")).to_contain_text("in trouble", timeout=20_000)  # the wire is gone
    expect(page.locator("[role=alert]")).to_contain_text(f"{region} does not answer")
    chinese = visit(locale="zh-CN", viewport=PHONE)
    chinese.sign_in()
    page = chinese.go(f"{HOME}/{name}")
    expect(page.locator("[role=alert]")).to_contain_text("未能正常应答")
    expect(page.locator("main")).to_contain_text("同步删除其复制的标签")
    assert chinese.violations() == []
    chinese.go(f"{HOME}/-/copies")
    assert chinese.violations() == []

    page = admin.go(f"{HOME}/-/copies?rule={name}")
    expect(page.locator("#rows")).to_contain_text(f"{organization}/app")
    page = admin.go(f"{HOME}/{name}/-/settings")
    page.get_by_role("link", name="Delete").click()
    expect(page.locator("[data-dialog-content]")).to_contain_text("It deletes nothing any more either")
    page.locator("[data-dialog-content] button.danger").click()
    expect(page.locator("#toasts")).to_contain_text(f"{name} was deleted")
