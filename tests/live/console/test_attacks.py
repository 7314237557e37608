"""Attacks on people who use the console, against the real server.

`tests/doors/console/test_walk.py` tries every page.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
from playwright.sync_api import expect

from tests.live.api import Api
from tests.live.conftest import StartServer
from tests.live.console.conftest import Visit
from tests.live.process import Server

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "/console//evil.example",
    "/docs",
    "javascript:x",
)
TOKENS = "/console/account/tokens"


@contextmanager
def site(page: str) -> Iterator[str]:
    """Another site, with one page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_page_of_another_site_can_neither_frame_the_console_nor_send_its_forms(
    visit: Visit, server: Server, api: Api
):
    with api.create_user() as user:
        console = visit()
        page = console.sign_in(user.user, user.password)
        form = f"""<iframe src="{server.url}{TOKENS}"></iframe>
            <form method="post" action="{server.url}{TOKENS}">
            <input name="name" value="stolen"><button>Win</button></form>"""
        with site(form) as evil:
            page.goto(evil)
            assert page.frames[1].url.startswith("chrome-error:")
            page.click("button")
            page.wait_for_url(f"{server.url}/**")
        assert user.client.get("/v2/manage/tokens").json()["tokens"] == []
        console.faults.clear()  # the other site's page is no page of ours


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nobody_is_sent_elsewhere_by_a_link_to_the_login_or_a_choice_of_language(server: Server, wanted: str):
    with httpx2.Client(base_url=server.url, trust_env=False) as client:
        body = {"user": server.user, "password": server.password, "next": wanted}
        assert client.post("/console/login", data=body).headers["location"] == "/console/"
        client.cookies.clear()
        page = client.get("/console/login", params={"next": wanted}).text
        assert 'name="next" value="/console/"' in page
        moved = client.post("/console/preferences", data={"theme": "dark", "back": wanted})
        assert moved.headers["location"] == "/console/"


def test_cookies_are_hidden_from_scripts_and_other_sites_and_stay_on_https(start_server: StartServer):
    server = start_server(external_url="https://registry.example")
    with httpx2.Client(base_url=server.url, trust_env=False) as client:
        answers = [
            client.post("/console/login", data={"user": server.user, "password": server.password}),
            client.post("/console/preferences", data={"theme": "dark", "language": "en"}),
        ]
    told = [cookie.lower() for answer in answers for cookie in answer.headers.get_list("set-cookie")]
    assert {cookie.partition("=")[0] for cookie in told} == {"entrepot_session", "entrepot_theme", "entrepot_language"}
    for cookie in told:
        assert "httponly" in cookie, cookie
        assert "secure" in cookie, cookie
        assert "samesite=lax" in cookie or "samesite=strict" in cookie, cookie


def test_a_secret_is_in_no_address_no_history_no_storage_and_no_log(visit: Visit, server: Server, api: Api):
    with api.create_user() as user:
        console = visit()
        page = console.sign_in(user.user, user.password)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        secrets = [user.password]
        for path, fill in (
            ("/console/account/keys", {"description": "ci"}),
            ("/console/account/logins", {}),
            (TOKENS, {"name": "laptop"}),
        ):
            console.go(path)
            for name, value in fill.items():
                page.fill(f"[name={name}]", value)
            page.click("main .form button.primary")
            expect(page.locator(".once")).to_be_visible()
            shown = page.locator(".once .command code").all_inner_texts()
            secrets += [word for line in shown for word in line.split() if len(word) >= 24 and "@" not in word]
            page.click("main .tabs >> text=Profile")
            page.wait_for_url("**/console/account")
            page.go_back()
            expect(page.locator("main .tabs [aria-current]")).to_have_attribute("href", path)
            expect(page.locator(".once")).to_have_count(0)
        kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie, history.state])")
        assert len(secrets) == 5
        for secret in secrets:
            assert secret not in kept
            assert not [url for url in asked if secret in url]
            assert secret not in server.log_text()


def test_a_session_that_ended_closes_the_page_that_is_open(visit: Visit, api: Api):
    with api.create_user() as user:
        console = visit()
        page = console.sign_in(user.user, user.password)
        console.go(TOKENS)
        user.client.delete("/v2/manage/sessions").raise_for_status()
        page.fill("[name=name]", "late")
        page.click("main .form button.primary")
        page.wait_for_url("**/console/login*")
        expect(page.locator("main .alert")).to_contain_text("Your session has ended")
        assert user.client.get("/v2/manage/tokens").json()["tokens"] == []
