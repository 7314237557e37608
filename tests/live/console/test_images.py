"""Lists of images, and the page of one: its versions, its description, how to pull it."""

import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, update

from entrepot.registry.tables import repository
from tests.live.api import Api, fresh_name
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit
from tests.live.console.pushing import SCRIPT, push
from tests.live.parts import command
from tests.make.image import Image

LONG = "/".join("a-very-long-part-of-a-name" for _ in range(7))


@pytest.fixture
def organization(api: Api) -> str:
    return api.create_org()


def describe(api: Api, path: str, text: str) -> None:
    """Give a repository a description, as the management API does."""
    organization, _, name = path.partition("/")
    answer = api.client.patch(
        f"/v2/manage/namespaces/{organization}/repos/{name}", json={"is_public": False, "description": text}
    )
    assert answer.is_success, answer.text


def test_what_is_typed_narrows_the_list_and_stays_in_the_address(admin: Console, api: Api, organization: str):
    one, other = fresh_name("wanted"), fresh_name("other")
    api.create_repo(f"{organization}/{one}")
    api.create_repo(f"{organization}/{other}")
    page = admin.go("/console/images")
    page.fill(".filters input", one)
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#rows")).to_contain_text(one)
    assert f"q={one}" in page.url
    page.select_option(".filters select", "database")
    expect(page.locator("#rows")).to_contain_text("No image fits")
    assert admin.go(f"/console/images?q={one}").locator("#rows tbody tr").count() == 1


def test_a_list_goes_on_page_by_page_in_the_order_that_was_chosen(visit: Visit, api: Api, organization: str):
    part = fresh_name("paged")
    for number in range(52):
        api.create_repo(f"{organization}/{part}-{number:02}")
    console = visit(java_script_enabled=False)
    console.sign_in()
    page = console.go(f"/console/images?q={part}")
    page.click("th >> text=Image")
    first = page.locator(".row-link").all_inner_texts()
    page.click("a[rel=next]")
    second = page.locator(".row-link").all_inner_texts()
    assert first + second == [f"{part}-{number:02}" for number in range(52)]
    expect(page.locator("a[rel=next]")).to_have_count(0)


def test_everybody_sees_public_images_and_nothing_private(visit: Visit, api: Api, organization: str):
    public, private = fresh_name("public"), fresh_name("private")
    api.create_repo(f"{organization}/{public}", public=True)
    api.create_repo(f"{organization}/{private}")
    push(api, f"{organization}/{public}", "1.0")
    console = visit()
    console.expected.add(404)
    page = console.go(f"/console/public?q={organization[:0]}{public}")
    page.click(f"text={public}")
    expect(page.locator("#rows")).to_contain_text("1.0")
    expect(page.locator("#rows")).not_to_contain_text("admin")
    assert "/console/login" in console.go("/console/images").url
    assert "/console/login" in console.go(f"/console/images/{organization}/{private}").url


def test_versions_tell_what_they_are_and_whether_they_are_signed(admin: Console, api: Api, organization: str):
    path = f"{organization}/app"
    children = [Image.make(architecture=one) for one in ("amd64", "arm64")]
    for child in children:
        push(api, path, image=child)
    push(api, path, "all", Image.index(*children))
    signed = push(api, path, "signed")
    push(api, path, image=Image.make(subject=signed, artifactType="application/vnd.dev.sigstore.bundle.v0.3+json"))
    page = admin.go(f"/console/images/{path}")
    expect(page.locator("tr", has_text="linux/amd64, linux/arm64")).to_contain_text("all")
    expect(page.locator("tr", has_text="Signed").locator(".row-link")).to_have_text("signed")
    page.fill(".filter input", "sig")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator(".ways")).to_contain_text(f"docker pull {api.server.url[7:]}/{path}:signed")


