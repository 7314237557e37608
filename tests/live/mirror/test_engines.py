"""Engines that were told to pull through a mirror, by our own words: they do so when the registry itself is away."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import parts
from tests.live.api import Api, fresh_name
from tests.live.clients.conftest import containerd, person  # noqa: F401  # fixtures
from tests.live.clients.containerd import Ctr
from tests.live.clients.containers import Containers, storage_driver
from tests.live.clients.daemons import running_dockerd
from tests.live.clients.docker import Docker
from tests.live.clients.images import Layout, new_content
from tests.live.conftest import StartServer
from tests.live.mirror.conftest import MakeMirror, Mirror, Upstream
from tests.live.ports import free_port

pytestmark = pytest.mark.live


@pytest.fixture
def name() -> str:
    return fresh_name("team") + "/app"


@pytest.fixture
def output(upstream: Upstream, name: str, tmp_path: Path) -> str:
    """What a container prints of the image NAME:1.0, which is at the upstream."""
    content = new_content()
    layout = Layout(tmp_path / "layout")
    layout.add_image("1.0", content=content)
    target = f"docker://{upstream.registry.removeprefix('http://')}/{name}:1.0"
    command = ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", f"oci:{layout.folder}:1.0", target]
    subprocess.run(command, check=True, capture_output=True)
    return content.output


def told(mirror: Mirror, engine: str) -> dict[str, Any]:
    with Api(mirror.server) as api:
        answer = api.client.get(f"/v2/manage/mirrors/{mirror.organization}/config", params={"for": engine})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def keep(mirror: Mirror, name: str) -> None:
    """Pull once, and cut the registry off: from now on only the mirror can have it."""
    source = f"docker://{mirror.server.host}/{mirror.organization}/{name}:1.0"
    command = ["skopeo", "copy", "--quiet", "--src-tls-verify=false", source, "dir:/dev/null"]
    subprocess.run([*command[:-1], f"dir:{mirror.server.data.parent / name.replace('/', '-')}"], check=True)


@pytest.mark.xdist_group("engines")
def test_containerd_pulls_through_the_mirror(
    upstream: Upstream,
    mirror: Mirror,
    name: str,
    output: str,
    containerd: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    host = upstream.wire.url.removeprefix("http://")
    wanted = told(mirror, "containerd")
    assert wanted["file"] == f"/etc/containerd/certs.d/{host}/hosts.toml"
    (tmp_path / "hosts" / host).mkdir(parents=True)
    (tmp_path / "hosts" / host / "hosts.toml").write_text(wanted["text"])
    keep(mirror, name)
    upstream.wire.is_down = True
    snapshotter = storage_driver(containerd.parent, plain="native", layered="overlayfs")
    program = parts.command("ctr", package="containerd")
    ctr = Ctr(program, containerd, fresh_name("test"), snapshotter, tmp_path / "hosts", None)

    ctr.pull(f"{host}/{name}:1.0")

    assert ctr.run_image(f"{host}/{name}:1.0") == output
    ctr.forget_all()


@pytest.mark.xdist_group("engines")
def test_podman_pulls_through_the_mirror(
    upstream: Upstream,
    mirror: Mirror,
    name: str,
    output: str,
    person: Containers,  # noqa: F811
) -> None:
    host = upstream.wire.url.removeprefix("http://")
    wanted = told(mirror, "podman")
    settings = person.home / ".config/containers"
    (settings / "registries.conf").write_text("")
    (settings / "registries.conf.d").mkdir()
    (settings / "registries.conf.d" / Path(wanted["file"]).name).write_text(wanted["text"])
    keep(mirror, name)
    upstream.wire.is_down = True

    person.podman("pull", f"{host}/{name}:1.0")

    assert person.run_image(f"{host}/{name}:1.0").strip() == output


@pytest.fixture
def hub(start_server: StartServer, make_mirror: MakeMirror) -> Mirror:
    """A mirror of what clients call Docker Hub, at a server that Docker Engines find under another name."""
    port = free_port()
    server = start_server(port=port, mirror_docker_url=f"http://localhost:{port}")
    return make_mirror(server, host="docker.io", fresh_seconds=0)


@pytest.fixture
def docker(hub: Mirror, tmp_path: Path) -> Iterator[Docker]:
    with running_dockerd(told(hub, "docker")["text"]) as address:
        somebody = Docker(parts.command("docker", package="docker.io"), address, tmp_path)
        yield somebody
        somebody.forget_all()


@pytest.mark.xdist_group("dockerd")
def test_docker_pulls_docker_hub_through_the_mirror(hub: Mirror, name: str, output: str, docker: Docker) -> None:
    docker("pull", f"{name}:1.0")

    assert docker.run_image(f"{name}:1.0").strip() == output
    # Elsewhere no name is one of Docker Hub's.
    assert hub.client.get(f"/v2/{name}/manifests/1.0").status_code == 401


def test_docker_is_not_told_what_it_cannot_do(mirror: Mirror) -> None:
    with Api(mirror.server) as api:
        answer = api.client.get(f"/v2/manage/mirrors/{mirror.organization}/config", params={"for": "docker"})
    assert answer.status_code == 400
    assert "Docker Hub alone" in answer.text
