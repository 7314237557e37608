"""Rules of immutability on an organization's page, and what they do to versions."""

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.console.pushing import push

HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(1)>"""


def test_a_rule_is_made_shown_changed_switched_off_and_deleted(admin: Console, api: Api):
    organization = api.create_org()
    for tag in ("v1", "latest"):
        push(api, f"{organization}/app", tag)
    home, image = f"/console/organizations/{organization}/-/immutability", f"/console/images/{organization}/app"
    page = admin.go(home)
    page.fill("[name=tags]", "v*")
    page.fill("[name=exclusions]", "*-rc, *-dev")
    page.fill("[name=description]", HOSTILE)
    page.click("text=Create rule")
    row = page.locator("tbody tr")
    expect(row).to_contain_text("v* of all images")
    expect(row).to_contain_text(HOSTILE)
    expect(row.locator("code")).to_have_count(2)

    admin.go(image)
    expect(page.locator("tr", has_text="v1").locator(".badge", has_text="Immutable")).to_be_visible()
    expect(page.locator(".badge", has_text="Immutable")).to_have_count(1)
    admin.go(f"{image}/-/delete-versions?tag=v1&tag=latest")
    expect(page.locator(".alert")).to_contain_text("1 version is immutable and stays: v1")
    page.click("main button.danger")
    expect(page.locator("#toasts")).to_contain_text("1 version was deleted")
    admin.go(f"{image}/-/delete")
    expect(page.locator("main .alert")).to_contain_text("not deleted while its rule holds")

    admin.go(home)
    page.click("[aria-label^='Edit rule']")
    expect(page.locator("h1")).to_contain_text("Rule")
    page.fill("[name=tags]", "w*")
    page.click("text=Save")
    expect(row).to_contain_text("w* of all images")
    page.click("[aria-label^='Disable rule']")
    expect(row).to_contain_text("disabled")
    admin.expected.add(400)
    page.fill("[name=tags]", "not a tag")
    page.click("text=Create rule")
    expect(page.locator(".field-problem")).to_contain_text("not a tag")
    page.click("[aria-label^='Delete rule']")
    page.click("#dialog button.danger")
    expect(page.locator("main")).to_contain_text("All tags can move")


def test_who_may_only_read_sees_the_rules_and_changes_none(admin: Console, visit: Visit, api: Api):
    organization, user = api.create_org(), api.create_user()
    api.grant(organization, user.user, "read")
    rules = f"/v2/manage/namespaces/{organization}/immutability"
    number = api.client.post(rules, json={"tags": "v*"}).json()["id"]
    other = visit()
    theirs = other.sign_in(user.user, user.password)

    other.go(f"/console/organizations/{organization}/-/immutability")

    expect(theirs.locator("tbody")).to_contain_text("v* of all images")
    expect(theirs.locator("main button, main .icon-button")).to_have_count(0)
    other.expected.add(403)
    other.go(f"/console/organizations/{organization}/-/immutability/{number}/delete")
    theirs.click("main button.danger")
    expect(theirs.locator("main [role=alert]")).to_be_visible()
    assert api.client.get(f"{rules}/{number}").status_code == 200


@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark", "locale": "zh-CN"},
        {"viewport": {"width": 375, "height": 720}},
    ],
)
def test_its_pages_hinder_nobody(visit: Visit, api: Api, options):
    organization = api.create_org(fresh_name("an-organization-with-a-name-as-long-as-names-can-be"))
    rules = f"/v2/manage/namespaces/{organization}/immutability"
    body = {
        "repositories": "a-part-of-a-path/" * 12 + "*",
        "tags": "v" * 128,
        "exclusions": ["w" * 128],
        "description": "x" * 500,
    }
    number = api.client.post(rules, json=body).json()["id"]
    console = visit(**options)
    console.sign_in()
    for path in ("", f"/{number}", f"/{number}/delete"):
        console.go(f"/console/organizations/{organization}/-/immutability{path}")
        assert console.violations() == [], path
        assert not console.overflows(), path
