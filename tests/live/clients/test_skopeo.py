"""skopeo: images move as they are, in either format, one or a whole list, and are deleted again."""

import json
import os
from pathlib import Path

import pytest

from tests.live.clients.containers import Containers, blobs_sent
from tests.live.clients.images import INDEX, MANIFEST, Layout, new_content, tar
from tests.live.clients.registries import Registry

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LARGE_BYTES = 100 * 2**20


def same_layout(one: Path, other: Path) -> bool:
    """True if both folders hold the same blobs, byte for byte."""
    blobs = {path.name: path.read_bytes() for path in (one / "blobs/sha256").iterdir()}
    return blobs == {path.name: path.read_bytes() for path in (other / "blobs/sha256").iterdir()}


def test_an_image_comes_back_byte_for_byte(client: Containers, registry: Registry, workspace: Path) -> None:
    pushed = Layout(workspace / "pushed").add_image("1.0")
    image = registry.image(registry.new_repository())

    client.skopeo("copy", f"oci:{workspace}/pushed:1.0", f"docker://{image}")
    client.skopeo("copy", f"docker://{image}", f"oci:{workspace}/pulled:1.0")

    assert same_layout(workspace / "pushed", workspace / "pulled")
    shown = client.skopeo("inspect", "--format", "{{.Digest}}", f"docker://{image}").out
    assert shown == pushed["digest"]


def test_a_name_of_many_parts_works_like_a_short_one(client: Containers, registry: Registry, workspace: Path) -> None:
    pushed = Layout(workspace / "pushed").add_image("1.0")
    repository = registry.new_repository("team/backend/app")
    client.skopeo("copy", f"oci:{workspace}/pushed:1.0", f"docker://{registry.image(repository)}")
    assert registry.manifest(repository, pushed["digest"]).status_code == 200


def test_an_image_in_dockers_format_stays_in_it(client: Containers, registry: Registry, workspace: Path) -> None:
    Layout(workspace / "pushed").add_image("1.0")
    repository = registry.new_repository()
    image = registry.image(repository)

    client.skopeo("copy", "--format=v2s2", f"oci:{workspace}/pushed:1.0", f"docker://{image}")
    raw = client.skopeo("inspect", "--raw", f"docker://{image}").out
    assert json.loads(raw)["mediaType"] == DOCKER_MANIFEST
    stored = registry.manifest(repository, "1.0")
    assert (stored.text, stored.headers["content-type"]) == (raw, DOCKER_MANIFEST)

    client.skopeo("copy", f"docker://{image}", f"dir:{workspace}/pulled")
    assert (workspace / "pulled/manifest.json").read_text() == raw


def test_a_list_of_platforms_comes_back_with_all_its_children(
    client: Containers, registry: Registry, workspace: Path
) -> None:
    pushed = Layout(workspace / "pushed").add_index("1.0", new_content())
    repository = registry.new_repository()
    image = registry.image(repository)

    client.skopeo("copy", "--all", f"oci:{workspace}/pushed:1.0", f"docker://{image}")
    client.skopeo("copy", "--all", f"docker://{image}", f"oci:{workspace}/pulled:1.0")

    assert same_layout(workspace / "pushed", workspace / "pulled")
    stored = registry.manifest(repository, "1.0")
    assert (stored.headers["docker-content-digest"], stored.headers["content-type"]) == (pushed["digest"], INDEX)


def test_of_a_list_the_platform_asked_for_is_copied(client: Containers, registry: Registry, workspace: Path) -> None:
    Layout(workspace / "pushed").add_index("1.0", new_content())
    image = registry.image(registry.new_repository())
    client.skopeo("copy", "--all", f"oci:{workspace}/pushed:1.0", f"docker://{image}")

    for architecture in ("amd64", "arm64"):
        options = ["--override-arch", architecture]
        client.skopeo(*options, "copy", f"docker://{image}", f"oci:{workspace}/{architecture}:1.0")
        shown = client.skopeo("inspect", "--format={{.Architecture}}", f"oci:{workspace}/{architecture}:1.0").out
        assert shown == architecture


def test_inspect_and_list_tags_tell_what_is_there(client: Containers, registry: Registry, workspace: Path) -> None:
    layout = Layout(workspace / "pushed")
    first, second = layout.add_image("1.0"), layout.add_image("2.0")
    repository = registry.new_repository()
    for tag in ("1.0", "2.0"):
        client.skopeo("copy", f"oci:{workspace}/pushed:{tag}", f"docker://{registry.image(repository, tag)}")

    listed = json.loads(client.skopeo("list-tags", f"docker://{registry.host}/{repository}").out)
    assert sorted(listed["Tags"]) == ["1.0", "2.0"]

    seen = json.loads(client.skopeo("inspect", f"docker://{registry.image(repository)}").out)
    assert seen["Digest"] == first["digest"]
    assert seen["Labels"] == {"org.example.made-by": "a test"}
    raw = client.skopeo("inspect", "--raw", f"docker://{registry.host}/{repository}@{second['digest']}").out
    assert raw.encode() == layout.blob(second["digest"])


