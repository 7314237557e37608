"""Retention policies made, looked at before they are in force, changed and deleted by forms, also without scripts."""

import pytest
from playwright.sync_api import expect

from tests.live.api import Api
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.console.pushing import push

GO_ON = "main button.primary"
SAVE = "main button[value=save]"


@pytest.fixture
def organization(api: Api) -> str:
    """With an image of three versions."""
    name = api.create_org()
    for tag in ("1.0", "1.1", "pr-1"):
        push(api, f"{name}/app", tag)
    return name


def policies_of(api: Api, organization: str) -> list[dict[str, object]]:
    answer = api.client.get(f"/v2/manage/namespaces/{organization}/retention/policies")
    found: list[dict[str, object]] = answer.raise_for_status().json()["policies"]
    return found


def test_a_policy_of_several_rules_is_made_and_changed_without_scripts(visit: Visit, api: Api, organization: str):
    console = visit(java_script_enabled=False)
    console.expected.add(400)
    console.sign_in()
    home = f"/console/organizations/{organization}/-/retention"
    page = console.go(home)
    page.click(GO_ON.replace("button", "a"))
    page.fill("#repositories", "ap*")
    page.fill("#description", "Previews go")
    page.fill("#tags-1", "pr-* /v[0-9]{1,3}/")
    page.fill("#pushed_days-1", "14")
    page.click("main button[value=row]")
    expect(page.locator("#tags-1")).to_have_value("pr-* /v[0-9]{1,3}/")
    page.fill("#exclusions-2", "latest, 1.1")
    page.check("#signed-2")
    page.fill("#untagged_days", "30")
    page.click(GO_ON)
    expect(page.locator("#newest-2-problem")).to_contain_text("Say how many of the newest it keeps")
    expect(page.locator("#exclusions-2")).to_have_value("latest, 1.1")
    assert page.locator("#signed-2").is_checked()
    page.fill("#newest-2", "1")
    page.fill("#tags-2", "/(/")
    page.click(GO_ON)
    expect(page.locator("#tags-2-problem")).to_contain_text("is not a regular expression")
    page.fill("#tags-2", "")
    page.press("#newest-2", "Enter")
    row = page.locator("main tbody tr")
    expect(page.locator(".figures")).to_contain_text("1Would be deleted")
    expect(row).to_contain_text(f"{organization}/app:1.0")  # pr-1 is the newest, 1.1 spared
    expect(row).to_contain_text("No rule keeps it.")
    assert policies_of(api, organization) == []

    page.click("main button[value=edit]")
    expect(page.locator("#description")).to_have_value("Previews go")
    page.fill("#exclusions-2", "latest")
    page.click(GO_ON)
    expect(page.locator(".figures")).to_contain_text("2Would be deleted")
    page.click("main button[value=edit]")
    page.uncheck("#enabled")
    page.click(GO_ON)
    expect(page.locator("#toasts")).to_contain_text("deletes nothing")
    expect(page.locator("main tbody tr")).to_contain_text("disabled")
    [made] = policies_of(api, organization)
    assert [made[name] for name in ("repositories", "untagged_days", "enabled")] == ["ap*", 30, False]
    nothing = {"newest": None, "pushed_days": None, "pulled_days": None, "signed": False}
    rules = [
        {**nothing, "tags": ["pr-*", "/v[0-9]{1,3}/"], "exclusions": [], "pushed_days": 14},
        {**nothing, "tags": [], "exclusions": ["latest"], "newest": 1, "signed": True},
    ]
    assert made["rules"] == rules

    page.click("main a[aria-label^='Edit policy']")
    page.fill("#pushed_days-1", "")
    page.fill("#tags-1", "")
    page.fill("#untagged_days", "")
    page.click(GO_ON)
    [changed] = policies_of(api, organization)
    assert (changed["untagged_days"], changed["rules"]) == (None, rules[1:])


def test_a_policy_is_looked_at_before_it_is_enabled_and_a_deletion_is_asked_about(
    admin: Console, api: Api, organization: str
):
    home = f"/console/organizations/{organization}/-/retention"
    body = {"rules": [{"newest": 1}], "enabled": False}
    api.client.post(f"/v2/manage/namespaces/{organization}/retention/policies", json=body).raise_for_status()
    page = admin.go(home)
    page.click("main >> text=Enable")
    expect(page.locator("main")).to_contain_text("2 versions")
    assert admin.violations() == []
    page.click(SAVE)
    expect(page.locator("main tbody tr").first).to_contain_text("enabled")
    page.click("main >> text=Carry it out now")
    expect(page.locator("#toasts")).to_contain_text("A worker carries the rules out now.")
    page.click("main >> text=Disable")
    expect(page.locator("main tbody tr").first).to_contain_text("disabled")
    page.click("main [aria-label^='Delete policy']")
    expect(page.locator("#dialog[open]")).to_contain_text("may be deleted by other rules")
    page.locator("#dialog[open] button.danger").click()
    expect(page.locator("main")).to_contain_text("No retention policies")
    assert policies_of(api, organization) == []


