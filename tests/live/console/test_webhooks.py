"""Webhooks in the console: made, tried out, looked at, changed, deleted; for those who manage what they are about."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.live.api import Api
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.console.pushing import push
from tests.live.process import Server, running_server


class Answering(BaseHTTPRequestHandler):
    """Says something that must not come to life in a page."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        said = b"<script>alert(1)</script>"
        self.send_response(200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_said: object) -> None:
        """Nothing: a test's output is its own."""


@pytest.fixture
def target() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def reaching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose webhooks reach this machine."""
    folder: Path = tmp_path_factory.mktemp("reaching")
    with running_server(folder, webhook_networks="127.0.0.0/8") as server:
        yield server


def test_a_webhook_is_made_tried_out_looked_at_and_deleted(visit: Visit, reaching: Server, target: str):
    with Api(reaching) as api:
        organization = api.create_org()
        console = visit(reaching)
        console.sign_in()
        page = console.go(f"/console/organizations/{organization}/-/webhooks")
        expect(page.locator("main")).to_contain_text("No webhooks")
        page.click("main a.primary")
        page.fill("#name", "deploy")
        page.fill("#url", f"{target}/hooks?key=unspoken")
        page.check("#event-tag_deleted")
        page.fill("#tags", "v*")
        assert console.violations() == []
        page.click("main button.primary")
        expect(page.locator("main")).to_contain_text("whsec_")
        page.click("main a.primary")
        expect(page.locator("main")).to_contain_text("key=…")

        page.click("text=Send a test")
        page.wait_for_url("**/deliveries/1")
        for _ in range(50):  # the worker is another process
            if "Send again" in page.locator("main").inner_text():
                break
            page.wait_for_timeout(100)
            page.reload()
        expect(page.locator("main")).to_contain_text("<script>alert(1)</script>")
        expect(page.locator("main")).to_contain_text("webhook-signature: …")
        assert "unspoken" not in page.content()
        assert console.violations() == []
        page.click("text=Send again")
        expect(page.locator("body")).to_contain_text("It goes out again.")

        page.goto(f"{reaching.url}/console/organizations/{organization}/-/webhooks/deploy")
        expect(page.locator("#rows")).to_contain_text("test")
        assert console.violations() == []
        page.click("text=New secret")
        page.locator("#dialog[open] button.danger").click()
        expect(page.locator("main")).to_contain_text("whsec_")
        page.click("main a.primary")
        page.click("text=Switch off")
        expect(page.locator("main")).to_contain_text("Off")
        page.click("text=Switch on")
        page.click("main >> text=Change")
        page.fill("#tags", "release-*")
        page.click("main button.primary")
        expect(page.locator("main")).to_contain_text("release-*")
        page.click("main >> text=Change")
        page.click("main a.danger")
        page.locator("#dialog[open] button.danger").click()
        expect(page.locator("main")).to_contain_text("No webhooks")


def test_a_form_that_is_refused_keeps_what_was_typed_and_says_where(visit: Visit, reaching: Server):
    with Api(reaching) as api:
        organization = api.create_org()
    console = visit(reaching, java_script_enabled=False)
    console.expected.add(400)
    console.sign_in()
    page = console.go(f"/console/organizations/{organization}/-/webhooks/-/new")
    page.fill("#name", "deploy")
    page.fill("#url", "ftp://example.com")
    page.uncheck("#event-image_pushed")
    page.check("#event-image_deleted")
    page.click("main button.primary")
    expect(page.locator("#url-problem")).to_be_visible()
    expect(page.locator("#name")).to_have_value("deploy")
    assert page.locator("#event-image_deleted").is_checked()
    assert not page.locator("#event-image_pushed").is_checked()


def test_who_manages_an_image_makes_webhooks_of_it_and_others_see_none(visit: Visit, api: Api, admin: Console):
    path = f"{api.create_org()}/team/app"
    push(api, path, "1.0")
    seen = []
    for level in ("manage", "edit"):
        somebody = api.create_user()
        api.grant(path, somebody.user, level)
        console = visit(locale="zh-CN", viewport={"width": 375, "height": 700})
        console.expected |= {403, 404}
        console.sign_in(somebody.user, somebody.password)
        page = console.go(f"/console/images/{path}/-/automation")
        seen.append("没有 Webhook" in page.locator("main").inner_text())
        if level == "manage":
            page.click("main a.primary")
            page.fill("#name", "own")
            page.fill("#url", "https://hooks.example/images")
            page.click("main button.primary")
            page.click("main a.primary")
            assert page.evaluate("document.documentElement.scrollWidth <= 375")
            page = console.go(f"/console/images/{path}/-/automation")
            expect(page.locator("main")).to_contain_text("hooks.example")
            assert console.violations() == []
        else:
            organization = path.partition("/")[0]
            answer = console.page.goto(f"{api.server.url}/console/organizations/{organization}/-/webhooks/own")
            assert answer is not None
            assert answer.status == 403
    assert seen == [True, False]