def test_the_way_to_pull_is_chosen_without_scripts_and_skopeo_pulls_by_it(
    visit: Visit, api: Api, organization: str, tmp_path: Path
):
    skopeo = command("skopeo")
    path = f"{organization}/team/app"
    api.create_repo(path, public=True)
    image = push(api, path, "1.0")
    console = visit(java_script_enabled=False)
    page = console.go(f"/console/images/{path}")
    expect(page.locator("text=skopeo copy")).to_be_hidden()
    page.click("label >> text=Skopeo")
    typed = page.locator(".ways-part code", has_text="skopeo copy").inner_text()
    words = shlex.split(typed)
    assert words[0] == "skopeo"
    subprocess.run([skopeo, *words[1:]], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    inspected = subprocess.run(
        [skopeo, "inspect", "--config", "--raw", words[-1]],
        cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert inspected.stdout.encode() == image.blobs[0].content  # the layer is compressed on the way


def test_a_description_is_written_in_markdown_and_can_do_nothing(visit: Visit, api: Api, organization: str):
    path = api.create_repo(f"{organization}/app")
    console = visit()
    console.sign_in()
    page = console.go(f"/console/images/{path}")
    page.click("[aria-label='Edit description']")
    text = f"# What it is\n\nThe **best** one. {SCRIPT}\n\n![logo](https://pictures.example/logo.png)"
    page.fill("[name=description]", text)
    page.click("main button.primary")
    expect(page.locator("#toasts")).to_contain_text("saved")
    expect(page.locator(".markdown h2")).to_have_text("What it is")
    expect(page.locator(".markdown")).to_contain_text("<script>alert(1)</script>")
    expect(page.locator(".markdown a")).to_have_attribute("href", "https://pictures.example/logo.png")
    assert page.locator("main img, main script").count() == 0
    page.click("[aria-label='Edit description']")
    expect(page.locator("[name=description]")).to_have_value(text)


def test_who_may_only_read_is_offered_no_change(visit: Visit, api: Api, organization: str):
    path = api.create_repo(f"{organization}/app")
    reader = api.create_user()
    api.grant(path, reader.user, "read")
    console = visit()
    console.sign_in(reader.user, reader.password)
    page = console.go(f"/console/images/{path}")
    assert page.locator("[aria-label='Edit description']").count() == 0


def test_what_nobody_pulls_is_found_with_the_way_to_delete_it(admin: Console, api: Api, organization: str):
    path = f"{organization}/forgotten"
    push(api, path, "1.0")
    page = admin.go("/console/")
    page.click("a[href='/console/cold']")
    page.wait_for_url("**/console/cold")
    page = admin.go(f"/console/cold?organization={organization}")
    expect(page.locator("#rows")).to_contain_text("No cold images")
    let_pass(admin, path, days=40)

    page.select_option("[name=days]", "30")
    row = page.locator("#rows tbody tr")
    expect(row).to_contain_text(path)
    expect(page.locator("#rows")).to_contain_text("frees at least")
    assert "days=30" in page.url
    assert not admin.violations()
    page.set_viewport_size({"width": 375, "height": 720})
    assert not admin.overflows()
    row.locator(".icon-button").click()
    expect(page.locator("#dialog[open]")).to_contain_text("that no other image holds are freed")


def let_pass(console: Console, path: str, days: int) -> None:
    """Let it be so long ago that something changed in a repository."""
    engine = create_engine(f"sqlite:///{console.server.data / 'entrepot.db'}")
    with engine.begin() as database:
        past = datetime.now(UTC) - timedelta(days=days)
        database.execute(update(repository).where(repository.c.path == path).values(updated_at=past))
    engine.dispose()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_images_hinder_nobody(visit: Visit, api: Api, organization: str, scheme: str):
    path = f"{organization}/app"
    push(api, path, "1.0")
    describe(api, path, "# Head\n\n- one\n- [two](https://a.example/)\n\n    code")
    console = visit(color_scheme=scheme, locale="zh-CN" if scheme == "dark" else "en-US")
    console.sign_in()
    found = {}
    for at in PAGES:
        console.go(at.format(path=path))
        if violations := console.violations():
            found[at] = violations
    assert not found


def test_long_names_fit_a_phone(visit: Visit, api: Api, organization: str):
    path = f"{organization}/{LONG}"
    push(api, path, "a" * 128)
    describe(
        api, path.replace("/", "$").replace("$", "/", 1), "wide `" + "x" * 300 + "`\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    console = visit(viewport={"width": 375, "height": 720})
    console.sign_in()
    for at in PAGES:
        console.go(at.format(path=path))
        assert not console.overflows(), at


PAGES = (
    "/console/images",
    "/console/shared",
    "/console/shared/given",
    "/console/public",
    "/console/cold",
    "/console/images/{path}",
    "/console/images/{path}/-/description",
)
