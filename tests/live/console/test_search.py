"""The search of the console: images, versions and digests, of all the visitor may read."""

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.console.pushing import SCRIPT, push
from tests.live.durability.watching import until
from tests.make.image import Image


def test_the_field_at_the_top_finds_an_image_its_version_and_its_digest(admin: Console, api: Api):
    name = fresh_name("needle")
    path = f"{api.create_org()}/{name}"
    image = push(api, path, "1.0-first")
    page = admin.go("/console/")
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/search?q=*")
    expect(page.locator("main section")).to_contain_text(["Images"])
    expect(page.locator("main .row-link")).to_have_text([name])
    page = admin.go(f"/console/search?q={quote(f'docker pull {admin.server.url[7:]}/{path}:1.0')}")
    expect(page.locator("main .row-link")).to_have_text(["1.0-first"])
    page = admin.go(f"/console/search?q={image.digest.hex[:14]}")
    row = page.locator("tr", has_text=path)
    expect(row).to_contain_text("1.0-first")
    row.locator(".row-link").click()
    page.wait_for_url(f"**/console/images/{path}/-/versions/sha256*")


def test_strangers_find_only_what_is_public(visit: Visit, api: Api):
    name = fresh_name("hidden")
    path = api.create_repo(f"{api.create_org()}/{name}")
    console = visit()
    expect(console.go(f"/console/search?q={name}").locator("main")).to_contain_text("Nothing found")
    api.set_public(path)
    expect(console.go(f"/console/search?q={name}").locator("main .row-link")).to_have_text([name])


@pytest.mark.parametrize("text", ["", SCRIPT, "a" * 400, "%", "x" * 200 + ":y"])
def test_whatever_is_typed_is_shown_as_text(visit: Visit, text: str):
    console = visit(locale="zh-CN", viewport={"width": 375, "height": 720}, java_script_enabled=False)
    page = console.go(f"/console/search?q={quote(text)}")
    expect(page.locator("main input")).to_have_value(text)
    assert page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_search_hinders_nobody_and_fits_a_phone(visit: Visit, api: Api, scheme: str):
    name = fresh_name("wide-" + "/".join("a-very-long-part" for _ in range(8)))
    image = push(api, f"{api.create_org()}/{name}", "v" * 128)
    console = visit(color_scheme=scheme, viewport={"width": 375, "height": 720})
    console.sign_in()
    for text in ("", "wide", "v" * 20, image.digest.hex, "nothing-like-this"):
        console.go(f"/console/search?q={text}")
        assert not console.overflows(), text
        assert console.violations() == [], text


def test_labels_of_a_version_lead_to_all_that_have_them(admin: Console, visit: Visit, api: Api):
    name, team = fresh_name("labelled"), fresh_name("team")
    path = api.create_repo(f"{api.create_org()}/{name}")
    many = {f"{SCRIPT}{number}": SCRIPT for number in range(70)}
    push(api, path, "v1", Image.make(labels={"team": team, "empty": "", "two words": 'a "quoted" one', **many}))
    push(api, path, "v2", Image.make(annotations={"team": team}))

    def is_known() -> bool:
        found = api.client.get("/v2/manage/search", params={"q": f"label:team={team}"}).json()
        return len(found["manifests"]) == 2

    until(is_known, "labels are known")
    page = admin.go(f"/console/images/{path}/-/versions/v1")
    expect(page.locator("main")).to_contain_text("The search does not know all of these")
    page.click(f"dl.pairs >> text={team}")
    page.wait_for_url("**/console/search?q=label*")
    expect(page.locator("main .row-link").first).to_have_text(name)
    expect(page.locator("main section").nth(1)).to_contain_text("v2")
    for text, count in (('label:"two words"="a \\"quoted\\" one"', 1), (f"label:team={team[:-1]}* {name}", 1)):
        page = admin.go(f"/console/images?q={quote(text)}")
        expect(page.locator("main .row-link")).to_have_count(count)

    stranger = visit(locale="zh-CN", viewport={"width": 375, "height": 720}, color_scheme="dark")
    expect(stranger.go(f"/console/search?q=label:team={team}").locator("main")).to_contain_text("没有带此标记的镜像")
    api.set_public(path)
    for shown in (f"/console/search?q=label:team={team}", f"/console/images/{path}/-/versions/v1"):
        stranger.go(shown)
        assert not stranger.overflows(), shown
        assert stranger.violations() == [], shown
