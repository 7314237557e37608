"""Open pages hear of changes: what is pushed shows up without loading the page again, and only to who may see it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from playwright.sync_api import Route, expect

from tests.live.api import Api
from tests.live.cli.test_commands import push
from tests.live.conftest import StartServer
from tests.live.console.browser import Console
from tests.live.process import Server

SESSION = "/v2/manage/sessions"


@contextmanager
def session_of(server: Server, user: str, password: str) -> Iterator[httpx2.Client]:
    """A client that is signed in like a browser."""
    with httpx2.Client(base_url=server.url, trust_env=False, timeout=20) as client:
        answer = client.post("/console/login", data={"user": user, "password": password})
        assert answer.status_code == 303, answer.text
        yield client


def test_an_open_list_shows_what_is_created_elsewhere(admin: Console, api: Api):
    organization = api.create_org()
    page = admin.go("/console/images")
    expect(page.locator("#rows")).not_to_contain_text(organization)
    page.evaluate("window.wasHere = true")
    api.create_repo(f"{organization}/app")
    expect(page.locator("#rows")).to_contain_text(organization, timeout=10_000)
    assert page.evaluate("window.wasHere") is True


def test_rows_that_come_anew_do_not_take_away_what_was_ticked_meanwhile(admin: Console, api: Api):
    path = f"{api.create_org()}/team/app"
    push(api, path, "v1")
    page = admin.go(f"/console/images/{path}")
    page.wait_for_function("() => stream?.readyState === EventSource.OPEN")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/console/images/**", hold)
    push(api, path, "v2")
    while not held:
        page.wait_for_timeout(20)  # the rows are asked for, as soon as the page has heard of the change
    page.check("[data-pick][value=v1]")
    with page.expect_response("**/console/images/**"):
        held[0].continue_()
    page.unroute("**/console/images/**")
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.locator("[data-pick][value=v1]")).to_be_checked()
    expect(page.locator("[data-bulk-bar]")).to_be_visible()
    page.uncheck("[data-pick][value=v1]")
    page.locator("h1").click()
    expect(page.locator("[data-pick][value=v2]")).to_be_visible()


def test_nobody_is_told_of_what_they_may_not_see(server: Server, api: Api):
    stranger = api.create_user()
    mine, theirs = api.create_org(), api.create_org()
    api.grant(mine, stranger.user, "read")
    with session_of(server, stranger.user, stranger.password) as client:
        assert client.get("/console/live", params={"of": theirs}).status_code == 404
    with (
        session_of(server, stranger.user, stranger.password) as client,
        client.stream("GET", "/console/live") as answer,
    ):
        lines = answer.iter_lines()
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard: list[float] = []
        told_of_theirs = told_of_mine = 0.0
        begun = time.monotonic()
        for line in lines:
            if line == "event: changed":
                heard.append(time.monotonic() - begun)
                if len(heard) == 1:  # the first one only says that listening has begun
                    api.create_repo(f"{theirs}/secret")
                    told_of_theirs = time.monotonic() - begun
                    time.sleep(3)  # long enough to be told of it
                    api.create_repo(f"{mine}/app")
                    told_of_mine = time.monotonic() - begun
                if len(heard) == 2:
                    break
    assert told_of_theirs < told_of_mine <= heard[1]


def test_who_signed_out_hears_no_more(server: Server, api: Api):
    organization = api.create_org()
    with api.create_user() as user, session_of(server, user.user, user.password) as client:
        api.grant(organization, user.user, "read")
        with client.stream("GET", "/console/live", params={"of": organization}) as answer:
            has_ended = False
            for line in answer.iter_lines():
                if line == "event: changed":
                    user.client.delete(SESSION)
                    api.create_repo(f"{organization}/app-{time.monotonic_ns()}")
                has_ended = has_ended or line == "event: ended"
            assert has_ended


def test_a_server_with_open_pages_stops_as_quickly_as_one_without(start_server: StartServer):
    server = start_server(drain_seconds=20)
    with session_of(server, server.user, server.password) as client, client.stream("GET", "/console/live") as answer:
        next(answer.iter_lines())
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 8


def test_only_so_many_pages_are_told(start_server: StartServer):
    server = start_server(live_pages_max=1)
    with session_of(server, server.user, server.password) as client, client.stream("GET", "/console/live") as answer:
        next(answer.iter_lines())
        assert client.get("/console/live", headers={"accept": "application/json"}).status_code == 429
