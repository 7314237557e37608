"""Browsers for tests of the console."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console, running_browser, visitor
from tests.live.process import Server

Visit = Callable[..., Console]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="session", autouse=True)
def settled(server: Server) -> None:
    """The shared server is no new one: its overview does not lead to the first steps."""
    with Api(server) as api:
        api.create_org(fresh_name("settled"))


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """Makes visitors, each with a browser of their own: `visit(locale="zh-CN")`. At the end none had a fault."""
    with ExitStack() as stack:
        made: list[Console] = []

        def make(at: Server = server, **options: Any) -> Console:
            made.append(stack.enter_context(visitor(browser, at, **options)))
            return made[-1]

        yield make
        for console in made:
            console.check()


@pytest.fixture
def admin(visit: Visit) -> Console:
    """The shared server's administrator, signed in."""
    console = visit()
    console.sign_in()
    return console
