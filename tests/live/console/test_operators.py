"""Jobs and the system, as operators see them; nobody else does."""

import pytest
from playwright.sync_api import Page, expect

from tests.live.api import Api, fresh_name
from tests.live.conftest import StartServer
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.test_garbage import push

JOBS, SCHEDULES, SYSTEM = "/console/admin/jobs", "/console/admin/jobs/-/schedules", "/console/admin/system"
REGIONS, VERIFY = "/console/admin/regions", "/console/admin/verify"
NARROW = {"width": 375, "height": 700}


def test_a_job_is_started_now_and_its_run_says_what_it_did(admin: Console):
    page = admin.go(SCHEDULES)
    page.click("[aria-label='Run accounts.forget_guesses now']")
    expect(page.locator("#toasts")).to_contain_text("It runs now")
    expect(page.locator("h1")).to_have_text("accounts.forget_guesses")
    for _ in range(50):
        if page.locator(".page-title .badge").inner_text() == "done":
            break
        page.wait_for_timeout(200)  # another process does it, and this page tells nothing by itself
        page.reload()
    expect(page.locator(".page-title .badge")).to_have_text("done")
    expect(page.locator("tbody")).to_contain_text("forget")
    admin.go(JOBS)
    page.click(".choices >> text=done")
    expect(page.locator("tbody")).to_contain_text("accounts.forget_guesses")
    page.click(".choices >> text=failed")
    expect(page.locator("#rows")).to_contain_text("No run is in this state")


def test_what_was_done_to_jobs_is_in_the_audit(admin: Console, api: Api):
    api.client.post("/v2/manage/schedules/accounts.forget_guesses/start").raise_for_status()
    page = admin.go("/console/admin/audit?type=job.*")
    expect(page.locator("[title='job.started']").first).to_have_text("Job started by hand")


def test_the_system_says_what_is_set_and_keeps_secrets(admin: Console):
    page = admin.go(SYSTEM)
    expect(page.locator("main")).to_contain_text("SQLite")
    expect(page.locator("tbody tr", has_text="port").first).to_be_visible()
    assert admin.server.password not in page.content()


def test_a_region_is_made_known_and_forgotten(admin: Console):
    name = fresh_name("region")
    admin.expected.add(400)
    page = admin.go(REGIONS)
    page.fill("[name=name]", name)
    page.fill("[name=url]", "no address")
    page.click("main button.primary")
    expect(page.locator("#url-problem")).to_be_visible()
    page.fill("[name=url]", "https://north.example.com")
    page.click("main button.primary")
    expect(page.locator("tbody")).to_contain_text(name)
    page.click(f"[aria-label='Delete {name}']")
    expect(page.locator("#dialog[open]")).to_contain_text("https://north.example.com")
    page.click("#dialog button.danger")
    expect(page.locator("#toasts")).to_contain_text("was deleted")


def test_nobody_but_operators_sees_jobs_and_the_system(visit: Visit, api: Api):
    user, console = api.create_user(), visit()
    console.expected.add(403)
    page = console.sign_in(user.user, user.password)
    for path in (JOBS, SCHEDULES, SYSTEM, REGIONS, VERIFY):
        console.go(path)
        expect(page.locator("h1")).to_have_text("You may not do this")


@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark", "locale": "zh-CN"},
        {"viewport": {"width": 375, "height": 720}},
    ],
)
def test_these_pages_hinder_nobody(visit: Visit, api: Api, options):
    newest = api.client.get("/v2/manage/jobs").json()["runs"][0]["id"]
    console = visit(**options)
    console.sign_in()
    for path in (JOBS, SCHEDULES, f"{JOBS}/{newest.replace('+', '%2B')}", SYSTEM, REGIONS):
        console.go(path)
        assert console.violations() == [], path
        assert not console.overflows(), path


def test_a_verification_says_what_is_wrong_until_it_is_pushed_again(visit: Visit, start_server: StartServer):
    server = start_server()  # its own: of the shared one, other tests take bytes away
    with Api(server) as api:
        path = f"{api.create_org(fresh_name('verified'))}/app"
        lost = push(api, path, "v1").blobs[0]
    [place] = server.data.rglob(f"blobs/sha256/*/{lost.digest.hex}")
    english, console = visit(at=server), visit(at=server, locale="zh-CN", viewport=NARROW)
    for one, title, good in ((english, "Verification", "Nothing is wrong"), (console, "数据校验", "没有问题")):
        one.sign_in()
        page = one.go(VERIFY)
        expect(page.locator("h1")).to_have_text(title)
        expect(page.locator("#rows")).to_contain_text(good)
        assert one.violations() == [] and not one.overflows()

    page = console.page
    place.unlink()
    page.click("main button.primary")
    expect(page.locator("#toasts")).not_to_be_empty()
    until_shown(page, "#rows .badge.bad")
    expect(page.locator("#rows")).to_contain_text(path)
    assert console.violations() == [] and not console.overflows()
    console.go("/console/")
    expect(page.locator("a[href='/console/admin/verify']").first).to_be_attached()
    expect(page.locator(".alert.bad")).to_contain_text("1 个数据块与推送时不一致")

    with Api(server) as api:
        api.client.post(f"/v2/{path}/blobs/uploads/?digest={lost.digest}", content=lost.content).raise_for_status()
    console.go(VERIFY)
    expect(page.locator("#rows")).to_contain_text("没有问题")


def until_shown(page: Page, selector: str) -> None:
    """Another process does it, and the page tells nothing by itself."""
    for _ in range(50):
        if page.locator(selector).count():
            return
        page.wait_for_timeout(200)
        page.reload()
    expect(page.locator(selector)).to_be_attached()
