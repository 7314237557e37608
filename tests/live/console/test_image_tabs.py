"""The tabs of an image: usage, permissions, sharing, automation, settings, and its end."""

import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.console.pushing import SCRIPT, push

TABS = ("usage", "permissions", "sharing", "automation", "settings", "delete")


@pytest.fixture
def path(api: Api) -> str:
    """A private image with one version."""
    path = f"{api.create_org()}/app"
    push(api, path, "1.0")
    return path


def at(path: str, tab: str) -> str:
    return f"/console/images/{path}/-/{tab}"


def new_domain(api: Api) -> str:
    name = fresh_name("guests")
    body = {"name": name, "admin_name": "boss", "admin_password": "a long enough password"}
    assert api.client.post("/v2/manage/domains", json=body).is_success
    return name


def test_a_permission_is_given_changed_and_taken_away_again(visit: Visit, api: Api, path: str):
    with api.create_user() as somebody:
        console = visit(java_script_enabled=False)
        console.sign_in()
        page = console.go(at(path, "permissions"))
        page.fill("#name", somebody.user)
        page.click("main button.primary")
        row = page.locator("tr", has_text=somebody.user)
        expect(row).to_contain_text("Read")
        expect(row).to_contain_text("this image")
        assert somebody.client.get(f"/v2/{path}/manifests/1.0").status_code == 200

        row.locator("a[aria-label^=Change]").click()
        expect(page.locator("#name")).to_have_value(somebody.user)
        page.select_option("[name=level]", "3")
        page.fill("[name=until]", "2999-12-31")
        page.click("main button.primary")
        expect(row).to_contain_text("Edit")
        expect(row).to_contain_text("Dec 31, 2999")

        row.locator("button").click()
        expect(row).to_have_count(0)
        assert somebody.client.get(f"/v2/{path}/manifests/1.0").status_code == 404


def test_what_the_organization_gives_is_shown_with_where_it_comes_from(admin: Console, api: Api, path: str):
    somebody = api.create_user()
    api.grant(path.partition("/")[0], somebody.user, "edit")
    page = admin.go(at(path, "permissions"))
    row = page.locator("tr", has_text=somebody.user)
    expect(row).to_contain_text(f"the organization {path.partition('/')[0]}")
    assert row.locator("button").count() == 0


def test_somebody_who_is_not_there_is_said_at_the_field(admin: Console, path: str):
    admin.expected.add(404)
    page = admin.go(at(path, "permissions"))
    page.fill("#name", fresh_name("nobody"))
    page.click("main button.primary")
    expect(page.locator("#name-problem")).to_be_visible()
    expect(page.locator("tr", has_text="Administrators of the domain")).to_be_visible()


def test_readers_editors_and_strangers_get_as_far_as_they_may(visit: Visit, api: Api, path: str):
    seen = {}
    for level in ("read", "edit", ""):
        somebody = api.create_user()
        if level:
            api.grant(path, somebody.user, level)  # type: ignore[arg-type]
        console = visit()
        console.expected |= {403, 404}
        console.sign_in(somebody.user, somebody.password)
        statuses = []
        for tab in TABS:
            answer = console.page.goto(f"{api.server.url}{at(path, tab)}")
            statuses.append(answer.status if answer else 0)
        seen[level] = statuses
        if level:
            page = console.go(at(path, "permissions"))
            expect(page.locator("main")).to_contain_text("Because of")
    assert seen == {
        "read": [200, 200, 403, 200, 200, 403],
        "edit": [200, 200, 403, 200, 200, 403],
        "": [404] * len(TABS),
    }


def test_an_image_is_shared_changed_and_taken_back(admin: Console, visit: Visit, api: Api, path: str):
    guests = new_domain(api)
    page = admin.go(at(path, "sharing"))
    page.fill("[name=domain]", guests)
    page.fill("[name=until]", "2999-01-31")
    page.fill("[name=note]", SCRIPT)
    page.click("main button.primary")
    row = page.locator("tr", has_text=guests)
    expect(row).to_contain_text("Jan 31, 2999")
    expect(row).to_contain_text("<script>")

    console = visit()
    console.sign_in(f"{guests}/boss", "a long enough password")
    narrowed = console.go("/console/shared?category=linux")
    expect(narrowed.locator("#rows")).to_contain_text("No image fits")
    narrowed.select_option(".filters select", "other")
    expect(narrowed.locator("#rows")).to_contain_text("app")
    theirs = console.go("/console/shared").locator("tr", has_text="app")
    expect(theirs).to_contain_text("default")
    expect(theirs).to_contain_text("Jan 31, 2999")
    theirs.locator("a").first.click()
    expect(console.page.locator("#rows")).to_contain_text("1.0")

    row.locator(".row-link").click()
    page.wait_for_url("**/change")
    page.fill("[name=until]", "")
    page.click("main button.primary")
    expect(row).to_contain_text("For ever")
    row.locator("a[data-dialog]").click()
    dialog = page.locator("#dialog[open]")
    expect(dialog).to_contain_text("can no longer pull")
    dialog.locator("button.danger").click()
    expect(page.locator("main")).to_contain_text("Shared with nobody")
    expect(console.go("/console/shared").locator("main")).to_contain_text("Nothing is shared with you")


