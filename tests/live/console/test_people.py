"""Users, groups and domains, as administrators and operators manage them."""

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit

USERS, GROUPS, DOMAINS = "/console/admin/users", "/console/admin/groups", "/console/admin/domains"
PASSWORD = "correct horse battery staple"
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


def test_a_user_is_created_signs_in_and_is_shut_out(admin: Console, visit: Visit):
    name = fresh_name("user")
    page = admin.go(f"{USERS}/-/new")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")
    page.wait_for_url(f"**{USERS}/{name}")
    theirs = visit()
    theirs.sign_in(name, PASSWORD)
    admin.go(f"{USERS}/{name}/-/settings")
    page.click("main a[href$='/-/disable']")
    dialog = page.locator("#dialog[open]")
    expect(dialog).to_contain_text("stop working at once")
    dialog.locator("button.danger").click()
    expect(page.locator(".page-title")).to_contain_text("shut out")
    theirs.go("/console/")
    expect(theirs.page).to_have_url(f"{theirs.server.url}/console/login?next=%2Fconsole%2F")


def test_before_a_user_is_deleted_it_is_said_what_ends(admin: Console, api: Api):
    organization, user, group = api.create_org(), api.create_user(), fresh_name("group")
    api.grant(organization, user.user, "manage")
    api.client.post("/v2/manage/groups", json={"name": group})
    api.client.put(f"/v2/manage/groups/{group}/members/{user.user}")
    robot = fresh_name("robot")
    with user:
        body = {"name": robot, "rights": [{"scope": organization, "access": "pull"}]}
        user.client.post("/v2/manage/robots", json=body)
    page = admin.go(f"{USERS}/{user.user}/-/delete")
    for text in ("1 permission", group, robot):
        expect(page.locator("main")).to_contain_text(text)
    page.click("main button.danger")
    page.wait_for_url(f"**{USERS}")
    expect(page.locator("#toasts")).to_contain_text(f"{user.user} was deleted")


def test_what_is_refused_is_said_at_its_field(admin: Console):
    admin.expected.update({400, 409})
    page = admin.go(f"{USERS}/-/new")
    page.fill("[name=name]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")
    expect(page.locator("#name-problem")).to_contain_text("admin")
    page.fill("[name=name]", fresh_name("user"))
    page.fill("[name=password]", "short")
    page.click("main button.primary")
    expect(page.locator("#password-problem")).to_be_visible()


def test_a_user_keeps_their_end_and_role_as_set(admin: Console, api: Api):
    user = api.create_user()
    page = admin.go(f"{USERS}/{user.user}/-/settings")
    page.fill("[name=expires]", "2099-12-31")
    page.check("[name=admin]")
    page.click("main button.primary")
    expect(page.locator("#toasts")).to_contain_text("Saved")
    expect(page.locator("[name=expires]")).to_have_value("2099-12-31")
    expect(page.locator("[name=admin]")).to_be_checked()
    assert api.client.get(f"/v2/manage/users/{user.user}").json()["expires_at"].startswith("2100-01-01T00:00:00")


def test_a_group_is_filled_and_emptied_without_scripts(visit: Visit, api: Api):
    console = visit(java_script_enabled=False)
    page = console.sign_in()
    user, group = api.create_user(), fresh_name("group")
    console.go(f"{GROUPS}/-/new")
    page.fill("[name=name]", group)
    page.fill("[name=description]", HOSTILE)
    page.click("main button.primary")
    expect(page.locator("main .intro")).to_have_text(HOSTILE)
    page.fill("[name=user] >> nth=-1", user.user)
    page.click("main button.primary")
    expect(page.locator("tbody")).to_contain_text(user.user)
    page.click(f"[aria-label='Remove {user.user}']")
    expect(page.locator("main")).to_contain_text("Nobody belongs to it yet")
    page.click("main .tabs >> text=Settings")
    page.click("main a.danger")
    page.click("main button.danger")
    page.wait_for_url(f"**{GROUPS}")


