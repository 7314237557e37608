"""Robots, keyless robots, identity providers and the audit log, as those see them who may."""

import json

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit

ROBOTS, FEDERATIONS, PROVIDERS = "/console/admin/robots", "/console/admin/federations", "/console/admin/providers"
AUDIT = "/console/admin/audit"
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


def secret_on(console: Console) -> str:
    return console.page.locator(".command code").nth(1).inner_text()


def test_a_robots_secret_is_shown_once_works_and_is_turned(admin: Console, api: Api):
    organization, name = api.create_org(), fresh_name("robot")
    page = admin.go(f"{ROBOTS}/-/new")
    page.fill("[name=name]", name)
    page.fill("[name=description]", HOSTILE)
    page.fill("[name=scope] >> nth=0", f"{organization}/team-*")
    page.select_option("[name=access] >> nth=0", "push")
    page.fill("[name=scope] >> nth=1", organization)
    page.click("main button.primary")
    expect(page.locator("h1")).to_contain_text("was created")
    first = secret_on(admin)
    assert api.client.get("/v2/", auth=(f"robot${name}", first)).status_code == 200
    page.click("text=I have copied it")
    expect(page.locator("main")).to_contain_text(f"{organization}/team-*")
    expect(page.locator("main .intro")).to_have_text(HOSTILE)
    assert first not in page.content()

    page.click("text=New secret")
    page.select_option("[name=days]", "7")
    page.click("main button.primary")
    second = secret_on(admin)
    for secret in (first, second):
        assert api.client.get("/v2/", auth=(f"robot${name}", secret)).status_code == 200
    admin.go(f"{ROBOTS}/{name}/-/disable")
    page.click("main button.danger")
    page.wait_for_url(f"**{ROBOTS}/{name}")
    assert api.client.get("/v2/", auth=(f"robot${name}", second)).status_code == 401


def test_a_scope_that_cannot_be_is_refused_and_the_rows_stay(admin: Console, api: Api):
    admin.expected.update({400, 403, 404})
    organization = api.create_org()
    page = admin.go(f"{ROBOTS}/-/new")
    page.fill("[name=name]", fresh_name("robot"))
    page.fill("[name=scope] >> nth=0", organization)
    page.fill("[name=scope] >> nth=1", "NOT A SCOPE")
    page.click("main button.primary")
    expect(page.locator("#scope-problem")).to_be_visible()
    expect(page.locator("[name=scope] >> nth=0")).to_have_value(organization)


def test_people_see_robots_of_their_own_and_no_administration(visit: Visit, api: Api):
    organization = api.create_org()
    with api.create_user() as user:
        api.grant(organization, user.user, "manage")
        mine, theirs = fresh_name("mine"), fresh_name("theirs")
        for client, name, where in ((user.client, mine, organization), (api.client, theirs, api.create_org())):
            client.post("/v2/manage/robots", json={"name": name, "rights": [{"scope": where, "access": "pull"}]})
    console = visit()
    console.expected.update({403, 404})
    page = console.sign_in(user.user, user.password)
    console.go(ROBOTS)
    expect(page.locator("tbody")).to_contain_text(mine)
    expect(page.locator("tbody")).not_to_contain_text(theirs)
    console.go(f"{ROBOTS}/{theirs}")
    expect(page.locator("h1")).to_have_text("Not found")
    for path in (FEDERATIONS, f"{FEDERATIONS}/-/new", PROVIDERS, f"{PROVIDERS}/-/new", AUDIT):
        console.go(path)
        expect(page.locator("h1")).to_have_text("You may not do this")


def test_an_issuer_is_trusted_checked_switched_off_and_forgotten(admin: Console, api: Api):
    organization, robot, name = api.create_org(), fresh_name("robot"), fresh_name("issuer")
    api.client.post("/v2/manage/robots", json={"name": robot, "rights": [{"scope": organization, "access": "pull"}]})
    admin.expected.add(400)
    page = admin.go(f"{FEDERATIONS}/-/new")
    page.fill("[name=name]", name)
    page.fill("[name=robot]", robot)
    page.fill("[name=issuer]", "https://127.0.0.1:9")
    page.select_option("[name=reach]", "private")
    page.click("main button.primary")
    expect(page.locator(".field-problem")).to_contain_text("give a condition")
    page.fill("[name=claim] >> nth=0", "sub")
    page.fill("[name=pattern] >> nth=0", HOSTILE)
    page.click("main button.primary")
    page.wait_for_url(f"**{FEDERATIONS}/{name}")
    expect(page.locator("[name=pattern] >> nth=0")).to_have_value(HOSTILE)
    page.click("text=Check now")
    expect(page.locator(".alert.bad")).to_be_visible()
    page.click("text=Switch off")
    expect(page.locator(".page-title")).to_contain_text("off")
    page.click("main a.danger")
    expect(page.locator("#dialog[open]")).to_contain_text("make nobody a robot")
    page.click("#dialog button.danger")
    page.wait_for_url(f"**{FEDERATIONS}")


