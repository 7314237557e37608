"""The first steps of a new installation, on servers of their own."""

import pytest
from playwright.sync_api import expect

from tests.live.api import Api
from tests.live.conftest import StartServer
from tests.live.console.conftest import Visit
from tests.live.console.pushing import push

NEW = "my own long password"


def test_an_administrator_is_led_from_the_first_login_to_the_first_image(start_server: StartServer, visit: Visit):
    server = start_server()
    console = visit(server)
    console.expected.add(400)
    page = console.sign_in()
    page.wait_for_url("**/console/welcome")
    expect(page.locator(".step.is-done")).to_have_count(0)

    for name, value in (("current_password", server.password), ("password", NEW), ("again", NEW)):
        page.fill(f"[name={name}]", value)
    page.click("text=Change password")
    expect(page.locator(".step.is-done")).to_have_count(1)

    page.fill("[name=name]", "Not A Name")
    page.click("main button.primary")
    expect(page.locator("#name-problem")).to_be_visible()
    page.fill("[name=name]", "shop")
    page.click("main button.primary")
    expect(page.locator(".step.is-done")).to_have_count(2)
    expect(page.locator(".step.is-current")).to_contain_text(f"docker login -u admin {server.host}")
    expect(page.locator("main")).to_contain_text(f"docker push {server.host}/shop/app:1.0")

    page.locator("[data-copy^='docker push']").focus()  # where somebody is who has just copied it
    server.password = NEW
    with Api(server) as api:
        push(api, "shop/app", "1.0")
    expect(page.locator(".congratulation")).to_contain_text("shop/app was pushed")
    expect(page.locator(".step.is-done")).to_have_count(4)
    page.click("summary.who")
    expect(page.locator("details[open]")).not_to_contain_text("First steps")
    page.click("text=Look at it")
    page.wait_for_url("**/console/images/shop/app")


def test_the_steps_can_be_skipped_and_found_again(start_server: StartServer, visit: Visit):
    console = visit(start_server(), java_script_enabled=False)
    page = console.sign_in()
    page.click("main >> text='Skip'")
    expect(page.locator(".step.is-current")).to_contain_text("Create an organization")
    page.click("text=Skip for now")
    page.wait_for_url("**/console/")
    expect(page.locator("h1")).to_have_text("Overview")
    page.click("summary.who")
    page.click("text=First steps")
    page.wait_for_url("**/console/welcome")


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark", "locale": "zh-CN"}, {"viewport": {"width": 375, "height": 720}}],
)
def test_they_hinder_nobody(visit: Visit, options):
    console = visit(**options)
    console.sign_in()
    console.go("/console/welcome")
    assert console.violations() == []
    assert not console.overflows()


def test_they_are_for_administrators(visit: Visit, api: Api):
    with api.create_user() as user:
        console = visit()
        console.expected.add(403)
        console.sign_in(user.user, user.password)
        expect(console.go("/console/welcome").locator("h1")).to_have_text("You may not do this")
