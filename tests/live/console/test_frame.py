"""The frame of the console in a real browser: login, language, appearance, keys, what no page may do."""

import re

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit

PAGES = ("/console/login", "/console/", "/console/organizations", "/console/organizations/-/new", "/console/images")


def test_a_browser_that_asks_for_the_service_gets_to_the_login_and_back_to_where_it_wanted(visit: Visit):
    console = visit()
    page = console.go("/")
    assert page.url.endswith("/console/login?next=%2Fconsole%2F")
    console.go("/console/organizations?q=a")
    page.fill("[name=user]", console.server.user)
    page.fill("[name=password]", console.server.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/console/organizations?q=a")


def test_a_wrong_password_is_said_beside_the_field_and_the_name_stays(visit: Visit):
    console = visit()
    console.expected.add(400)
    page = console.go("/console/login")
    page.fill("[name=user]", fresh_name("nobody"))
    page.fill("[name=password]", "a wrong password")
    page.click("main button")
    expect(page.locator("#password-problem")).to_contain_text("not right")
    expect(page.locator("[name=user]")).to_have_value(re.compile("^nobody-"))
    assert page.locator("[name=password]").input_value() == ""


def test_after_signing_out_the_pages_ask_who_you_are(admin: Console):
    admin.page.click("summary.who")
    admin.page.click("text=Sign out")
    admin.page.wait_for_url("**/console/login")
    assert "/console/login" in admin.go("/console/organizations").url


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "/console//evil.example", "/docs"])
def test_the_login_leads_nowhere_but_into_the_console(visit: Visit, wanted: str):
    console = visit()
    page = console.go(f"/console/login?next={wanted}")
    page.fill("[name=user]", console.server.user)
    page.fill("[name=password]", console.server.password)
    page.click("main button")
    page.wait_for_url(f"{console.server.url}/console/")


def test_the_language_is_the_browsers_until_another_is_chosen(visit: Visit):
    console = visit(locale="zh-CN")
    page = console.sign_in()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("nav.side")).to_contain_text("我的镜像")
    page.click("details.menu summary >> nth=0")
    page.click("button[name=language][value=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("nav.side")).to_contain_text("My images")
    assert console.go("/console/images").locator("html").get_attribute("lang") == "en"


def test_the_language_is_changed_on_a_page_whose_form_was_refused(admin: Console, api: Api):
    admin.expected.add(400)
    organization = api.create_org()
    page = admin.go(f"/console/organizations/{organization}/-/permissions")
    page.fill("[name=name] >> nth=-1", "Not A Name")
    page.click("text=Give >> nth=-1")
    expect(page.locator(".field-problem")).to_be_visible()
    page.click("details.menu summary >> nth=0")
    page.click("button[name=language][value=zh_CN]")
    page.wait_for_url(f"**/console/organizations/{organization}/-/permissions")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


def test_the_appearance_is_the_systems_until_another_is_chosen(visit: Visit):
    console = visit(color_scheme="dark")
    page = console.sign_in()
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.click("details.menu summary >> nth=1")
    page.click("button[name=theme][value=light]")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert page.evaluate(ground) != dark


def test_an_organization_is_created_and_deleted_with_the_keyboard_alone(admin: Console):
    name = fresh_name()
    page = admin.go("/console/")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/console/organizations")
    page.locator("main >> text=New organization").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=name]")
    page.focus("[name=name]")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/organizations/{name}")
    expect(page.locator("#toasts")).to_contain_text(name)
    page.click("main .tabs >> text=Settings")
    page.locator("main a.danger").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#dialog[open]")
    expect(dialog).to_contain_text("It is empty.")
    dialog.locator("button.danger").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/organizations")
    expect(page.locator("#toasts")).to_contain_text("was deleted")


def test_a_name_that_cannot_be_is_refused_at_its_field_and_kept(admin: Console):
    admin.expected.add(400)
    page = admin.go("/console/organizations/-/new")
    page.fill("[name=name]", "Not A Name")
    page.click("main button.primary")
    expect(page.locator("#name-problem")).to_be_visible()
    expect(page.locator("[name=name]")).to_have_value("Not A Name")


def test_every_page_can_be_read_and_simple_forms_work_without_scripts(visit: Visit):
    console = visit(java_script_enabled=False)
    name = fresh_name()
    page = console.sign_in()
    console.go("/console/organizations/-/new")
    page.fill("[name=name]", name)
    page.click("main button.primary")
    page.wait_for_url(f"**/console/organizations/{name}")
    page.click("main .tabs >> text=Settings")
    page.click("main a.danger")
    page.click("main button.danger")
    page.wait_for_url("**/console/organizations")


def test_a_column_that_is_put_away_stays_away(admin: Console, api: Api):
    api.create_repo(f"{api.create_org()}/app")
    page = admin.go("/console/images")
    expect(page.locator("th >> text=Pulls")).to_be_visible()
    page.click(".column-menu summary")
    page.uncheck(".column-menu label:has-text('Pulls') input")
    expect(page.locator("th >> text=Pulls")).to_be_hidden()
    expect(page.locator("tbody .row-link").first).to_be_visible()
    assert admin.violations() == []
    admin.go("/console/images")
    expect(page.locator("th >> text=Pulls")).to_be_hidden()
    page.click(".column-menu summary")
    page.check(".column-menu label:has-text('Pulls') input")
    expect(page.locator("th >> text=Pulls")).to_be_visible()


def test_rows_that_let_one_wait_are_bars_until_they_are_there(admin: Console, api: Api):
    organization = api.create_org()
    page = admin.go("/console/organizations")
    held = admin.hold("**/console/organizations?*")
    page.fill(".filter input", organization)
    page.wait_for_function("() => getComputedStyle(document.querySelector('#rows td')).visibility === 'hidden'")
    assert page.evaluate("getComputedStyle(document.querySelector('#rows td'), '::after').visibility") == "visible"
    held[0].continue_()
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#rows .row-link")).to_be_visible()


def test_a_page_that_lets_one_wait_draws_a_line(admin: Console):
    page = admin.go("/console/")
    held = admin.hold("**/console/organizations")
    page.click("nav.side >> text=Organizations")
    line = "getComputedStyle(document.body, '::before')"
    page.wait_for_function(f"() => {line}.position === 'fixed'")
    held[0].continue_()
    page.wait_for_url("**/console/organizations")
    page.wait_for_function(f"() => {line}.content === 'none'")


def test_slash_reaches_the_search_and_question_mark_shows_the_keys(admin: Console):
    page = admin.go("/console/")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.locator("main").focus()
    page.keyboard.press("?")
    expect(page.locator("#help[open]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help[open]")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_hinders_anybody(visit: Visit, scheme: str):
    console = visit(color_scheme=scheme)
    console.sign_in()
    found = {}
    for path in PAGES:
        console.go(path)
        if violations := console.violations():
            found[path] = violations
    assert not found


def test_no_page_is_wider_than_a_phone(visit: Visit, api: Api):
    console = visit(viewport={"width": 375, "height": 720})
    api.create_org(fresh_name("an-organization-with-a-very-long-name-indeed"))
    page = console.sign_in()
    for path in PAGES:
        console.go(path)
        assert not console.overflows(), path
    page.click("[data-menu]")
    page.click("nav.side >> text=Organizations")
    page.wait_for_url("**/console/organizations")
