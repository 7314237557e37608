"""Work on ticked versions: what a plan says, what is copied, moved, deleted, and how one is named twice."""

import pytest
from playwright.sync_api import expect

from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import push
from tests.live.console.browser import Console
from tests.live.console.conftest import Visit


@pytest.fixture
def image(api: Api) -> str:
    """A repository with the versions v1, v2 and v3."""
    path = f"{api.create_org()}/team/app"
    for tag in ("v1", "v2", "v3"):
        push(api, path, tag)
    return path


def digest_of(api: Api, path: str, tag: str) -> str | None:
    return api.client.head(f"/v2/{path}/manifests/{tag}").headers.get("docker-content-digest")


def also_tag(api: Api, path: str, tag: str, name: str) -> None:
    organization, _, repository = path.partition("/")
    repository = repository.replace("/", "$")
    answer = api.client.post(
        f"/v2/manage/namespaces/{organization}/repos/{repository}/tags",
        json={"source_tag": tag, "destination_tag": name},
    )
    answer.raise_for_status()


def test_several_versions_are_deleted_after_it_was_said_what_that_frees(admin: Console, api: Api, image: str):
    first = digest_of(api, image, "v1")
    page = admin.go(f"/console/images/{image}/-/delete-versions?tag=v1&tag=v2")
    expect(page.locator("h1")).to_have_text("Delete 2 versions")
    expect(page.locator("main")).to_contain_text("2 manifests go")
    page.click("main button.danger")
    page.wait_for_url(f"**/console/images/{image}")
    expect(page.locator("#toasts")).to_contain_text("2 versions were deleted")
    assert digest_of(api, image, "v3") is not None
    assert digest_of(api, image, str(first)) is None


def test_what_can_be_done_with_ticked_versions_shows_up_once_there_are_any(admin: Console, image: str):
    page = admin.go(f"/console/images/{image}")
    bar = page.locator("[data-bulk-bar]")
    expect(bar).to_be_hidden()
    page.check("[data-pick][value=v1]")
    expect(bar).to_be_visible()
    expect(bar.locator("text=Compare")).to_be_disabled()
    page.check("[data-pick-all]")
    expect(bar.locator("[data-bulk-count]")).to_have_text("3")
    page.uncheck("[data-pick][value=v3]")
    bar.locator("text=Compare").click()
    page.wait_for_url("**/-/diff?*")
    expect(page.locator("[name=from]")).to_have_value("v1")
    expect(page.locator("[name=to]")).to_have_value("v2")
    page.go_back()
    page.wait_for_url(f"**/console/images/{image}")
    page.check("[data-pick][value=v2]")
    page.locator("[data-bulk-bar] >> text=Delete").click()
    expect(page.locator("h1")).to_have_text("Delete 1 version")


def test_without_scripts_ticked_versions_are_deleted_all_the_same(visit: Visit, api: Api, image: str):
    console = visit(java_script_enabled=False)
    page = console.sign_in()
    console.go(f"/console/images/{image}")
    page.check("[data-pick][value=v1]")
    page.locator("[data-bulk-bar] >> text=Delete").click()
    page.locator("main button.danger").click()
    page.wait_for_url(f"**/console/images/{image}")
    assert digest_of(api, image, "v1") is None


def test_a_deleted_version_stays_restorable_when_its_image_is_kept(admin: Console, api: Api, image: str):
    first = digest_of(api, image, "v1")
    page = admin.go(f"/console/images/{image}/-/delete-versions?tag=v1")
    page.uncheck("[name=content]")
    page.click("main button.danger")
    page.wait_for_url(f"**/console/images/{image}")
    assert digest_of(api, image, "v1") is None
    assert digest_of(api, image, str(first)) == first


def test_versions_move_to_another_organization_after_it_was_said_what_that_breaks(admin: Console, api: Api, image: str):
    other, first = api.create_org(), digest_of(api, image, "v1")
    also_tag(api, image, "v2", "beside")
    page = admin.go(f"/console/images/{image}/-/copy?tag=v1&tag=v2")
    breaks = page.locator("section", has_text="What breaks here when they move")
    expect(breaks.locator("tr", has_text="v2")).to_contain_text("also tagged beside")
    page.select_option("[name=organization]", other)
    page.fill("[name=name]", "moved/app")
    page.check("[name=move]")
    page.click("main button.primary")
    page.wait_for_url(f"**/console/images/{other}/moved/app")
    assert digest_of(api, f"{other}/moved/app", "v1") == first
    assert digest_of(api, image, "v1") is None
    assert digest_of(api, image, "v3") is not None


def test_a_tag_that_is_there_is_said_at_its_field_until_it_may_move(admin: Console, api: Api, image: str):
    admin.expected.add(409)
    page = admin.go(f"/console/images/{image}/-/retag?tag=v1")
    page.fill("[name=tag_new]", "v2")
    page.click("main button.primary")
    expect(page.locator("#tag_new-problem")).to_contain_text("already")
    page.check("[name=override]")
    page.click("main button.primary")
    page.wait_for_url(f"**/console/images/{image}")
    assert digest_of(api, image, "v2") == digest_of(api, image, "v1")


def test_an_image_is_renamed_after_it_was_said_what_that_breaks(admin: Console, api: Api, image: str):
    first, organization = digest_of(api, image, "v1"), image.partition("/")[0]
    page = admin.go(f"/console/images/{image}/-/rename")
    expect(page.locator("main .dots")).to_contain_text("its 3 versions answer to the new one")
    expect(page.locator("main .dots")).to_contain_text("It was never pulled.")
    page.fill("[name=name]", "team/web")
    page.click("main button.danger")
    page.wait_for_url(f"**/console/images/{organization}/team/web")
    assert digest_of(api, f"{organization}/team/web", "v1") == first


def test_who_may_only_push_deletes_and_moves_nothing(visit: Visit, api: Api, image: str):
    console = visit()
    console.expected.update({403})
    with api.create_user(fresh_name("editor")) as user:
        api.grant(image, user.user, "edit")
    page = console.sign_in(user.user, user.password)
    console.go(f"/console/images/{image}/-/delete-versions?tag=v1")
    expect(page.locator("h1")).to_have_text("You may not do this")
    assert digest_of(api, image, "v1") is not None
    console.go(f"/console/images/{image}/-/copy?tag=v1")
    expect(page.locator("[name=override]")).to_be_visible()
    expect(page.locator("[name=move]")).to_have_count(0)


@pytest.mark.parametrize(
    "options", [{"color_scheme": "dark", "locale": "zh-CN"}, {"viewport": {"width": 375, "height": 720}}]
)
def test_these_pages_hinder_nobody(visit: Visit, image: str, options):
    console = visit(**options)
    console.sign_in()
    for page in ("delete-versions", "copy", "retag", "rename"):
        console.go(f"/console/images/{image}/-/{page}?tag=v1")
        assert console.violations() == [], page
        assert not console.overflows(), page