def test_usage_shows_pulls_by_day_and_version(admin: Console, api: Api, path: str):
    page = admin.go(at(path, "usage"))
    assert api.client.get(f"/v2/{path}/manifests/1.0").status_code == 200
    for _ in range(100):  # pulls are counted in memory first, and nothing tells when they are written down
        if "1 pull in 30 days" in page.locator("main").inner_text():
            break
        page.wait_for_timeout(200)
        page.reload()
    expect(page.locator("svg.chart").first).to_have_attribute("aria-label", "Pulls by day: 1")
    expect(page.locator("tr", has_text="1.0")).to_contain_text("1")
    page.click("text=Days as a table")
    expect(page.locator("details[open] tbody tr")).to_have_count(30)


def test_triggers_and_retention_rules_are_shown_as_kept_only(admin: Console, api: Api, path: str):
    organization, _, name = path.partition("/")
    repo = f"/v2/manage/namespaces/{organization}/repos/{name}"
    trigger = {
        "action": "update", "app_type": "deployments", "application": "web", "cluster_id": "c1", "cluster_name": "prod",
        "cluster_ns": "default", "condition": ".*", "container": "", "enable": "true", "name": "to-prod",
        "trigger_mode": "cce", "trigger_type": "all",
    }  # fmt: skip
    assert api.client.post(f"{repo}/triggers", json=trigger).is_success
    rule = {"template": "tag_rule", "params": {"num": "10"}, "tag_selectors": [{"kind": "label", "pattern": "latest"}]}
    assert api.client.post(f"{repo}/retentions", json={"algorithm": "or", "rules": [rule]}).is_success
    page = admin.go(at(path, "automation"))
    expect(page.locator("main .alert")).to_contain_text("not yet carried out in this version")
    expect(page.locator("tr", has_text="to-prod")).to_contain_text("every version")
    expect(page.locator("tr", has_text="the newest 10 versions")).to_contain_text("latest")


def test_retention_is_planned_carried_out_and_undone(admin: Console, api: Api, path: str):
    organization, _, name = path.partition("/")
    push(api, path, "2.0")
    page = admin.go(at(path, "retention"))
    expect(page.locator("main")).to_contain_text("Nothing was carried out yet")
    policies = f"/v2/manage/namespaces/{organization}/retention/policies"
    made = {"repositories": name, "rules": [{"newest": 1}]}
    assert api.client.post(policies, json=made).is_success

    row = page.locator("tr", has_text="a rule was changed")
    expect(ended(page, row)).to_contain_text("done")
    row.locator("a.row-link").click()
    expect(page.locator("tr", has_text="1.0")).to_contain_text("sha256")
    page.click("main a.danger")
    expect(page.locator("[data-dialog-content]")).to_contain_text("1 version comes back")
    page.click("[data-dialog-content] button.danger")
    expect(page.locator("#toasts")).to_contain_text("brings the versions back")
    expect(ended(page, page.locator("tr", has_text="1.0"))).to_contain_text("restored")

    page = admin.go(at(path, "retention/plan"))
    expect(page.locator("main .alert")).to_contain_text("A run was undone here")
    expect(page.locator("tr", has_text="1.0")).to_contain_text("No rule keeps it.")
    expect(page.locator("tr", has_text="2.0")).to_contain_text("It is one of the newest 1.")
    page = admin.go(f"/console/organizations/{organization}/-/retention")
    expect(page.locator("tr", has_text="the newest 1 version")).to_contain_text(name)
    expect(page.locator("tr", has_text=path)).to_contain_text("a rule was changed")


def ended(page: Page, row: Locator) -> Locator:
    """The row, as soon as a worker has ended what it tells of."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        page.reload()
        if row.locator(".badge.good").count():
            break
    return row


def test_an_image_is_made_public_and_given_a_category(visit: Visit, admin: Console, path: str):
    page = admin.go(at(path, "settings"))
    page.select_option("[name=visibility]", "public")
    page.select_option("[name=category]", "database")
    page.click("main button.primary")
    expect(page.locator("#toasts")).to_contain_text("saved")
    expect(page.locator(".page-head")).to_contain_text("Public")
    expect(page.locator(".page-head")).to_contain_text("Database")
    stranger = visit()
    expect(stranger.go(f"/console/images/{path}").locator("#rows")).to_contain_text("1.0")


def test_an_image_is_deleted_by_who_types_its_name(visit: Visit, api: Api, path: str):
    console = visit(java_script_enabled=False)
    console.expected.add(400)
    console.sign_in()
    page = console.go(at(path, "settings"))
    page.click("main a.danger")
    expect(page.locator("main")).to_contain_text("1 version goes with it.")
    expect(page.locator("main")).to_contain_text("that no other image holds are freed")
    page.fill("[name=confirm]", "another")
    page.click("main button.danger")
    expect(page.locator("#confirm-problem")).to_be_visible()
    page.fill("[name=confirm]", "app")
    page.click("main button.danger")
    expect(page.locator("#toasts")).to_contain_text(f"Image {path} was deleted.")
    assert api.client.get(f"/v2/{path}/manifests/1.0").status_code == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tabs_hinder_nobody_and_fit_a_phone(visit: Visit, api: Api, path: str, scheme: str):
    api.grant(path, api.create_user(fresh_name("a-user-with-a-very-long-name")).user, "read")
    locale = "zh-CN" if scheme == "dark" else "en-US"
    console = visit(color_scheme=scheme, viewport={"width": 375, "height": 720}, locale=locale)
    console.sign_in()
    found = {}
    for tab in TABS:
        console.go(at(path, tab))
        if violations := console.violations():
            found[tab] = violations
        assert not console.overflows(), tab
    assert not found
