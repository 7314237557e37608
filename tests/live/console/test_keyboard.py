"""The console without a mouse: every step of the main ways is reached with keys, and nothing loses the focus."""

from playwright.sync_api import Page, expect

from tests.live.api import Api
from tests.live.cli.test_commands import push
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit


def test_from_the_login_to_a_version_with_keys_alone(visit: Visit, api: Api):
    path = f"{api.create_org()}/app"
    push(api, path, "v1")
    console = visit()
    page = console.go("/console/login?next=/console/images")
    expect(page.locator("[name=user]")).to_be_focused()
    page.keyboard.type(console.server.user)
    page.keyboard.press("Tab")
    page.keyboard.type(console.server.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/console/login" not in url)

    page.keyboard.press("/")
    page.keyboard.type(path)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/search?q=*")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/images/{path}")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".row-link")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{path}/-/versions/v1")


def test_what_is_swapped_or_closed_gives_the_focus_back(admin: Console, api: Api):
    path = f"{api.create_org()}/app"
    push(api, path, "v1")
    page = admin.go(f"/console/images/{path}")
    page.locator("nav.tabs >> text=Settings").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/-/settings")
    expect(page.locator("nav.tabs >> text=Settings")).to_be_focused()

    tab_to(page, "a[data-dialog]")
    page.keyboard.press("Enter")
    expect(page.locator("dialog [name=confirm]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("a[data-dialog]")).to_be_focused()

    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("a[data-dialog]")).to_be_focused()

    page.locator("summary.who").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("summary.who")).to_be_focused()

    page = admin.go("/console/images")
    page.locator("thead >> text=Image").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**order=name**")
    expect(page.locator("thead >> text=Image")).to_be_focused()


def test_the_field_of_files_to_upload_is_reached_with_keys(admin: Console):
    page = admin.go("/console/upload")
    tab_to(page, "input[type=file]")
    expect(page.locator("input[type=file]")).to_be_focused()


def test_the_navigation_of_a_phone_opens_and_closes_with_keys(visit: Visit):
    console = visit(viewport={"width": 375, "height": 720})
    page = console.sign_in()
    page.locator("[data-menu]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#side")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#side")).not_to_be_visible()
    expect(page.locator("[data-menu]")).to_be_focused()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until it has the focus."""
    wanted = page.locator(selector).first
    for _ in range(60):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached")
