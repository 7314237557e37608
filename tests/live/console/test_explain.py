"""The page that explains a permission, for people and for those who look after them."""

import pytest
from playwright.sync_api import expect

from tests.live.api import Api
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit

EXPLAIN = "/console/explain"


def test_a_manager_asks_about_somebody_and_sees_every_reason(admin: Console, api: Api):
    organization, user, group = api.create_org(), api.create_user(), api.create_org().replace("acme", "group")
    api.create_repo(f"{organization}/app", public=True)
    api.grant(organization, user.user, "edit")
    api.client.post("/v2/manage/groups", json={"name": group}).raise_for_status()
    api.client.put(f"/v2/manage/groups/{group}/members/{user.user}").raise_for_status()
    grant = {"kind": "group", "name": group, "auth": 1}
    api.client.put(f"/v2/manage/namespaces/{organization}/grants", json=grant).raise_for_status()

    page = admin.go(EXPLAIN)
    page.fill("[name=who]", user.user)
    page.select_option("[name=action]", "repository:push")
    page.fill("[name=name]", f"{organization}/app")
    page.click("main button.primary")

    expect(page.locator("main .verdict")).to_contain_text("allowed")
    reasons = page.locator("tbody")
    expect(reasons).to_contain_text(f"given to {user.user}")
    expect(reasons).to_contain_text(f"given to the group {group}")
    expect(reasons).to_contain_text("public: everybody may pull it")
    admin.go(f"{EXPLAIN}?action=push&name={organization}/app")
    expect(page.locator("[name=action]")).to_have_value("repository:push")


def test_a_page_that_is_refused_leads_to_the_reason(visit: Visit, api: Api):
    organization, user = api.create_org(), api.create_user()
    api.grant(organization, user.user, "read")
    console = visit()
    console.expected.update({403, 404})
    page = console.sign_in(user.user, user.password)
    console.go(f"/console/organizations/{organization}/-/permissions")
    page.click("text=Why?")
    expect(page.locator("main .verdict")).to_contain_text("not allowed")
    expect(page.locator("main")).to_contain_text(f"{user.user} was given Read at most, and it needs Manage.")


def test_what_is_hidden_and_what_is_not_there_are_explained_alike(visit: Visit, api: Api):
    hidden, user = api.create_org(), api.create_user()
    console = visit()
    console.expected.add(404)
    page = console.sign_in(user.user, user.password)
    said = []
    for name in (hidden, "nothing-of-this-name"):
        console.go(f"/console/organizations/{name}")
        page.click("text=Why?")
        expect(page.locator("main .verdict")).to_be_visible()
        said.append(page.locator("main .verdict ~ *").all_inner_texts())
    assert said[0] == said[1]


def test_about_others_only_those_who_look_after_them_may_ask(visit: Visit, api: Api):
    organization, user, other = api.create_org(), api.create_user(), api.create_user()
    api.grant(organization, user.user, "read")
    console = visit()
    console.expected.update({400, 403, 404})
    page = console.sign_in(user.user, user.password)
    console.go(f"{EXPLAIN}?who={other.user}&action=pull&name={organization}/app")
    expect(page.locator("main .alert")).to_be_visible()
    expect(page.locator("main .verdict")).to_have_count(0)
    console.go(f"{EXPLAIN}?who=me&action=fly&name={organization}/app")
    expect(page.locator("main .verdict")).to_have_count(0)


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark", "locale": "zh-CN"}, {"viewport": {"width": 375, "height": 720}}],
)
def test_it_hinders_nobody(visit: Visit, api: Api, options):
    path = api.create_repo(f"{api.create_org()}/{'a-part/' * 20}app")
    console = visit(**options)
    console.sign_in()
    console.go(f"{EXPLAIN}?action=delete&name={path}")
    assert console.violations() == []
    assert not console.overflows()
