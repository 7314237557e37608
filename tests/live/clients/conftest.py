"""One registry over plain HTTP and one over TLS; for every test a person with an empty machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import parts
from tests.live.api import fresh_name
from tests.live.certificates import Certificate
from tests.live.clients import leaks, registries
from tests.live.clients.containerd import Ctr, write_hosts
from tests.live.clients.containers import Containers, make_containers, storage_driver
from tests.live.clients.daemons import running_containerd, running_dockerd
from tests.live.clients.docker import Docker
from tests.live.clients.registries import Registry
from tests.live.process import Server, running_server


@pytest.fixture(params=["plain", "tls"])
def registry(request: pytest.FixtureRequest) -> Registry:
    """The test runs twice, once for each way to speak to the same server."""
    found: Registry = request.getfixturevalue(f"{request.param}_registry")
    return found


@pytest.fixture(scope="session")
def plain_registry(request: pytest.FixtureRequest) -> Registry:
    """Plain HTTP: for what does not change with TLS."""
    elsewhere = registries.elsewhere()
    if elsewhere is None:
        server: Server = request.getfixturevalue("server")
        return registries.of_server(server)
    if elsewhere.is_tls:
        pytest.skip(f"{registries.URL} names a registry with TLS")
    return elsewhere


@pytest.fixture(scope="session")
def tls_registry(
    request: pytest.FixtureRequest, certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """TLS, with a certificate from an authority no machine knows."""
    elsewhere = registries.elsewhere()
    if elsewhere is None:
        folder = tmp_path_factory.mktemp("tls-server")
        with running_server(folder, tls_cert=certificate.certificate, tls_key=certificate.key) as server:
            yield registries.of_server(server, certificate.authority)
    elif elsewhere.is_tls:
        yield elsewhere
    else:
        pytest.skip(f"{registries.URL} names a registry without TLS")


@pytest.fixture
def person() -> Iterator[Containers]:
    """Somebody with podman, buildah and skopeo, who has never signed in and holds no image."""
    with leaks.watched_folder("person") as home:
        somebody = make_containers(home)
        yield somebody
        somebody.close()


@pytest.fixture
def client(person: Containers, registry: Registry) -> Containers:
    """The same person, signed in as the owner."""
    person.trust(registry).login(registry)
    return person


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty folder for layouts and recipes."""
    return tmp_path


@pytest.fixture(scope="module")
def dockerd() -> Iterator[Path]:
    """The socket of a Docker Engine that the tests of one module share."""
    with running_dockerd() as address:
        yield address


@pytest.fixture
def docker(dockerd: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    """Somebody with an Engine that holds no image, not signed in."""
    somebody = Docker(parts.command("docker", package="docker.io"), dockerd, tmp_path_factory.mktemp("docker"))
    yield somebody
    somebody.forget_all()


@pytest.fixture(scope="module")
def containerd() -> Iterator[Path]:
    """The socket of a containerd that the tests of one module share."""
    with running_containerd() as address:
        yield address


@pytest.fixture
def ctr(containerd: Path, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ctr]:
    """containerd's command line with the owner's credentials, in an empty namespace."""
    program = parts.command("ctr", package="containerd")
    snapshotter = storage_driver(containerd.parent, plain="native", layered="overlayfs")
    hosts = write_hosts(tmp_path_factory.mktemp("hosts"), registry)
    somebody = Ctr(program, containerd, fresh_name("test"), snapshotter, hosts, registry.owner)
    yield somebody
    somebody.forget_all()