def test_the_rules_of_an_image_are_set_changed_and_deleted_on_a_phone(visit: Visit, api: Api, organization: str):
    path = f"{organization}/app"
    console = visit(locale="zh-CN", viewport={"width": 375, "height": 720}, color_scheme="dark")
    console.expected.add(400)
    console.sign_in()
    page = console.go(f"/console/images/{path}/-/automation")
    page.click("main a.primary[href$='/retention']")
    page.select_option("#template-1", "tag_rule")
    page.fill("#number-1", "1")
    page.fill("#spared-1", "latest /[/")
    page.click(GO_ON)
    expect(page.locator("#spared-1-problem")).to_be_visible()
    expect(page.locator("#template-1")).to_have_value("tag_rule")
    assert console.violations() == []
    assert not console.overflows()
    page.fill("#spared-1", r"latest /1\.\d{1,2}/")
    page.click(GO_ON)
    expect(page.locator(SAVE)).to_be_visible()
    assert console.violations() == []
    assert not console.overflows()
    page.click(SAVE)
    expect(page.locator("main tr code").first).to_contain_text("latest")
    organization, _, name = path.partition("/")
    own = f"/v2/manage/namespaces/{organization}/repos/{name}/retentions"
    spared = [{"kind": "label", "pattern": "latest"}, {"kind": "regexp", "pattern": r"1\.\d{1,2}"}]
    rule = {"template": "tag_rule", "params": {"num": "1"}, "tag_selectors": spared}
    assert api.client.get(own).json()[0]["rules"] == [rule]

    page.click("main a[href$='/automation/retention']")
    expect(page.locator("#spared-1")).to_have_value(r"latest /1\.\d{1,2}/")
    page.fill("#number-1", "7")
    page.click(GO_ON)
    page.click(SAVE)
    expect(page.locator("main tr code").first).to_be_visible()
    assert api.client.get(own).json()[0]["rules"] == [{**rule, "params": {"num": "7"}}]
    page.click("main a.danger[href$='/retention/delete']")
    page.locator("#dialog[open] button.danger").click()
    expect(page.locator("main a.primary[href$='/automation/retention']")).to_be_visible()
    assert api.client.get(own).json() == []


def test_who_may_only_read_sees_policies_and_changes_none(visit: Visit, api: Api, organization: str):
    user = api.create_user()
    api.grant(organization, user.user, "read")
    policies = f"/v2/manage/namespaces/{organization}/retention/policies"
    number = api.client.post(policies, json={"rules": [{"newest": 50}]}).raise_for_status().json()["id"]
    console = visit()
    console.expected.add(403)
    page = console.sign_in(user.user, user.password)
    console.go(f"/console/organizations/{organization}/-/retention")
    expect(page.locator("main tbody tr").first).to_contain_text("the newest 50 versions")
    expect(page.locator("main button, main .icon-button, main a.button")).to_have_count(0)
    console.go(f"/console/images/{organization}/app/-/automation")
    expect(page.locator("main a[href*='/automation/retention']")).to_have_count(0)
    console.go(f"/console/images/{organization}/app/-/automation/retention")
    page.fill("#number-1", "3")
    page.click(GO_ON)
    expect(page.locator("main [role=alert]")).to_be_visible()
    console.go(f"/console/organizations/{organization}/-/retention/{number}/delete")
    page.click("main button.danger")
    expect(page.locator("main [role=alert]")).to_be_visible()
    [kept] = policies_of(api, organization)
    assert kept["enabled"] is True
    own = f"/v2/manage/namespaces/{organization}/repos/app/retentions"
    assert api.client.get(own).json() == []


def test_the_form_of_a_policy_hinders_nobody_and_fits_a_phone(visit: Visit, api: Api, organization: str):
    body = {
        "repositories": "a-part-of-a-path/" * 12 + "*",
        "rules": [{"tags": ["v" * 200], "newest": 5}, {"tags": ["w*"], "exclusions": ["x" * 200], "pulled_days": 9}],
        "description": "x" * 500,
    }
    policies = f"/v2/manage/namespaces/{organization}/retention/policies"
    number = api.client.post(policies, json=body).raise_for_status().json()["id"]
    console = visit(viewport={"width": 375, "height": 720})
    console.sign_in()
    for path in ("", f"/{number}", f"/{number}/enable", f"/{number}/delete"):
        page = console.go(f"/console/organizations/{organization}/-/retention{path}")
        assert console.violations() == [], path
        assert not console.overflows(), path
        expect(page.locator("main")).to_be_visible()
