"""Pages of one version in a real browser: overview, referrers, manifest, history and the way back."""

import json

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, Level, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.console.pushing import SCRIPT, push
from tests.make.archive import tar
from tests.make.image import Blob, Image

_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


def _image(run: dict[str, object], history: list[dict[str, object]], *layers: bytes) -> Image:
    config = Blob(json.dumps({"os": "linux", "architecture": "arm64", "config": run, "history": history}).encode())
    blobs = [Blob(layer) for layer in layers]
    described = [
        {"mediaType": kind, "digest": str(blob.digest), "size": len(blob.content)}
        for kind, blob in [(_CONFIG, config), *((_LAYER, blob) for blob in blobs)]
    ]
    body = {"schemaVersion": 2, "mediaType": Image.make().media_type, "config": described[0], "layers": described[1:]}
    return Image(json.dumps(body).encode(), blobs=(config, *blobs))


HOSTILE = _image(
    {"Env": [SCRIPT], "Cmd": [SCRIPT], "User": SCRIPT, "Labels": {SCRIPT: SCRIPT}, "ExposedPorts": {"x" * 200: {}}},
    [{"created_by": SCRIPT + "y" * 300}, {"created_by": "ENV A=1", "empty_layer": True}],
    b"one layer",
)


@pytest.fixture
def repository(api: Api) -> str:
    return api.create_repo(f"{api.create_org()}/team/web")


def test_a_version_shows_what_it_is_and_what_its_image_says_is_only_text(admin: Console, api: Api, repository: str):
    push(api, repository, "v1", HOSTILE)
    sbom = Image.make(subject=HOSTILE, artifactType="application/spdx+json", annotations={SCRIPT: SCRIPT})
    push(api, repository, None, sbom)
    base = f"/console/images/{repository}/-/versions/v1"

    page = admin.go(base)

    expect(page.locator("main")).to_contain_text(str(HOSTILE.digest))
    expect(page.locator("main")).to_contain_text("linux/arm64")
    expect(page.locator("main")).to_contain_text(SCRIPT)
    layers = page.locator("table.made-steps")
    expect(layers.locator("tbody tr.faint")).to_contain_text("ENV A=1")
    lefts = [layers.locator(f"{one} tr:first-child > :nth-child(4)").bounding_box() for one in ("thead", "tbody")]
    assert len({box["x"] for box in lefts if box}) == 1, "its columns stand below their heads"
    page.click("nav.tabs >> text=Referrers")
    expect(page.locator(".referrer")).to_contain_text("SBOM")
    with page.expect_download() as download:
        page.click(".referrer ul a")
    assert download.value.path().read_bytes() == sbom.blobs[1].content
    page.click("nav.tabs >> text=Manifest")
    assert json.loads(page.locator("pre.code").inner_text()) == json.loads(HOSTILE.body)
    with page.expect_download() as download:
        page.click("main .toolbar a")
    assert download.value.path().read_bytes() == HOSTILE.body
    page.click("nav.tabs >> text=Overview")
    page.wait_for_url(f"**{base}")


def test_a_tag_goes_back_to_what_it_named_also_after_it_was_deleted(admin: Console, api: Api, repository: str):
    first, second = push(api, repository, "v1"), push(api, repository, "v1")
    history = f"/console/images/{repository}/-/tags/v1/history"
    page = admin.go(history)
    expect(page.locator("tbody tr")).to_have_count(2)
    page.click("text=Restore")
    page.locator("#dialog[open] button.primary").click()
    page.wait_for_url(f"**/console/images/{repository}/-/versions/v1")
    expect(page.locator("main")).to_contain_text(str(first.digest))
    expect(page.locator("#toasts")).to_contain_text("names this version again")

    api.client.delete(f"/v2/{repository}/manifests/v1")
    page = admin.go(history)
    expect(page.locator(".alert")).to_contain_text("deleted")
    page.locator("tbody tr", has_text=str(second.digest)[:19]).locator("text=Restore").click()
    page.locator("#dialog[open] button.primary").click()
    expect(page.locator("main")).to_contain_text(str(second.digest))


def test_files_are_browsed_by_folder_and_layer_and_two_versions_compared(visit: Visit, api: Api, repository: str):
    base = tar({"etc/passwd": b"root", "tmp/old": b"x" * 50, f"srv/{SCRIPT}": b""})
    push(api, repository, "v1", _image({"Cmd": ["one"]}, [], base))
    change = tar({"tmp/.wh.old": b"", "app/new": b"y" * 7})
    push(api, repository, "v2", _image({"Cmd": ["two"]}, [], base, change))
    console = visit(java_script_enabled=False)
    console.sign_in()
    page = console.go(f"/console/images/{repository}/-/versions/v2/files")
    expect(page.locator("table tbody tr")).to_have_count(4)
    page.click("table >> text=srv")
    expect(page.locator("table")).to_contain_text("<script>alert(1)<")
    page.click(".layers li:nth-child(3) a")
    page.click("table >> text=tmp")
    expect(page.locator("table tbody tr")).to_contain_text("deleted")

    console.expected.add(404)
    console.go(f"/console/images/{repository}/-/versions/v2/files?path=no/such")
    expect(page.locator(".empty")).to_contain_text("no/such")
    page.click(".empty >> text=All layers together")
    expect(page.locator("table tbody tr")).to_have_count(4)

    page.click("text=Compare")
    page.fill("[name=from]", "v1")
    page.click("main button.primary")
    expect(page.locator("main")).to_contain_text("app/")
    expect(page.locator("del.diff")).to_have_text("one")
    expect(page.locator("ins.diff")).to_have_text("two")