@pytest.mark.parametrize("kind", ["oidc", "ldap"])
def test_a_provider_is_set_up_checked_linked_and_switched_off(admin: Console, api: Api, kind: str):
    name, user = fresh_name("corp"), api.create_user()
    page = admin.go(f"{PROVIDERS}/-/new?kind={kind}")
    page.fill("[name=name]", name)
    if kind == "oidc":
        page.fill("[name=issuer]", "https://127.0.0.1:9")
        page.fill("[name=client_id]", "registry")
    else:
        page.fill("[name=url]", "ldaps://127.0.0.1:9")
        page.fill("[name=base_dn]", "ou=people,dc=example,dc=com")
    page.fill("[name=secret]", "what the provider gave")
    page.select_option("[name=reach]", "private")
    page.fill("[name=theirs] >> nth=0", HOSTILE)
    page.fill("[name=ours] >> nth=0", "developers")
    page.click("main button.primary")
    page.wait_for_url(f"**{PROVIDERS}/{name}")
    expect(page.locator("main")).to_contain_text(HOSTILE)
    page.click("text=Check now")
    expect(page.locator(".alert.bad")).to_contain_text("There is no group developers here")
    page.fill("[name=user]", user.user)
    page.fill("[name=subject]", "248289761001")
    page.click("text=Link >> nth=-1")
    expect(page.locator("tbody")).to_contain_text(user.user)
    admin.go(f"{PROVIDERS}/{name}/-/settings")
    page.check("[name=provisions]")
    page.click("main button.primary")
    expect(page.locator("#toasts")).to_contain_text("Saved")
    made = api.client.get(f"/v2/manage/identity-providers/{name}").json()
    assert (
        made["has_secret"] and made["settings"]["provisions"] and made["settings"]["groups"] == {HOSTILE: "developers"}
    )
    admin.go(f"{PROVIDERS}/{name}/-/delete")
    expect(page.locator("main")).to_contain_text(user.user)
    page.click("main button.danger")
    page.wait_for_url(f"**{PROVIDERS}")


def test_the_audit_log_is_narrowed_and_says_what_was_before_and_after(admin: Console, api: Api):
    group = fresh_name("group")
    api.client.post("/v2/manage/groups", json={"name": group, "description": "old <b>words</b>"})
    api.client.patch(f"/v2/manage/groups/{group}", json={"description": "new words"})
    page = admin.go(AUDIT)
    page.fill("[name=subject]", group)
    page.select_option("[name=type]", "group.*")
    page.click(".filter-grid button")
    page.wait_for_url("**subject=**")
    expect(page.locator("tbody > tr.top-row")).to_have_count(2)
    page.click("details.changes summary >> nth=0")
    changed = page.locator("details.changes >> nth=0")
    expect(changed.locator("del")).to_have_text("old <b>words</b>")
    expect(changed).to_contain_text("new words")
    with page.expect_download() as download:
        page.click("text=Export")
    lines = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert [one["type"] for one in lines] == ["group.created", "group.changed"]
    page.fill("[name=since]", "2099-01-01")
    page.click(".filter-grid button")
    expect(page.locator("#rows")).to_contain_text("Nothing fits")


@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark", "locale": "zh-CN"},
        {"viewport": {"width": 375, "height": 720}},
    ],
)
def test_these_pages_hinder_nobody(visit: Visit, api: Api, options):
    organization, robot, issuer = api.create_org(), fresh_name("r" * 40), fresh_name("f" * 40)
    rights = [{"scope": f"{organization}/{'a-part/' * 20}*", "access": "push"}]
    api.client.post("/v2/manage/robots", json={"name": robot, "rights": rights, "description": "d" * 250})
    conditions = [{"claim": "sub", "pattern": "x" * 250}]
    body = {"name": issuer, "robot": robot, "issuer": "https://ci.example.com", "audience": "us"}
    api.client.post("/v2/manage/federations", json={**body, "conditions": conditions})
    provider = fresh_name("p" * 40)
    body = {"name": provider, "kind": "oidc", "issuer": f"https://{'x' * 60}.example.com", "client_id": "y" * 200}
    api.client.post("/v2/manage/identity-providers", json=body)
    console = visit(**options)
    console.sign_in()
    for path in (
        ROBOTS,
        f"{ROBOTS}/-/new",
        f"{ROBOTS}/{robot}",
        f"{ROBOTS}/{robot}/-/settings",
        f"{ROBOTS}/{robot}/-/rotate",
        FEDERATIONS,
        f"{FEDERATIONS}/-/new",
        f"{FEDERATIONS}/{issuer}",
        PROVIDERS,
        f"{PROVIDERS}/-/new?kind=oidc",
        f"{PROVIDERS}/-/new?kind=ldap",
        f"{PROVIDERS}/{provider}",
        f"{PROVIDERS}/{provider}/-/settings",
        AUDIT,
    ):
        console.go(path)
        assert console.violations() == [], path
        assert not console.overflows(), path
