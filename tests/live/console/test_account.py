"""My account in a real browser: profile, password, access keys, login commands, tokens, sessions."""

import csv
import hashlib
import hmac
import subprocess
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit

ACCOUNT = "/console/account"
TABS = ("", "/password", "/keys", "/logins", "/tokens", "/sessions")
HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(1)>"""


def signed_in(visit: Visit, user: Api, **options: object) -> Console:
    console = visit(**options)
    console.sign_in(user.user, user.password)
    return console


def shown(page: Page, number: int = 0) -> str:
    """A secret, or a command with one, of the page that shows it once."""
    return page.locator(".once .command code").nth(number).inner_text()


def may_sign_in(api: Api, user: str, password: str) -> bool:
    answer = httpx2.get(f"{api.server.url}/auth/token", auth=(user, password), trust_env=False)
    return answer.status_code == 200


def test_the_profile_says_who_one_is(visit: Visit, api: Api):
    with api.create_user() as user:
        console = signed_in(visit, user)
        page = console.go(ACCOUNT)
        expect(page.locator("main .facts")).to_contain_text(user.user)
        expect(page.locator("main .facts")).to_contain_text("default")
        expect(page.locator("main .alert")).to_contain_text("password that the account was made with")


def test_a_password_is_changed_by_who_knows_the_old_one_and_other_sessions_end(visit: Visit, api: Api):
    with api.create_user() as user:
        console, other = signed_in(visit, user), signed_in(visit, user)
        console.expected.update({400, 403})

        def fill(current: str, new: str, again: str) -> Page:
            page = console.go(f"{ACCOUNT}/password")
            for name, value in (("current_password", current), ("password", new), ("again", again)):
                page.fill(f"[name={name}]", value)
            page.click("main button.primary")
            return page

        page = fill("not this one", "brand new words", "brand new words")
        expect(page.locator("#current_password-problem")).to_contain_text("not right")
        page = fill(user.password, "brand new words", "other new words")
        expect(page.locator("#again-problem")).to_contain_text("not the same")
        page = fill(user.password, "short", "short")
        expect(page.locator("#password-problem")).to_contain_text("8 to 1024")
        page = fill(user.password, "brand new words", "brand new words")
        expect(page.locator("#toasts")).to_contain_text("new password")

        expect(console.go(ACCOUNT).locator("main .alert")).to_have_count(0)
        assert "/console/login" in other.go(ACCOUNT).url
        expect(other.page.locator("main .alert")).to_contain_text("session has ended")
        other.sign_in(user.user, "brand new words")


def test_an_access_key_is_shown_once_downloaded_rests_and_is_deleted(visit: Visit, api: Api, tmp_path: Path):
    with api.create_user() as user:
        console = signed_in(visit, user)
        page = console.go(f"{ACCOUNT}/keys")
        page.fill("[name=description]", HOSTILE)
        page.click("main button.primary")
        key, secret, login = shown(page, 0), shown(page, 1), shown(page, 2)
        with page.expect_download() as downloading:
            page.click("text=Download credentials.csv")
        downloading.value.save_as(tmp_path / "credentials.csv")
        assert downloading.value.suggested_filename == "credentials.csv"
        rows = list(csv.reader((tmp_path / "credentials.csv").read_text().splitlines()))
        assert rows == [["User Name", "Access Key Id", "Secret Access Key"], [user.user, key, secret]]
        password = hmac.new(secret.encode(), key.encode(), hashlib.sha256).hexdigest()
        assert login == f"docker login -u local@{key} -p {password} {api.server.host}"

        page = console.go(f"{ACCOUNT}/keys")
        assert secret not in page.content()
        expect(page.locator("tbody .under")).to_have_text(HOSTILE)
        assert may_sign_in(api, f"local@{key}", password)
        page.click("text=Disable")
        expect(page.locator("tbody")).to_contain_text("disabled")
        assert not may_sign_in(api, f"local@{key}", password)
        page.click("text=Enable")
        expect(page.locator("tbody .badge")).to_have_text("enabled")
        page.click(f"[aria-label='Delete {key}']")
        page.click("#dialog[open] button.danger")
        expect(page.locator("main")).to_contain_text("No access keys yet")


def test_a_user_has_two_access_keys_and_no_form_for_a_third(visit: Visit, api: Api):
    with api.create_user() as user:
        for _ in range(2):
            user.client.post("/v2/manage/keys", json={}).raise_for_status()
        page = signed_in(visit, user).go(f"{ACCOUNT}/keys")
        expect(page.locator("tbody tr")).to_have_count(2)
        expect(page.locator("[name=description]")).to_have_count(0)
        expect(page.locator("main")).to_contain_text("You have the 2 access keys")


def test_a_login_for_a_time_works_and_is_not_shown_again(visit: Visit, api: Api):
    with api.create_user() as user:
        console = signed_in(visit, user)
        page = console.go(f"{ACCOUNT}/logins")
        page.select_option("[name=hours]", "1")
        page.click("main button.primary")
        docker, login, _u, name, _p, password, host = shown(page).split()
        assert (docker, login, host) == ("docker", "login", api.server.host)
        assert may_sign_in(api, name, password)
        assert password not in console.go(f"{ACCOUNT}/logins").content()


def test_the_long_term_command_of_a_key_makes_the_password_that_docker_needs(visit: Visit, api: Api):
    with api.create_user() as user:
        made = user.client.post("/v2/manage/keys", json={"description": "ci"}).json()
        page = signed_in(visit, user).go(f"{ACCOUNT}/logins")
        command = page.locator(".command code", has_text=made["access_key"]).inner_text()
        script = f'docker() {{ echo "$3 $5"; }}; SK={made["secret_key"]}; {command}'
        name, password = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split()
        assert may_sign_in(api, name, password)


def test_a_token_is_made_for_less_shown_once_and_deleted(visit: Visit, api: Api):
    organization = api.create_org()
    with api.create_user() as user:
        api.grant(organization, user.user, "edit")
        console = signed_in(visit, user)
        page = console.go(f"{ACCOUNT}/tokens")
        page.fill("[name=name]", "laptop")
        page.fill("[name=scope] >> nth=0", organization)
        page.select_option("[name=level] >> nth=0", "1")
        page.fill("[name=scope] >> nth=2", f"{organization}/x-*")
        page.click("text=Another row")
        expect(page.locator("[name=scope]")).to_have_count(4)
        page.fill("[name=scope] >> nth=3", f"{organization}/team-*")
        page.select_option("[name=level] >> nth=3", "3")
        page.select_option("[name=days]", "7")
        page.click("main button.primary")
        secret = shown(page)
        assert may_sign_in(api, user.user, secret)
        bearer = {"Authorization": f"Bearer {secret}"}
        url = f"{api.server.url}/v2/manage/explain"
        for name, is_allowed in (("app", False), ("team-a", True), ("x-1", True)):
            asked = {"action": "push", "what": f"{organization}/{name}"}
            answer = httpx2.get(url, params=asked, headers=bearer, trust_env=False).json()
            assert answer["is_allowed"] is is_allowed, name

        page = console.go(f"{ACCOUNT}/tokens")
        assert secret not in page.content()
        expect(page.locator("tbody")).to_contain_text(f"{organization}/team-*")
        expect(page.locator("tbody")).to_contain_text("in 7 days")
        page.click("[aria-label='Delete laptop']")
        page.click("#dialog[open] button.danger")
        expect(page.locator("main")).to_contain_text("No tokens yet")
        assert not may_sign_in(api, user.user, secret)


def test_what_is_wrong_with_a_token_is_said_at_its_field_and_the_rest_stays(visit: Visit, api: Api):
    with api.create_user() as user:
        console = signed_in(visit, user)
        console.expected.add(400)
        page = console.go(f"{ACCOUNT}/tokens")
        page.fill("[name=name]", "laptop")
        page.fill("[name=scope] >> nth=0", "acme")
        page.select_option("[name=level] >> nth=0", "3")
        page.fill("[name=scope] >> nth=1", "Not A/Scope")
        page.select_option("[name=days]", "0")
        page.click("main button.primary")
        expect(page.locator("#scope-problem")).to_be_visible()
        expect(page.locator("[name=scope] >> nth=0")).to_have_value("acme")
        expect(page.locator("[name=level] >> nth=0")).to_have_value("3")
        page.fill("[name=scope] >> nth=1", "")
        page.select_option("[name=level] >> nth=1", "1")
        page.click("main button.primary")
        expect(page.locator("#scope-problem")).to_be_visible()
        expect(page.locator("[name=name]")).to_have_value("laptop")
        expect(page.locator("[name=days]")).to_have_value("0")


def test_sessions_are_shown_with_this_one_marked_and_ended(visit: Visit, api: Api):
    with api.create_user() as user:
        console, second = signed_in(visit, user), signed_in(visit, user, user_agent=HOSTILE)
        third = signed_in(
            visit, user, user_agent="Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
        )
        page = console.go(f"{ACCOUNT}/sessions")
        expect(page.locator("tbody tr")).to_have_count(3)
        expect(page.locator("tbody tr", has_text="this one")).to_contain_text("Chrome, Linux")
        expect(page.locator("tbody tr", has_text="Firefox, Windows")).to_have_count(1)
        expect(page.locator("tbody")).to_contain_text(HOSTILE[:40])

        page.locator("tbody tr", has_text="Firefox, Windows").locator("button").click()
        expect(page.locator("tbody tr")).to_have_count(2)
        assert "/console/login" in third.go(ACCOUNT).url
        page.click("text=End all others")
        expect(page.locator("tbody tr")).to_have_count(1)
        assert "/console/login" in second.go(ACCOUNT).url
        page.click("tbody button")
        page.wait_for_url("**/console/login")
        expect(page.locator("main .alert")).to_have_count(0)


def test_the_pages_work_without_scripts(visit: Visit, api: Api):
    with api.create_user() as user:
        page = signed_in(visit, user, java_script_enabled=False).go(f"{ACCOUNT}/tokens")
        expect(page.locator("[data-add-row]")).to_be_hidden()
        page.fill("[name=name]", "plain")
        page.fill("[name=scope] >> nth=0", "*")
        page.select_option("[name=level] >> nth=0", "1")
        page.fill("[name=scope] >> nth=1", "acme/app")
        page.select_option("[name=level] >> nth=1", "3")
        page.click("main button.primary")
        assert shown(page).startswith("ept_")
        expect(page.locator("tbody")).to_contain_text("acme/app")
        page.click("[aria-label='Delete plain']")
        page.click("main button.danger")
        expect(page.locator("main")).to_contain_text("No tokens yet")


@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark", "locale": "zh-CN"},
        {"viewport": {"width": 375, "height": 720}},
    ],
)
def test_its_pages_hinder_nobody(visit: Visit, api: Api, options):
    with api.create_user(fresh_name("user" + "-of-a-long-name" * 3)) as user:
        user.client.post("/v2/manage/keys", json={"description": "x" * 250}).raise_for_status()
        body = {"name": "t" * 64, "bounds": [{"scope": f"acme/{'part/' * 40}*", "auth": 1}]}
        user.client.post("/v2/manage/tokens", json=body).raise_for_status()
        console = signed_in(visit, user, **options)
        for tab in TABS:
            console.go(f"{ACCOUNT}{tab}")
            assert console.violations() == [], tab
            assert not console.overflows(), tab
