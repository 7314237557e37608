"""The console in a real browser: Debian's Chromium, driven by Playwright.

A `Console` is one visitor's browser. What no page may do is noted while it is used, and `check()` fails for it:
errors of scripts, messages of the content security policy, requests to another host.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, sync_playwright

from tests.live.parts import command
from tests.live.process import Server

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_TIMEOUT_MS = 20_000


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Chromium, headless."""
    executable = command("chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Console:
    """One visitor. `expected`: statuses of answers that the test asks for, and that are no fault of a page."""

    server: Server
    page: Page
    faults: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def go(self, path: str) -> Page:
        """Open a page of the console."""
        self.page.goto(f"{self.server.url}{path}")
        return self.page

    def sign_in(self, user: str | None = None, password: str | None = None) -> Page:
        """Through the login page, as a person does."""
        self.go("/console/login")
        self.page.fill("[name=user]", user or self.server.user)
        self.page.fill("[name=password]", password or self.server.password)
        self.page.click("main button")
        self.page.wait_for_url(lambda url: "/console/login" not in url)
        return self.page

    def violations(self) -> list[str]:
        """What axe-core finds wrong with the page (WCAG 2.2 AA), in words."""
        found: dict[str, Any] = (
            Axe()
            .run(self.page, options={"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]})
            .response
        )
        return [
            f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:5]}"
            for one in found["violations"]
        ]

    def overflows(self) -> bool:
        """Whether the page is wider than the window."""
        return bool(
            self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")
        )

    def hold(self, pattern: str) -> list[Route]:
        """Requests for addresses like this wait from now on, here, until somebody lets them go on."""
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        self.page.route(pattern, hold)
        return held

    def check(self) -> None:
        assert not self.faults, self.faults


@contextmanager
def visitor(browser: Browser, server: Server, **options: Any) -> Iterator[Console]:
    """A browser that nobody is signed in with; `options` are Playwright's for a context (locale, viewport, …)."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **options})
    context.set_default_timeout(_TIMEOUT_MS)
    console = Console(server, context.new_page())

    def said(message: ConsoleMessage) -> None:
        is_expected = any(f"status of {status}" in message.text for status in console.expected)
        if message.type == "error" and not is_expected:
            console.faults.append(f"{message.text} ({message.location.get('url')})")

    def asked(request: Request) -> None:
        if not request.url.startswith((f"{server.url}/", "data:", "blob:")):
            console.faults.append(f"asked another host: {request.url}")

    console.page.on("console", said)
    console.page.on("pageerror", lambda error: console.faults.append(str(error)))
    context.on("request", asked)
    yield console
    context.close()


def picture(console: Console, folder: Path, name: str, *, is_whole: bool = True) -> None:
    """A picture of the whole page, or of what the window shows of it."""
    folder.mkdir(parents=True, exist_ok=True)
    console.page.screenshot(path=folder / f"{name}.png", full_page=is_whole)