def test_delete_takes_the_image_and_leaves_the_others(client: Containers, registry: Registry, workspace: Path) -> None:
    layout = Layout(workspace / "pushed")
    layout.add_image("1.0")
    layout.add_image("2.0")
    repository = registry.new_repository()
    for tag in ("1.0", "2.0"):
        client.skopeo("copy", f"oci:{workspace}/pushed:{tag}", f"docker://{registry.image(repository, tag)}")

    client.skopeo("delete", f"docker://{registry.image(repository, '1.0')}")

    message = client.refused("skopeo", "inspect", f"docker://{registry.image(repository, '1.0')}")
    assert "manifest unknown" in message
    listed = json.loads(client.skopeo("list-tags", f"docker://{registry.host}/{repository}").out)
    assert "2.0" in listed["Tags"]
    client.skopeo("copy", f"docker://{registry.image(repository, '2.0')}", f"oci:{workspace}/pulled:2.0")


def test_a_copy_inside_the_registry_sends_no_layer(client: Containers, registry: Registry, workspace: Path) -> None:
    pushed = Layout(workspace / "pushed").add_image("1.0", shares_busybox=False)
    organization = registry.new_organization()
    source, target = f"{organization}/source", f"{organization}/mirror/target"
    client.skopeo("copy", f"oci:{workspace}/pushed:1.0", f"docker://{registry.image(source)}")

    said = client.skopeo("--debug", "copy", f"docker://{registry.image(source)}", f"docker://{registry.image(target)}")

    assert registry.manifest(target, "1.0").headers["docker-content-digest"] == pushed["digest"]
    assert blobs_sent(said) == 1  # the configuration; both layers were mounted


def test_sync_takes_a_repository_to_a_folder_and_back(client: Containers, registry: Registry, workspace: Path) -> None:
    layout = Layout(workspace / "pushed")
    digests = {tag: layout.add_image(tag)["digest"] for tag in ("1.0", "2.0", "latest")}
    repository = registry.new_repository("app")
    for tag in digests:
        client.skopeo("copy", f"oci:{workspace}/pushed:{tag}", f"docker://{registry.image(repository, tag)}")

    client.skopeo("sync", "--src=docker", "--dest=dir", f"{registry.host}/{repository}", workspace / "synced")
    assert sorted(path.name for path in (workspace / "synced").iterdir()) == ["app:1.0", "app:2.0", "app:latest"]

    target = registry.new_organization()
    client.skopeo("sync", "--src=dir", "--dest=docker", workspace / "synced", f"{registry.host}/{target}")
    for tag, digest in digests.items():
        assert registry.manifest(f"{target}/app", tag).headers["docker-content-digest"] == digest


def test_layers_may_be_zstandard(client: Containers, registry: Registry, workspace: Path) -> None:
    Layout(workspace / "pushed").add_image("1.0")
    repository = registry.new_repository()
    image = registry.image(repository)

    client.skopeo("copy", "--dest-compress-format=zstd", f"oci:{workspace}/pushed:1.0", f"oci:{workspace}/small:1.0")
    client.skopeo("copy", f"oci:{workspace}/small:1.0", f"docker://{image}")

    stored = registry.manifest(repository, "1.0")
    assert stored.headers["content-type"] == MANIFEST
    assert {layer["mediaType"].rpartition("+")[2] for layer in stored.json()["layers"]} == {"zstd"}
    client.skopeo("copy", f"docker://{image}", f"oci:{workspace}/pulled:1.0")
    assert same_layout(workspace / "small", workspace / "pulled")


@pytest.mark.slow
def test_a_large_layer_comes_back_whole(person: Containers, tls_registry: Registry, workspace: Path) -> None:
    person.trust(tls_registry).login(tls_registry)
    layer = tar({"srv/large": os.urandom(LARGE_BYTES)})
    Layout(workspace / "pushed").add_image("1.0", more=[layer])
    image = tls_registry.image(tls_registry.new_repository())

    person.skopeo("copy", f"oci:{workspace}/pushed:1.0", f"docker://{image}")
    person.skopeo("copy", f"docker://{image}", f"oci:{workspace}/pulled:1.0")

    assert same_layout(workspace / "pushed", workspace / "pulled")
