"""Real engines pull from the center, are sent on to an edge for layers, and get by when the edge fails them."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import parts
from tests.live.api import Api, fresh_name
from tests.live.clients.conftest import containerd, docker, dockerd, person  # noqa: F401  # fixtures
from tests.live.clients.containerd import Ctr, write_hosts
from tests.live.clients.containers import Containers, storage_driver
from tests.live.clients.docker import Docker
from tests.live.clients.images import Layout, new_content
from tests.live.clients.registries import Account, Registry
from tests.live.durability.watching import until
from tests.live.edges.conftest import StartEdge
from tests.live.edges.edge import Edge, client_of, make_region, push, running_center
from tests.live.process import Server

HERE = "127.0.0.0/8"
"""All engines of this machine are in the network of the edge's region."""


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_center(tmp_path_factory.mktemp("center")) as server:
        make_region(server, "here", HERE)
        yield server


@pytest.fixture
def edge(center: Server, admin: Api, start_edge: StartEdge) -> Edge:
    """An edge that clients are sent to."""
    edge = start_edge(center, "here")
    path = f"{admin.create_org()}/probe"
    image = push(admin, path, "v1")

    def is_used() -> bool:
        with client_of(center, admin) as client:
            answer = client.get(f"/v2/{path}/blobs/{image.blobs[0].digest}")
        return answer.headers.get("location", "").startswith(edge.url)

    until(is_used, "clients are sent to the edge")
    return edge


@pytest.fixture
def registry(center: Server) -> Registry:
    return Registry(center.url, Account(center.user, center.password), None, center)


@pytest.fixture
def image(center: Server, admin: Api, tmp_path: Path) -> tuple[str, str]:
    """The name of an image at the center, and what its container prints."""
    content, layout = new_content(), Layout(tmp_path / "layout")
    layout.add_image("1.0", content=content)
    name = f"{center.host}/{admin.create_org()}/app:1.0"
    command = [parts.command("skopeo"), "copy", "--quiet", "--dest-tls-verify=false"]
    creds = f"--dest-creds={center.user}:{center.password}"
    subprocess.run([*command, creds, f"oci:{layout.folder}:1.0", f"docker://{name}"], check=True, capture_output=True)
    return name, content.output


@pytest.fixture
def ctr(containerd: Path, registry: Registry, tmp_path: Path) -> Iterator[Ctr]:  # noqa: F811
    program = parts.command("ctr", package="containerd")
    snapshotter = storage_driver(containerd.parent, plain="native", layered="overlayfs")
    hosts = write_hosts(tmp_path / "hosts", registry)
    somebody = Ctr(program, containerd, fresh_name("test"), snapshotter, hosts, registry.owner)
    yield somebody
    somebody.forget_all()


@pytest.mark.xdist_group("engines")
def test_containerd_has_its_layers_from_the_edge(edge: Edge, image: tuple[str, str], ctr: Ctr) -> None:
    name, output = image
    before = edge.sent_blobs()
    ctr.pull(name)
    assert ctr.run_image(name) == output
    until(lambda: edge.sent_blobs() > before, "the edge sent the layers")


@pytest.mark.xdist_group("engines")
def test_podman_has_its_layers_from_the_edge(
    edge: Edge,
    image: tuple[str, str],
    person: Containers,  # noqa: F811
    registry: Registry,
) -> None:
    name, output = image
    before = edge.sent_blobs()
    person.trust(registry).login(registry)
    person.podman("pull", name)
    assert person.run_image(name).strip() == output
    until(lambda: edge.sent_blobs() > before, "the edge sent the layers")


@pytest.mark.xdist_group("dockerd")
def test_docker_has_its_layers_from_the_edge(
    edge: Edge,
    image: tuple[str, str],
    docker: Docker,  # noqa: F811
    registry: Registry,
) -> None:
    name, output = image
    before = edge.sent_blobs()
    docker.login(registry)
    docker("pull", name)
    assert docker.run_image(name).strip() == output
    until(lambda: edge.sent_blobs() > before, "the edge sent the layers")


@pytest.mark.xdist_group("dockerd")
def test_docker_gets_by_when_the_edge_does_not_answer(
    edge: Edge,
    image: tuple[str, str],
    docker: Docker,  # noqa: F811
    registry: Registry,
) -> None:
    """The edge is killed, so that the center still sends Docker there: Docker asks again, and is served."""
    name, output = image
    docker.login(registry)
    edge.kill()
    docker("pull", name)
    assert docker.run_image(name).strip() == output


@pytest.mark.xdist_group("engines")
def test_containerd_pulls_from_the_center_when_the_edge_is_known_to_be_gone(
    center: Server, admin: Api, edge: Edge, image: tuple[str, str], ctr: Ctr
) -> None:
    name, output = image
    os.killpg(edge.pid, signal.SIGKILL)
    path, _, _ = name.removeprefix(f"{center.host}/").partition(":")

    def is_noticed() -> bool:
        with client_of(center, admin) as client:
            manifest = client.get(f"/v2/{path}/manifests/1.0").json()
            return client.get(f"/v2/{path}/blobs/{manifest['config']['digest']}").status_code == 200

    until(is_noticed, "the center sends nobody there")
    ctr.pull(name)
    assert ctr.run_image(name) == output


@pytest.mark.xdist_group("dockerd")
def test_docker_pulls_and_pushes_at_the_edge_itself(
    center: Server,
    admin: Api,
    edge: Edge,
    image: tuple[str, str],
    docker: Docker,  # noqa: F811
) -> None:
    name, output = image
    there = name.replace(center.host, edge.host)
    own = Registry(edge.url, Account(center.user, center.password), None, None)
    docker.login(own)
    docker("pull", there)
    assert docker.run_image(there).strip() == output
    docker("tag", there, there.replace(":1.0", ":2.0"))
    docker("push", there.replace(":1.0", ":2.0"))
    path = name.removeprefix(f"{center.host}/").partition(":")[0]
    assert "2.0" in admin.client.get(f"/v2/{path}/tags/list").json()["tags"]
