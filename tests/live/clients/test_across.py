"""Pushed by one client, pulled and run by every other: what a registry is for."""

from pathlib import Path

import pytest

from tests.live.clients.containerd import Ctr
from tests.live.clients.containers import Containers
from tests.live.clients.docker import Docker
from tests.live.clients.images import Layout, new_content, write_recipe
from tests.live.clients.registries import Registry, plain_only

pytestmark = [pytest.mark.xdist_group("engines"), plain_only]


@pytest.fixture
def image(registry: Registry) -> str:
    return registry.image(registry.new_repository())


@pytest.fixture
def everybody(client: Containers, docker: Docker, ctr: Ctr, registry: Registry) -> tuple[Containers, Docker, Ctr]:
    docker.login(registry)
    return client, docker, ctr


def outputs(everybody: tuple[Containers, Docker, Ctr], image: str) -> dict[str, str]:
    """What a container prints, started by each engine after it forgot all it knew and pulled anew."""
    podman, docker, ctr = everybody
    podman.podman("system", "prune", "--all", "--force")
    docker.forget_all()
    ctr.forget_all()
    podman.podman("pull", image)
    docker("pull", image)
    ctr.pull(image)
    return {"podman": podman.run_image(image), "docker": docker.run_image(image), "ctr": ctr.run_image(image)}


def everywhere(output: str) -> dict[str, str]:
    return {"podman": output, "docker": output, "ctr": output}


def test_what_docker_pushed_runs_everywhere(
    everybody: tuple[Containers, Docker, Ctr], image: str, workspace: Path
) -> None:
    _, docker, _ = everybody
    content = write_recipe(workspace)
    docker.build(workspace, image)
    docker("push", image)
    assert outputs(everybody, image) == everywhere(content.output)


@pytest.mark.parametrize("program", ["podman", "buildah"])
def test_what_podman_and_buildah_pushed_runs_everywhere(
    everybody: tuple[Containers, Docker, Ctr], image: str, workspace: Path, program: str
) -> None:
    client, _, _ = everybody
    content = write_recipe(workspace)
    client.build(workspace, image, program=program)
    client.podman("push", image)
    assert outputs(everybody, image) == everywhere(content.output)


@pytest.mark.parametrize("kind", ["oci", "v2s2"])
def test_what_skopeo_pushed_runs_everywhere(
    everybody: tuple[Containers, Docker, Ctr], image: str, workspace: Path, kind: str
) -> None:
    client, _, _ = everybody
    content = new_content()
    Layout(workspace / "layout").add_image("1.0", content=content)
    client.skopeo("copy", f"--format={kind}", f"oci:{workspace}/layout:1.0", f"docker://{image}")
    assert outputs(everybody, image) == everywhere(content.output)


def test_what_containerd_pushed_runs_everywhere(
    everybody: tuple[Containers, Docker, Ctr], image: str, workspace: Path
) -> None:
    _, _, ctr = everybody
    content = new_content()
    layout = Layout(workspace / "layout")
    layout.add_index("1.0", content)
    base = image.rpartition(":")[0]
    ctr("image", "import", "--all-platforms", "--no-unpack", f"--base-name={base}", layout.archive())
    ctr.push(image)
    assert outputs(everybody, image) == everywhere(content.output)
