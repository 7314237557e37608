"""podman: build, push, pull and run without a daemon."""

import json
from pathlib import Path

import pytest

from tests.live.clients.containers import Containers, blobs_sent
from tests.live.clients.images import INDEX, Layout, new_content, write_recipe
from tests.live.clients.registries import Registry, plain_only


def local_digest(client: Containers, image: str) -> str:
    """The digest by which the engine knows what it pulled."""
    known = json.loads(client.podman("image", "inspect", image).out)[0]["RepoDigests"]
    return str(known[0]).partition("@")[2]


@pytest.mark.parametrize("kind", ["oci", "docker"])
def test_what_was_built_and_pushed_is_pulled_and_runs(
    client: Containers, registry: Registry, workspace: Path, kind: str
) -> None:
    content = write_recipe(workspace)
    repository = registry.new_repository()
    image = registry.image(repository)

    client.build(workspace, image, options=("--format", kind))
    client.podman("push", "--digestfile", workspace / "digest", image)
    client.forget(image)
    client.podman("pull", image)

    assert client.run_image(image) == content.output
    stored = registry.manifest(repository, "1.0")
    assert ("docker" in stored.headers["content-type"]) == (kind == "docker")
    pushed = (workspace / "digest").read_text()
    assert local_digest(client, image) == pushed == stored.headers["docker-content-digest"]


def test_an_image_is_pulled_by_digest(client: Containers, registry: Registry, workspace: Path) -> None:
    content = new_content()
    pushed = Layout(workspace / "layout").add_image("1.0", content=content)
    repository = registry.new_repository()
    client.skopeo("copy", f"oci:{workspace}/layout:1.0", f"docker://{registry.image(repository)}")

    image = f"{registry.host}/{repository}@{pushed['digest']}"
    client.podman("pull", image)
    assert client.run_image(image) == content.output


@plain_only
def test_a_second_image_on_the_same_base_sends_only_what_is_new(
    client: Containers, registry: Registry, workspace: Path
) -> None:
    base = registry.image(registry.new_repository("base"))
    write_recipe(workspace / "base")
    client.build(workspace / "base", base)
    client.podman("push", base)

    application = base.replace("/base:", "/application:")
    content = write_recipe(workspace / "application", base)
    client.forget(base)
    client.build(workspace / "application", application)  # pulls the base
    said = client.podman("--log-level=debug", "push", application)

    layers = registry.manifest(application.removeprefix(f"{registry.host}/").partition(":")[0], "1.0").json()["layers"]
    assert blobs_sent(said) <= len(layers) - 1  # the new layers and the configuration; the base has two at least
    client.forget(application, base)
    assert client.run_image(application) == content.output  # run pulls by itself


def test_a_list_is_pushed_and_the_fitting_platform_pulled(
    client: Containers, registry: Registry, workspace: Path
) -> None:
    content = new_content()
    Layout(workspace / "layout").add_index("1.0", content)
    repository = registry.new_repository()
    image = registry.image(repository)
    client.podman("manifest", "create", "all")
    client.podman("manifest", "add", "--all", "all", f"oci:{workspace}/layout:1.0")

    client.podman("manifest", "push", "--all", "--format=oci", "all", f"docker://{image}")

    assert registry.manifest(repository, "1.0").headers["content-type"] == INDEX
    client.podman("pull", image)
    assert client.run_image(image) == content.output
    client.podman("pull", "--arch=arm64", image)
    assert client.podman("image", "inspect", "--format={{.Architecture}}", image).out == "arm64"


@plain_only
def test_layers_may_be_pushed_as_zstandard(client: Containers, registry: Registry, workspace: Path) -> None:
    content = write_recipe(workspace)
    repository = registry.new_repository()
    image = registry.image(repository)
    client.build(workspace, image)

    client.podman("push", "--compression-format=zstd", image)

    layers = registry.manifest(repository, "1.0").json()["layers"]
    assert {layer["mediaType"].rpartition("+")[2] for layer in layers} == {"zstd"}
    client.forget(image)
    client.podman("pull", image)
    assert client.run_image(image) == content.output


@plain_only
def test_search_lists_the_tags_of_a_repository(client: Containers, registry: Registry, workspace: Path) -> None:
    layout = Layout(workspace / "layout")
    repository = registry.new_repository()
    for tag in ("1.0", "2.0"):
        layout.add_image(tag)
        client.skopeo("copy", f"oci:{workspace}/layout:{tag}", f"docker://{registry.image(repository, tag)}")

    listed = json.loads(client.podman("search", "--list-tags", "--format=json", f"{registry.host}/{repository}").out)
    assert sorted(listed[0]["Tags"]) == ["1.0", "2.0"]