def test_a_comparison_with_a_version_that_is_not_there_is_asked_for_again(visit: Visit, api: Api, repository: str):
    push(api, repository, "v1")
    console = visit()
    console.expected.add(400)
    console.sign_in()
    page = console.go(f"/console/images/{repository}/-/diff?from=v1&to=v9")
    expect(page.locator("#to-problem")).to_have_text("This image has no version 'v9'.")
    expect(page.locator("#from-problem")).to_have_count(0)
    expect(page.locator("[name=from]")).to_have_value("v1")
    expect(page.locator("[name=to]")).to_be_focused()
    assert console.violations() == []

    page = console.go(f"/console/images/{repository}/-/diff?from={'x' * 200}:%3Cb%3E&to=v1")
    expect(page.locator("#from-problem")).to_contain_text("This image has no version")
    expect(page.locator("[name=to]")).to_have_value("v1")


def test_what_a_tag_named_is_downloaded_and_compared(visit: Visit, api: Api, repository: str):
    push(api, repository, "v1")
    second = push(api, repository, "v1")
    console = visit()
    console.sign_in()
    page = console.go(f"/console/images/{repository}/-/tags/v1/history")
    expect(page.locator("tbody tr >> text=Compare")).to_have_count(2)
    with page.expect_download() as download:
        page.click("tbody tr:first-child >> text=Download")
    assert second.digest.hex[:12] in download.value.suggested_filename
    page.click("tbody tr:last-child >> text=Compare")
    expect(page.locator("[name=to]")).to_have_value(str(second.digest))


def test_who_may_read_sees_the_history_and_who_may_edit_goes_back(visit: Visit, api: Api, repository: str):
    first = push(api, repository, "v1")
    push(api, repository, "v1")
    history = f"/console/images/{repository}/-/tags/v1/history"
    levels: tuple[tuple[Level, int], ...] = (("read", 0), ("edit", 1))
    for level, count in levels:
        user = api.create_user()
        api.grant(repository, user.user, level)
        console = visit()
        console.sign_in(user.user, user.password)
        expect(console.go(history).locator("a:has-text('Restore')")).to_have_count(count)
        if level == "read":
            console.expected.add(403)
            console.go(f"/console/images/{repository}/-/tags/v1/restore?to={first.digest}")
            console.page.click("main button.primary")
            expect(console.page.locator(".alert")).to_contain_text("may not")
    stranger = api.create_user()
    console = visit()
    console.sign_in(stranger.user, stranger.password)
    console.expected.add(404)
    for path in (
        history,
        f"/console/images/{repository}/-/versions/v1",
        f"/console/images/{repository}/-/blobs/{first.blobs[1].digest}",
    ):
        assert "Not found" in console.go(path).inner_text("main")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_a_version_hinders_anybody_or_is_wider_than_a_phone(
    visit: Visit, api: Api, repository: str, scheme: str
):
    tag = fresh_name("v" * 100)
    push(api, repository, tag)
    push(api, repository, tag, HOSTILE)
    push(api, repository, None, Image.make(subject=HOSTILE, annotations={"x" * 100: "y" * 300}))
    push(api, repository, "multi", Image.index(HOSTILE))
    console = visit(color_scheme=scheme, viewport={"width": 375, "height": 720}, locale="zh-CN")
    console.sign_in()
    base = f"/console/images/{repository}/-"
    pages = [f"{base}/versions/{tag}{tab}" for tab in ("", "/referrers", "/manifest")]
    found = {}
    push(api, repository, "files", _image({"Cmd": ["x" * 300]}, [], tar({"a/" + "n" * 200: b"x"}), b"no layer"))
    pages += [f"{base}/versions/files/files?path=a", f"{base}/diff?from={tag}&to=files", f"{base}/diff"]
    for path in (
        *pages,
        f"{base}/tags/{tag}/history",
        f"{base}/tags/{tag}/restore?to={HOSTILE.digest}",
        f"{base}/versions/multi",
    ):
        console.go(path)
        if (violations := console.violations()) or console.overflows():
            found[path] = violations or "wider than the window"
    assert not found
