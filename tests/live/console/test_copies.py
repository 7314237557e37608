"""Copies of an image in other regions, on its page: watched while they run, tried again, called off; and regions."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.conftest import StartServer
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.console.pushing import push
from tests.live.mirror.wire import Wire, running_wire
from tests.live.process import Server
from tests.make.image import Blob, Image

MIB = 1 << 20


@pytest.fixture
def there(start_server: StartServer) -> Server:
    server = start_server()
    with Api(server) as api:
        api.create_org("copies")
    return server


@pytest.fixture
def wire(there: Server) -> Iterator[Wire]:
    with running_wire(there.url) as wire:
        yield wire


def test_a_copy_is_watched_to_its_end_and_tried_again_with_the_right_password(
    admin: Console, visit: Visit, api: Api, there: Server, wire: Wire
) -> None:
    region, path = fresh_name("north"), f"{api.create_org()}/app"
    push(api, path, "v1", Image.make(layers=0, holding=[Blob(os.urandom(4 * MIB))]))
    page = admin.go("/console/admin/regions")
    page.fill("#name", region)
    page.fill("#url", wire.url)
    page.fill("#username", there.user)
    page.fill("#password", "a wrong password")
    page.click("main form button.primary")
    expect(page.locator("main")).to_contain_text(region)

    page = admin.go(f"/console/images/{path}/-/automation")
    page.evaluate("window.wasHere = true")
    body = {"remoteRegionId": region, "remoteNamespace": "copies", "imageTag": ["v1"], "override": False}
    organization = path.partition("/")[0]
    asked = api.client.post(f"/v2/manage/namespaces/{organization}/repos/app/sync_images", json=body)
    assert asked.status_code == 200
    rows = page.locator("#copies")
    expect(rows).to_contain_text("failed", timeout=20_000)
    expect(rows).to_contain_text(f"{region} does not accept {there.user} with the password that is kept here")
    assert page.evaluate("window.wasHere") is True
    assert not admin.overflows()
    chinese = visit(locale="zh-CN")
    chinese.sign_in()
    page = chinese.go(f"/console/images/{path}/-/automation")
    expect(page.locator("#copies")).to_contain_text(f"{region} 不接受用户 {there.user} 在此保存的密码")

    page = admin.go(f"/console/admin/regions/{region}")
    page.fill("#password", there.password)
    page.click("main form button.primary")
    wire.bytes_per_second = 2 * MIB
    page = admin.go(f"/console/images/{path}/-/automation")
    page.locator("#copies").get_by_role("button", name="Try again").click()
    expect(page.locator("#copies")).to_contain_text("runs", timeout=10_000)
    expect(page.locator("#copies").get_by_role("button", name="Call off")).to_be_visible()
    expect(page.locator("#copies")).to_contain_text("copied", timeout=20_000)
    expect(page.locator("#copies").get_by_role("button")).to_have_count(0)
    assert admin.violations() == []


def test_a_copy_that_runs_is_called_off(admin: Console, api: Api, there: Server, wire: Wire) -> None:
    region, organization = fresh_name("north"), api.create_org()
    push(api, f"{organization}/app", "v1", Image.make(layers=0, holding=[Blob(os.urandom(16 * MIB))]))
    account = {"username": there.user, "password": there.password}
    assert api.client.post("/v2/manage/regions", json={"regionID": region, "url": wire.url, **account}).is_success
    wire.bytes_per_second = MIB
    body = {"remoteRegionId": region, "remoteNamespace": "copies", "imageTag": ["v1"], "override": False}
    assert api.client.post(f"/v2/manage/namespaces/{organization}/repos/app/sync_images", json=body).is_success

    page = admin.go(f"/console/images/{organization}/app/-/automation")
    expect(page.locator("#copies")).to_contain_text("runs", timeout=10_000)
    page.locator("#copies").get_by_role("button", name="Call off").click()
    expect(page.locator("#copies")).to_contain_text("called off")
    page.locator("#copies").get_by_role("button", name="Try again").wait_for()


def test_without_copies_the_page_says_how_they_come(admin: Console, api: Api) -> None:
    path = f"{api.create_org()}/app"
    push(api, path, "v1")
    page = admin.go(f"/console/images/{path}/-/automation")
    expect(page.locator("main")).to_contain_text("Copies in other regions")
    expect(page.locator("main")).to_contain_text("No copies")
