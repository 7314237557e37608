"""`entrepot image` with the files of real clients.

What Docker, podman and skopeo write is pushed, and they read what is pulled.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from tests.cli.conftest import home, run
from tests.cli.run import Ran, Run
from tests.live.clients.containers import Containers
from tests.live.clients.docker import Docker
from tests.live.clients.images import Layout, new_content, tar, write_recipe
from tests.live.clients.registries import Registry, plain_only
from tests.live.process import Server

__all__ = ["home", "run"]  # fixtures

# With the other tests that start an Engine: one at a time on a machine.
pytestmark = [pytest.mark.xdist_group("dockerd"), pytest.mark.slow]

Entrepot = Callable[..., Any]


@pytest.fixture
def entrepot(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> Entrepot:
    """`entrepot("image", "push", …)` as the administrator: the JSON it answers."""
    for name, value in server.client_environment().items():
        monkeypatch.setenv(name, value)

    def call(*words: str | Path) -> Any:
        ran: Ran = run(*map(str, words), "--json")
        assert (ran.code, ran.err) == (0, ""), ran
        return json.loads(ran.out)

    return call


def test_what_docker_saved_is_pushed_and_what_is_pulled_docker_loads_and_runs(
    docker: Docker, plain_registry: Registry, entrepot: Entrepot, workspace: Path
) -> None:
    organization = plain_registry.new_organization()
    contents = {}
    for name in ("one", "two"):
        contents[name] = write_recipe(workspace / name)
        docker.build(workspace / name, f"{organization}/{name}:1.0")
    docker("save", "--output", workspace / "saved.tar", *(f"{organization}/{name}:1.0" for name in contents))

    pushed = entrepot("image", "push", workspace / "saved.tar")
    assert all(one["blobs"]["sent"] for one in pushed)
    again = entrepot("image", "push", workspace / "saved.tar")
    assert [one["digest"] for one in again] == [one["digest"] for one in pushed]
    assert not any(one["blobs"]["sent"] for one in again)
    # An Engine writes images in any order.
    pushed.sort(key=lambda one: one["references"])
    assert [one["references"][0].partition("/")[2] for one in pushed] == [f"{organization}/{n}:1.0" for n in contents]

    docker.forget_all()
    docker.login(plain_registry)
    names = [f"{plain_registry.host}/{organization}/{name}:1.0" for name in contents]
    docker("pull", names[0])
    assert docker.run_image(names[0]) == contents["one"].output
    docker.forget_all()
    pulled = entrepot("image", "pull", *names, "--output", workspace / "pulled.tar")
    assert [one["digest"] for one in pulled["images"]] == [one["digest"] for one in pushed]
    docker("load", "--input", workspace / "pulled.tar")
    for name, content in zip(names, contents.values(), strict=True):
        assert docker.run_image(name) == content.output

    # And back: the registry's manifests are in the file, so nothing is new.
    for one, before in zip(entrepot("image", "push", workspace / "pulled.tar"), pushed, strict=True):
        assert (one["digest"], one["blobs"]["sent"]) == (before["digest"], 0)


@plain_only
@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_what_podman_saved_is_pushed_and_skopeo_reads_what_is_pulled(
    client: Containers, registry: Registry, entrepot: Entrepot, workspace: Path, form: str
) -> None:
    content = write_recipe(workspace / "recipe")
    organization = registry.new_organization()
    client.build(workspace / "recipe", "localhost/app:1.0")
    client.podman("save", f"--format={form}", "--output", workspace / "saved.tar", "localhost/app:1.0")

    [pushed] = entrepot("image", "push", workspace / "saved.tar", f"{organization}/app", f"{organization}/app:again")
    assert [one.rpartition(":")[2] for one in pushed["references"]] == ["1.0", "again"]

    entrepot("image", "pull", f"{organization}/app:1.0", "--output", workspace / "pulled.tar")
    image = registry.image(f"{organization}/copied", "1.0")
    client.skopeo("copy", f"docker-archive:{workspace}/pulled.tar", f"docker://{image}")
    assert client.run_image(image) == content.output
    client.skopeo("copy", f"oci-archive:{workspace}/pulled.tar:1.0", f"oci:{workspace}/unpacked:1.0")
    shown = client.skopeo("inspect", "--raw", f"oci:{workspace}/unpacked:1.0").out
    assert shown == registry.manifest(f"{organization}/app", "1.0").text


@plain_only
def test_layouts_with_all_platforms_go_both_ways_compressed_or_not(
    client: Containers, registry: Registry, entrepot: Entrepot, workspace: Path
) -> None:
    layout = Layout(workspace / "layout")
    described = layout.add_index("1.0", new_content())
    repository = registry.new_repository()

    packed = workspace / "layout.tar.zst"
    packed.write_bytes(zstd.compress(layout.archive().read_bytes()))
    for source in (layout.folder, packed):
        [pushed] = entrepot("image", "push", source, f"{repository}:1.0")
        assert pushed["digest"] == described["digest"]

    entrepot("image", "pull", f"{repository}:1.0", "--output", f"{workspace}/pulled/")
    for source in (layout.folder, workspace / "pulled"):
        copied = registry.new_repository()
        client.skopeo("copy", "--all", f"oci:{source}:1.0", f"docker://{registry.image(copied)}")
        assert registry.manifest(copied, "1.0").headers["docker-content-digest"] == described["digest"]

    entrepot("image", "pull", f"{repository}:1.0", "--platform=linux/arm64", "-o", workspace / "arm.tar")
    shown = client.skopeo("inspect", "--format={{.Architecture}}", f"docker-archive:{workspace}/arm.tar").out
    assert shown == "arm64"


@plain_only
def test_a_layer_of_a_skopeo_archive_may_come_twice_and_large(
    client: Containers, registry: Registry, entrepot: Entrepot, workspace: Path
) -> None:
    large = tar({"srv/large": os.urandom(20 << 20)})
    Layout(workspace / "layout").add_image("1.0", more=(large, large))
    client.skopeo("copy", f"oci:{workspace}/layout:1.0", f"docker-archive:{workspace}/saved.tar:acme/app:1.0")
    repository = registry.new_repository()

    [pushed] = entrepot("image", "push", workspace / "saved.tar", repository)

    assert registry.manifest(repository, "1.0").headers["docker-content-digest"] == pushed["digest"]
    assert pushed["bytes_sent"] > 20 << 20
