"""A mirror in the console, from its form to its end, over a real upstream that stops answering."""

import time

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.mirror.conftest import OCI_MANIFEST, Upstream, docker_registry, upstream  # noqa: F401  # fixtures

HOME = "/console/admin/mirrors"
PHONE = {"width": 375, "height": 720}


def test_a_mirror_is_made_pulled_through_looked_at_and_given_up(
    admin: Console,
    api: Api,
    upstream: Upstream,  # noqa: F811
) -> None:
    name, image = fresh_name("mirror"), upstream.push()
    host, here = upstream.wire.url.partition("://")[2], admin.server.url.partition("://")[2]
    manifest = f"/v2/{name}/{image.name}/manifests/{image.tag}"
    page = admin.go(f"{HOME}/-/new")
    page.fill("#name", name)
    page.fill("#endpoints", upstream.wire.url)
    page.locator("summary", has_text="When the upstream is asked").click()
    page.fill("#fresh_seconds", "0")
    page.fill("#stale_seconds", "0")
    assert admin.violations() == []
    page.click("main button.primary")

    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator("#toasts")).to_contain_text(f"{name} mirrors {host}")
    page.click("label[for=engine-podman]")
    snippet = page.locator(".ways-part:visible")
    expect(snippet).to_contain_text(f'location = "{here}/{name}"')
    copied = snippet.locator("[data-copy]").first.get_attribute("data-copy")
    assert copied is not None
    assert copied.startswith(f'[[registry]]\nprefix = "{host}"')
    page.click("label[for=engine-docker]")
    expect(page.locator(".ways-part:visible")).to_contain_text("Docker takes mirrors of Docker Hub alone")
    assert admin.violations() == []

    def pull() -> bool:
        """Through the mirror; whether it is said to be stale."""
        answer = api.client.get(manifest, headers={"Accept": OCI_MANIFEST})
        assert answer.content == image.body, answer.text
        return "Warning" in answer.headers

    assert not pull()
    page = admin.go(f"/console/images/{name}/{image.name}")
    expect(page.locator("main")).to_contain_text(f"It is {host}/{image.name} at its upstream.")
    expect(page.locator("#rows")).to_contain_text("upstream asked:")
    expect(page.locator("#rows")).not_to_contain_text("Stale")

    upstream.wire.is_down = True
    assert pull()
    page.reload()
    expect(page.locator("#rows .badge.warn")).to_have_text("Stale")
    assert admin.violations() == []
    page.click(f"#rows a.row-link >> text={image.tag}")
    expect(page.locator(".alert.warn").first).to_contain_text("The upstream does not answer: what is here is served.")

    page = admin.go(f"{HOME}/{name}/-/settings")
    page.click("main a.danger")
    expect(page.locator("#dialog[open]")).to_contain_text(f"Nothing more is fetched from {host}")
    page.click("#dialog button.danger")
    expect(page.locator("#toasts")).to_contain_text("is no mirror any more")
    page = admin.go(f"/console/images/{name}/{image.name}")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("at its upstream")
    assert not pull()


@pytest.mark.parametrize("options", [{"color_scheme": "dark", "locale": "zh-CN"}, {"viewport": PHONE}])
def test_pages_of_mirrors_hinder_nobody(visit: Visit, api: Api, options: dict[str, object]) -> None:
    name = fresh_name("hub")
    made = {"name": name, "endpoints": ["https://docker.io"], "username": "me", "password": "secret"}
    api.client.post("/v2/manage/mirrors", json=made).raise_for_status()
    console = visit(**options)
    console.sign_in()
    for path in (HOME, f"{HOME}/-/new", f"{HOME}/{name}", f"{HOME}/{name}/-/settings"):
        console.go(path)
        assert console.violations() == [], path
        assert not console.overflows(), path
    for path in (f"/console/organizations?q={name}", f"/console/organizations/{name}"):
        page = console.go(path)
        expect(page.locator("main")).to_contain_text("docker.io")
        assert console.violations() == [], path
        assert not console.overflows(), path


def test_images_are_pinned_on_the_page_that_says_what_a_mirror_saves(
    admin: Console,
    api: Api,
    upstream: Upstream,  # noqa: F811
) -> None:
    name, image = fresh_name("mirror"), upstream.push()
    made = {"name": name, "endpoints": [upstream.wire.url], "limit_bytes": 10**9}
    api.client.post("/v2/manage/mirrors", json=made).raise_for_status()
    upstream.wire.says = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "76;w=21600"}
    api.client.get(f"/v2/{name}/{image.name}/manifests/{image.tag}", headers={"Accept": OCI_MANIFEST})
    for _ in range(3):
        api.client.get(f"/v2/{name}/{image.name}/blobs/{image.layer}").raise_for_status()

    page = admin.go(f"{HOME}/{name}")
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and "66 % without fetching" not in page.inner_text("main"):
        page.wait_for_timeout(500)  # it is written down some seconds later, and told to nobody
        page.reload()
    expect(page.locator("main")).to_contain_text("66 % without fetching")
    expect(page.locator("main")).to_contain_text("76 of 100")
    page.fill("#repositories", "library/*")
    page.fill("#tags", "1.27*")
    page.locator("form", has=page.locator("#repositories")).locator("button.primary").click()
    expect(page.locator("#toasts")).to_contain_text("library/*:1.27* is pinned.")
    expect(page.locator("main")).to_contain_text("1.27*")
    assert admin.violations() == []
    page.set_viewport_size({"width": 375, "height": 720})
    assert admin.violations() == []
    assert not admin.overflows()

    page.get_by_role("button", name="Unpin library/*:1.27*").click()
    expect(page.locator("main")).to_contain_text("Nothing is pinned")