def test_lists_are_narrowed_while_somebody_types(admin: Console, api: Api):
    user = api.create_user()
    page = admin.go(USERS)
    page.fill("main [name=q]", user.user)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.fill("main [name=q]", "nobody-of-this-name")
    expect(page.locator("#rows")).to_contain_text("No user has this in their name")


def test_three_people_see_what_is_theirs_to_manage(admin: Console, visit: Visit, api: Api):
    name = fresh_name("domain")
    page = admin.go(f"{DOMAINS}/-/new")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")
    page.wait_for_url(f"**{DOMAINS}/{name}")
    page.fill("[name=organizations]", "3")
    page.click("text=Save")
    expect(page.locator(".figures")).to_contain_text("of 3")

    boss = visit()
    boss.expected.update({403, 404})
    theirs = boss.sign_in(f"{name}/admin", PASSWORD)
    expect(theirs.locator("nav.side")).to_contain_text("Users")
    expect(theirs.locator("nav.side")).not_to_contain_text("Domains")
    boss.go(DOMAINS)
    expect(theirs.locator("h1")).to_have_text("You may not do this")
    boss.go(f"{USERS}/{api.create_user().user}")  # of another domain: not there

    user, person = api.create_user(), visit()
    person.expected.add(403)
    seen = person.sign_in(user.user, user.password)
    expect(seen.locator("nav.side")).not_to_contain_text("Users")
    for path in (USERS, f"{USERS}/-/new", GROUPS, DOMAINS):
        person.go(path)
        expect(seen.locator("h1")).to_have_text("You may not do this")

    admin.go(f"{DOMAINS}/{name}/-/delete")
    expect(page.locator("main")).to_contain_text("end with it")
    page.click("main button.danger")
    page.wait_for_url(f"**{DOMAINS}")


@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark", "locale": "zh-CN"},
        {"viewport": {"width": 375, "height": 720}},
    ],
)
def test_these_pages_hinder_nobody(visit: Visit, api: Api, options):
    organization, user, group = api.create_org(), api.create_user(fresh_name("u" * 50)), fresh_name("g" * 50)
    api.grant(organization, user.user, "manage")
    api.client.post("/v2/manage/groups", json={"name": group, "description": "d" * 250})
    api.client.put(f"/v2/manage/groups/{group}/members/{user.user}")
    console = visit(**options)
    console.sign_in()
    for path in (
        USERS,
        f"{USERS}/-/new",
        f"{USERS}/{user.user}",
        f"{USERS}/{user.user}/-/settings",
        f"{USERS}/{user.user}/-/delete",
        GROUPS,
        f"{GROUPS}/{group}",
        f"{GROUPS}/{group}/-/settings",
        DOMAINS,
        f"{DOMAINS}/-/new",
        f"{DOMAINS}/default",
    ):
        console.go(path)
        assert console.violations() == [], path
        assert not console.overflows(), path


def test_lists_are_sorted_by_their_columns_page_after_page(admin: Console, api: Api):
    first, second = fresh_name("zz-sorted"), fresh_name("aa-sorted")
    for name in (first, second):
        api.create_user(name)
        api.client.post("/v2/manage/groups", json={"name": name, "description": ""})
        api.create_org(name)
    for path, columns in (("/console/admin/users", 3), ("/console/admin/groups", 2), ("/console/organizations", 2)):
        page = admin.go(f"{path}?q=sorted")
        names = page.locator("main tbody .row-link")
        expect(page.locator("main th a")).to_have_count(columns)
        expect(names.last).to_have_text(first)
        page.click("main th >> text=Created")
        expect(page.locator("main th[aria-sort=descending]")).to_contain_text("Created")
        expect(names.first).to_have_text(second)
        page.click("main th >> text=Created")
        expect(page.locator("main th[aria-sort=ascending]")).to_contain_text("Created")
        page = admin.go(f"{path}?q=sorted&order=created&direction=asc")
        page.fill("main input[type=search]", second)
        expect(names).to_have_text([second])
        expect(page.locator("main th[aria-sort=ascending]")).to_contain_text("Created")
        assert admin.violations() == [], path
