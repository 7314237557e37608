"""Uploading archives through the page: beside each other, over lines that break, after a reload; cancelled; refused."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect

from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.make.archive import DockerArchive, LayoutArchive, tar

_MIB = 1 << 20
_SECONDS = 60_000


@pytest.fixture
def organization(api: Api) -> str:
    return api.create_org(fresh_name())


def saved(folder: Path, file_name: str, *names: str, size: int = 100) -> Path:
    archive = DockerArchive()
    archive.add(*names, layers=(tar({"srv/large": os.urandom(size)}),))
    file = folder / file_name
    file.write_bytes(archive.pack())
    return file


def choose(console: Console, organization: str, *files: Path) -> Page:
    page = console.page
    page.select_option("#organization", organization)
    page.set_input_files("#files", list(files))
    return page


def test_two_archives_are_sent_at_once_and_their_images_are_there(
    admin: Console, organization: str, tmp_path: Path
) -> None:
    hostile = '"><img src=x onerror=alert(1)>.tar'
    admin.go("/console/upload")
    page = choose(
        admin,
        organization,
        saved(tmp_path, "web.tar", "shop/web:1.0", size=9 * _MIB),
        saved(tmp_path, hostile, "db:2"),
    )

    rows = page.locator(".upload", has=page.locator(".upload-images"))
    for name, file_name, tag in (("web", "web.tar", "1.0"), ("db", hostile, "2")):
        row = rows.filter(has_text=f"{organization}/{name}")
        expect(row).to_contain_text(file_name, timeout=_SECONDS)
        expect(row.locator(".badge")).to_have_text(tag)
    page.click(f"text={organization}/web")
    page.wait_for_url(f"**/console/images/{organization}/web")


def test_an_upload_goes_on_when_the_line_is_back_and_after_a_reload_when_the_file_is_chosen_again(
    admin: Console, organization: str, tmp_path: Path
) -> None:
    file = saved(tmp_path, "large.tar", "large:1", size=40 * _MIB)
    page = admin.go("/console/upload")
    page.evaluate("document.querySelector('[data-uploads]').dataset.pieceBytes = 1 << 20")
    page.evaluate("entrepotUploads.attach()")
    page.on("dialog", lambda dialog: dialog.accept())  # files are still being sent
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    set_line(line, 4 * _MIB)
    choose(admin, organization, file)
    row = page.locator(".upload", has_text="large.tar")
    expect(row).to_contain_text(re.compile("/s · .+ left"), timeout=_SECONDS)

    set_line(line, -1, offline=True)
    expect(row).to_contain_text("The connection is lost", timeout=_SECONDS)
    set_line(line, 4 * _MIB)
    expect(row).to_contain_text(re.compile("/s · .+ left"), timeout=_SECONDS)
    page.reload()

    expect(row).to_contain_text("Choose the file again to go on.")
    held = int(row.get_attribute("data-held") or 0)
    assert 0 < held < file.stat().st_size
    set_line(line, -1)
    with page.expect_request(lambda request: request.method == "PATCH") as first:
        choose(admin, organization, file)
    assert int(first.value.headers["content-range"].partition("-")[0]) >= held
    expect(row).to_contain_text(f"{organization}/large", timeout=_SECONDS)
    expect(row).to_have_count(1)
    admin.faults[:] = [one for one in admin.faults if "ERR_INTERNET_DISCONNECTED" not in one]


def set_line(session: CDPSession, upload_bytes_a_second: int, offline: bool = False) -> None:
    told = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload_bytes_a_second}
    session.send("Network.emulateNetworkConditions", told)


def test_a_cancelled_upload_leaves_nothing(admin: Console, api: Api, organization: str, tmp_path: Path) -> None:
    page = admin.go("/console/upload")
    answer = api.client.post(
        f"/v2/manage/namespaces/{organization}/archives", json={"file_name": "half.tar", "size": 100}
    )
    path = f"/v2/manage/archives/{answer.json()['id']}"
    api.client.patch(path, content=b"x" * 40, headers={"Content-Range": "0-39"})
    admin.go("/console/upload")
    row = page.locator(".upload", has_text="half.tar")
    expect(row).to_contain_text("40 B of 100 B are here.")
    row.locator("text=Cancel").click()
    dialog = page.locator("#dialog[open]")
    expect(dialog).to_contain_text("is deleted")
    dialog.locator("button.danger").click()
    expect(page.locator("#toasts")).to_contain_text("half.tar was removed")
    expect(row).to_have_count(0)
    assert api.client.get(path).status_code == 404


def test_what_is_wrong_is_said_in_the_row_and_a_file_without_names_asks_for_one(
    visit: Visit, api: Api, organization: str, tmp_path: Path
) -> None:
    console = visit(locale="zh-CN")
    console.sign_in()
    console.go("/console/upload")
    archive = LayoutArchive()
    archive.name(archive.image(), "2.0")
    unnamed, wrong = tmp_path / "unnamed.tar", tmp_path / "wrong.tar"
    unnamed.write_bytes(archive.pack())
    wrong.write_bytes(b"no archive at all" * 100)
    page = choose(console, organization, unnamed, wrong)

    failed = page.locator(".upload", has_text="wrong.tar")
    expect(failed.locator("[role=alert]")).to_contain_text("not a readable tar file", timeout=_SECONDS)
    asks = page.locator(".upload", has_text="unnamed.tar")
    asks.locator("[name=repository]").fill("thing", timeout=_SECONDS)
    asks.locator("button.primary").click()
    expect(asks).to_contain_text(f"{organization}/thing", timeout=_SECONDS)
    failed.locator("button").click()
    expect(failed).to_have_count(0)


def test_who_may_not_push_there_hears_so_in_the_row(visit: Visit, api: Api, organization: str, tmp_path: Path) -> None:
    reader = api.create_user()
    api.grant(organization, reader.user, "read")
    console = visit()
    console.expected |= {403}
    console.sign_in(reader.user, reader.password)
    page = console.go("/console/upload")
    choose(console, organization, saved(tmp_path, "web.tar", "web:1"))
    expect(page.locator(".upload [role=alert], .upload.alert")).to_contain_text("may", timeout=_SECONDS)


def test_who_lost_the_permission_while_the_file_came_hears_so_in_the_row(
    visit: Visit, api: Api, organization: str, tmp_path: Path
) -> None:
    editor = api.create_user()
    api.grant(organization, editor.user, "edit")
    console = visit()
    console.expected |= {403}
    console.sign_in(editor.user, editor.password)
    page = console.go("/console/upload")

    def lost(route: Route) -> None:
        path = f"/v2/manage/namespaces/{organization}/access"
        assert api.client.request("DELETE", path, json=[api.user_id(editor.user)]).is_success
        route.continue_()

    page.route("**/finish", lost)
    choose(console, organization, saved(tmp_path, "web.tar", "web:1"))
    expect(page.locator(".upload .alert.bad")).to_contain_text("may", timeout=_SECONDS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_hinders_nobody_and_fits_a_phone(visit: Visit, api: Api, organization: str, scheme: str) -> None:
    name = "a" * 250 + ".tar"
    api.client.post(f"/v2/manage/namespaces/{organization}/archives", json={"file_name": name, "size": 1 << 30})
    console = visit(color_scheme=scheme, viewport={"width": 375, "height": 720})
    console.sign_in()
    page = console.go("/console/upload")
    assert console.violations() == []
    assert not console.overflows()
    page.locator(".upload", has_text=name).locator("text=Cancel").click()
    page.locator("#dialog button.danger").click()
    expect(page.locator(".upload", has_text=name)).to_have_count(0)


def test_without_scripts_uploads_are_seen_and_can_be_cancelled(visit: Visit, api: Api, organization: str) -> None:
    api.client.post(
        f"/v2/manage/namespaces/{organization}/archives", json={"file_name": f"{organization}.tar", "size": 9}
    )
    console = visit(java_script_enabled=False)
    page = console.sign_in()
    console.go("/console/upload")
    page.locator(".upload", has_text=f"{organization}.tar").locator("text=Cancel").click()
    page.click("main button.danger")
    page.wait_for_url("**/console/upload")
    expect(page.locator(".upload", has_text=f"{organization}.tar")).to_have_count(0)


def test_the_page_says_how_large_files_may_be_and_a_larger_one_is_not_sent(
    admin: Console, organization: str, api: Api, tmp_path: Path
) -> None:
    api.client.patch(f"/v2/manage/namespaces/{organization}/quotas", json={"archive_bytes": 2_048})
    other = api.create_org(fresh_name())
    page = admin.go(f"/console/upload?organization={organization}")
    expect(page.locator("#organization-help")).to_have_text("Takes files of up to 2 KiB each.")
    page.select_option("#organization", other)
    expect(page.locator("#organization-help")).to_have_text("Takes files of up to 10 GiB each.")
    choose(admin, organization, saved(tmp_path, "too-large.tar", "web:1", size=9_000))
    row = page.locator(".upload", has_text="too-large.tar")
    expect(row).to_contain_text(f"larger than the 2 KiB that {organization} takes")
    assert api.client.get(f"/v2/manage/namespaces/{organization}/archives").json()["archives"] == []
    assert admin.violations() == []
    row.locator("[data-away]").click()
    expect(row).to_have_count(0)


def test_a_file_that_waits_for_others_can_be_left_out(admin: Console, organization: str, tmp_path: Path) -> None:
    page = admin.go("/console/upload")
    admin.hold("**/console/uploads/*")
    files = [saved(tmp_path, f"{name}.tar", f"{name}:1") for name in ("first", "second", "third")]
    choose(admin, organization, *files)
    waits = page.locator(".upload", has_text="third.tar")
    expect(waits).to_contain_text("Waits for the files before it.")
    waits.locator("[data-away]").click()
    expect(waits).to_have_count(0)
    page.unroute("**/console/uploads/*")  # they go on
    for name in ("first", "second"):
        expect(page.locator(".upload", has_text=f"{name}.tar")).to_contain_text(
            f"{organization}/{name}", timeout=_SECONDS
        )
    expect(waits).to_have_count(0)
