"""Pages of an organization: permissions as three people see them, limits, activity, settings."""

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit

TABS = ("", "/-/permissions", "/-/quota", "/-/activity", "/-/settings")


def base_of(organization: str) -> str:
    return f"/console/organizations/{organization}"


def test_a_permission_is_given_used_changed_and_taken_away(admin: Console, visit: Visit, api: Api):
    organization, user = api.create_org(), api.create_user()
    api.create_repo(f"{organization}/app")
    other = visit()
    other.expected.update({403, 404})
    theirs = other.sign_in(user.user, user.password)
    other.go(base_of(organization))
    expect(theirs.locator("h1")).to_have_text("Not found")

    page = admin.go(f"{base_of(organization)}/-/permissions")
    page.fill("[name=name] >> nth=-1", user.user)
    page.select_option("[name=level]", "1")
    page.fill("[name=until]", "2099-12-31")
    page.click("text=Give >> nth=-1")
    expect(page.locator("tbody")).to_contain_text(user.user)
    expect(page.locator("tbody")).to_contain_text("Dec 31, 2099")

    other.go(base_of(organization))
    expect(theirs.locator("main")).to_contain_text("app")
    expect(theirs.locator("main .tabs")).not_to_contain_text("Permissions")
    other.go(f"{base_of(organization)}/-/permissions")
    expect(theirs.locator("h1")).to_have_text("You may not do this")

    page.fill("[name=name] >> nth=-1", user.user)
    page.select_option("[name=level]", "7")
    page.click("text=Give >> nth=-1")
    expect(page.locator("tbody tr", has_text=user.user)).to_contain_text("Manage")
    other.go(f"{base_of(organization)}/-/permissions")
    expect(theirs.locator("tbody")).to_contain_text(user.user)

    page.click(f"[aria-label='Take away from {user.user}']")
    expect(page.locator("tbody")).not_to_contain_text(user.user)
    other.go(base_of(organization))
    expect(theirs.locator("h1")).to_have_text("Not found")


def test_who_is_unknown_is_said_at_the_name_and_what_was_typed_stays(admin: Console, api: Api):
    admin.expected.add(404)
    page = admin.go(f"{base_of(api.create_org())}/-/permissions")
    page.fill("[name=name] >> nth=-1", "nobody-of-this-name")
    page.fill("[name=pattern] >> nth=-1", "team-*")
    page.click("text=Give >> nth=-1")
    expect(page.locator("[role=alert], .field-problem")).to_contain_text("nobody-of-this-name")
    expect(page.locator("[name=pattern] >> nth=-1")).to_have_value("team-*")


def test_limits_are_set_in_words_people_use_and_shown_with_what_is_used(admin: Console, api: Api):
    organization = api.create_org()
    api.create_repo(f"{organization}/app")
    page = admin.go(f"{base_of(organization)}/-/quota")
    page.fill("[name=bytes]", "20GiB")
    page.fill("[name=repositories]", "3")
    page.fill("[name=archive_bytes]", "1KiB")
    page.click("text=Save")
    expect(page.locator(".figures")).to_contain_text("1 KiB")
    expect(page.locator(".figures")).to_contain_text("of 20 GiB")
    expect(page.locator(".figures")).to_contain_text("of 3")
    page.fill("[name=archive_bytes]", "none")
    page.click("text=Save")
    expect(page.locator(".figures")).to_contain_text("∞")
    page = admin.go(f"{base_of(organization)}/-/quota")
    expect(page.locator("[name=archive_bytes]")).to_have_value("none")
    admin.expected.add(400)
    page.fill("[name=bytes]", "many")
    page.click("text=Save")
    expect(page.locator(".field-problem")).to_be_visible()


def test_what_happens_shows_up_among_the_activity_of_its_organization(admin: Console, api: Api):
    organization = api.create_org()
    api.create_repo(f"{organization}/app")
    page = admin.go(f"{base_of(organization)}/-/activity")
    expect(page.locator("tbody")).to_contain_text("Image created")


def test_an_organization_goes_to_another_owner_after_it_was_said_what_that_means(admin: Console, api: Api):
    organization, user = api.create_org(), api.create_user()
    page = admin.go(f"{base_of(organization)}/-/settings")
    page.fill("[name=user]", user.user)
    page.click("text=Transfer >> nth=-1")
    expect(page.locator("main")).to_contain_text(f"{user.user} owns and manages it")
    page.click("main button.danger")
    page.wait_for_url("**/console/organizations")
    expect(page.locator("#toasts")).to_contain_text("was transferred")


def test_an_organization_that_holds_images_says_which_before_it_is_deleted(admin: Console, api: Api):
    organization = api.create_org()
    api.create_repo(f"{organization}/app")
    page = admin.go(f"{base_of(organization)}/-/settings")
    page.click("main a.danger")
    expect(page.locator("#dialog[open]")).to_contain_text(f"{organization}/app")
    page.click("#dialog [data-close]")
    expect(page.locator("#dialog[open]")).to_have_count(0)


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
    api.create_repo(f"{organization}/{'a-part-of-a-path/' * 8}app")
    with api.create_user() as user:
        api.grant(organization, user.user, "edit")
    console = visit(**options)
    console.sign_in()
    for tab in TABS:
        console.go(f"{base_of(organization)}{tab}")
        assert console.violations() == [], tab
        assert not console.overflows(), tab
