"""containerd: pull, run and push through `ctr`, as Kubernetes nodes do."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.clients.containerd import Ctr
from tests.live.clients.containers import Containers
from tests.live.clients.images import INDEX, Layout, new_content
from tests.live.clients.registries import Account, Registry, plain_only

pytestmark = pytest.mark.xdist_group("engines")


def test_an_image_is_pulled_run_and_pushed_again(
    ctr: Ctr, client: Containers, registry: Registry, workspace: Path
) -> None:
    content = new_content()
    pushed = Layout(workspace / "layout").add_image("1.0", content=content)
    organization = registry.new_organization()
    image = registry.image(f"{organization}/app")
    client.skopeo("copy", f"oci:{workspace}/layout:1.0", f"docker://{image}")

    ctr.pull(image)
    assert ctr.digest(image) == pushed["digest"]
    assert ctr.run_image(image) == content.output

    copy = registry.image(f"{organization}/copy")
    ctr("image", "tag", image, copy)
    ctr.push(copy)
    assert registry.manifest(f"{organization}/copy", "1.0").headers["docker-content-digest"] == pushed["digest"]


def test_an_image_is_pulled_by_digest(ctr: Ctr, client: Containers, registry: Registry, workspace: Path) -> None:
    content = new_content()
    pushed = Layout(workspace / "layout").add_image("1.0", content=content)
    repository = registry.new_repository()
    client.skopeo("copy", f"oci:{workspace}/layout:1.0", f"docker://{registry.image(repository)}")

    image = f"{registry.host}/{repository}@{pushed['digest']}"
    ctr.pull(image)
    assert ctr.run_image(image) == content.output


def test_a_list_travels_whole(ctr: Ctr, registry: Registry, workspace: Path) -> None:
    content = new_content()
    layout = Layout(workspace / "layout")
    pushed = layout.add_index("1.0", content)
    repository = registry.new_repository()
    image = registry.image(repository)
    base = f"--base-name={registry.host}/{repository}"
    ctr("image", "import", "--all-platforms", "--no-unpack", base, layout.archive())

    ctr.push(image)

    stored = registry.manifest(repository, "1.0")
    assert (stored.headers["docker-content-digest"], stored.headers["content-type"]) == (pushed["digest"], INDEX)
    ctr.forget_all()
    ctr.pull(image, "--all-platforms")
    assert ctr.digest(image) == pushed["digest"]


@plain_only
def test_a_list_of_lists_travels_whole(ctr: Ctr, registry: Registry, workspace: Path) -> None:
    layout = Layout(workspace / "layout")
    inner = [layout.add_index(tag, new_content())["digest"] for tag in ("1.0", "2.0")]
    repository = registry.new_repository()
    image = registry.image(repository, "all")
    # The name goes to the layout's own index, which holds the two others.
    ctr("image", "import", "--all-platforms", "--no-unpack", f"--index-name={image}", layout.archive())

    ctr.push(image)

    stored = registry.manifest(repository, "all").json()
    assert [child["digest"] for child in stored["manifests"]] == inner
    ctr.forget_all()
    ctr.pull(image, "--all-platforms")


@plain_only
def test_a_node_pulls_the_platform_it_runs(ctr: Ctr, client: Containers, registry: Registry, workspace: Path) -> None:
    content = new_content()
    Layout(workspace / "layout").add_index("1.0", content)
    image = registry.image(registry.new_repository())
    client.skopeo("copy", "--all", f"oci:{workspace}/layout:1.0", f"docker://{image}")

    ctr.pull(image)
    assert ctr.run_image(image) == content.output


def test_a_wrong_password_is_told(ctr: Ctr, client: Containers, registry: Registry, workspace: Path) -> None:
    Layout(workspace / "layout").add_image("1.0")
    image = registry.image(registry.new_repository())
    client.skopeo("copy", f"oci:{workspace}/layout:1.0", f"docker://{image}")

    for account in (Account(registry.owner.name, "not the password"), None):
        message = replace(ctr, account=account).refused("pull", image)
        assert "pull access denied" in message or "unauthorized" in message.lower()


def test_a_public_image_is_pulled_and_run_without_an_account(
    ctr: Ctr, client: Containers, registry: Registry, workspace: Path
) -> None:
    content = new_content()
    Layout(workspace / "layout").add_image("1.0", content=content)
    repository = registry.new_repository()
    client.skopeo("copy", f"oci:{workspace}/layout:1.0", f"docker://{registry.image(repository)}")
    registry.set_public(repository)

    anonymous = replace(ctr, account=None)
    anonymous.pull(registry.image(repository))
    assert anonymous.run_image(registry.image(repository)) == content.output


def test_a_reader_is_told_that_pushing_is_denied(
    ctr: Ctr, client: Containers, registry: Registry, workspace: Path
) -> None:
    Layout(workspace / "layout").add_image("1.0")
    repository = registry.new_repository()
    client.skopeo("copy", f"oci:{workspace}/layout:1.0", f"docker://{registry.image(repository)}")
    reader = replace(ctr, account=registry.new_user(repository, "read"))

    reader.pull(registry.image(repository))
    reader("image", "tag", registry.image(repository), registry.image(repository, "2.0"))
    message = reader.refused("push", registry.image(repository, "2.0"))
    assert "denied" in message.lower() or "403" in message
