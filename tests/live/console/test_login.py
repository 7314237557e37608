"""The login page: for a domain, by an identity provider, and back to where somebody wanted."""

import re
import time

import httpx2
from playwright.sync_api import expect

from entrepot.accounts.trust.refusals import WhyNot
from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.process import Server
from tests.make.issuer import CLIENT, SECRET, running_issuer


def test_people_of_another_domain_sign_in_on_its_page_without_its_name(visit: Visit, api: Api):
    domain = fresh_name("partner")
    body = {"name": domain, "admin_name": "boss", "admin_password": "a long enough password"}
    api.client.post("/v2/manage/domains", json=body).raise_for_status()
    console = visit()
    console.expected.add(400)
    page = console.go(f"/console/login?domain={domain}&next=/console/account")
    page.fill("[name=user]", "boss")
    page.fill("[name=password]", "not this one")
    page.click("main button")
    expect(page.locator("#password-problem")).to_contain_text("not right")
    expect(page.locator("#user-help")).to_contain_text(domain)
    page.fill("[name=password]", body["admin_password"])
    page.click("main button")
    page.wait_for_url("**/console/account")
    expect(page.locator("main .facts")).to_contain_text(domain)


def test_a_wrong_password_is_said_in_the_visitors_language(visit: Visit):
    console: Console = visit(locale="zh-CN")
    console.expected.add(400)
    page = console.go("/console/login")
    page.fill("[name=user]", fresh_name("nobody"))
    page.fill("[name=password]", "a wrong password")
    page.click("main button")
    expect(page.locator("#password-problem")).to_have_text("用户名或密码不正确。")


def test_who_signs_in_by_a_provider_lands_where_they_wanted_and_has_no_password_here(server: Server, api: Api):
    name, user = fresh_name("corp"), fresh_name("user")
    with running_issuer("RS256") as issuer:
        issuer.now = int(time.time())
        issuer.person = {"sub": user, "preferred_username": user}
        body = {"name": name, "kind": "oidc", "issuer": issuer.url, "reach": "plain", "provisions": True}
        body |= {"client_id": CLIENT, "secret": SECRET}
        answer = api.client.post("/v2/manage/identity-providers", json=body)
        assert answer.is_success, answer.text
        with httpx2.Client(base_url=server.url, follow_redirects=True, trust_env=False) as browser:
            page = browser.get("/console/account/password")
            assert page.url.path == "/console/login"
            [button] = re.findall(rf'href="(/auth/oidc/{name}/login[^"]*)"', page.text)
            landed = browser.get(button.replace("&amp;", "&"))
            assert landed.url.path == "/console/account/password"
            assert "There is no password here" in landed.text
            assert name in browser.get("/console/account").text
        api.client.delete(f"/v2/manage/identity-providers/{name}").raise_for_status()


def test_a_refused_sign_in_by_a_provider_is_said_on_the_login_page(visit: Visit):
    console: Console = visit(locale="zh-CN")
    page = console.go("/auth/oidc/nowhere/callback?state=x&error=%3Cscript%3E")
    assert page.url.endswith("/console/login?refused=unknown-provider")
    expect(page.locator("[role=alert]")).to_contain_text("身份提供商")
    assert console.violations() == []

    page = console.go("/console/login?refused=%3Cb%3Eanything")
    expect(page.locator("[role=alert]")).to_have_count(0)


def test_every_way_of_not_getting_in_has_its_own_sentence(server: Server):
    with httpx2.Client(base_url=server.url, trust_env=False) as browser:
        pages = [browser.get("/console/login", params={"refused": word}).text for word in WhyNot]
    said = [re.findall(r'role="alert">.*?<p>(.*?)</p>', page, re.DOTALL) for page in pages]
    assert len({one for [one] in said}) == len(WhyNot)
