"""An upstream with images, and servers that mirror it."""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.live.api import Api, fresh_name
from tests.live.docker_registry import running_docker_registry
from tests.live.mirror.wire import Wire, running_wire
from tests.live.process import Server

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Pushed:
    """An image at the upstream: `NAME:TAG`, its manifest, its layers by digest."""

    name: str
    tag: str
    digest: str
    body: bytes
    layers: dict[str, bytes]

    @property
    def layer(self) -> str:
        """The digest of its first layer."""
        return next(iter(self.layers))


@dataclass
class Upstream:
    """docker-registry, and the wire to it. Images are pushed past the wire."""

    registry: str
    wire: Wire
    _client: httpx2.Client

    def push(self, name: str | None = None, tag: str = "1.0", sizes: tuple[int, ...] = (300_000,)) -> Pushed:
        """A new image with layers of these sizes."""
        name = name or fresh_name("team") + "/app"
        layers = dict(self.put_blob(name, os.urandom(size)) for size in sizes)
        config, content = self.put_blob(
            name, json.dumps({"os": "linux", "architecture": "amd64", "n": secrets.token_hex(8)}).encode()
        )
        body = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": len(content)},
            "layers": [
                {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": len(bytes_)}
                for digest, bytes_ in layers.items()
            ],
        }
        manifest = json.dumps(body).encode()
        return Pushed(name, tag, self.put(name, tag, manifest, OCI_MANIFEST), manifest, layers)

    def put(self, name: str, tag: str, body: bytes, media_type: str) -> str:
        """A manifest; its digest."""
        answer = self._client.put(
            f"{self.registry}/v2/{name}/manifests/{tag}", content=body, headers={"Content-Type": media_type}
        )
        assert answer.status_code == 201, answer.text
        return digest_of(body)

    def delete(self, name: str, digest: str) -> None:
        assert self._client.delete(f"{self.registry}/v2/{name}/manifests/{digest}").status_code == 202

    def put_blob(self, name: str, content: bytes) -> tuple[str, bytes]:
        started = self._client.post(f"{self.registry}/v2/{name}/blobs/uploads/")
        digest = digest_of(content)
        where = httpx2.URL(started.headers["Location"]).copy_merge_params({"digest": digest})
        assert self._client.put(where, content=content).status_code == 201
        return digest, content


@dataclass(frozen=True)
class Mirror:
    """An organization of `server` that mirrors the upstream, for anybody."""

    server: Server
    organization: str
    client: httpx2.Client

    def manifest(self, image: Pushed, reference: str | None = None, method: str = "GET") -> httpx2.Response:
        path = f"/v2/{self.organization}/{image.name}/manifests/{reference or image.tag}"
        return self.client.request(method, path, headers={"Accept": f"{OCI_MANIFEST}, {OCI_INDEX}"})

    def blob(self, image: Pushed, digest: str, **headers: str) -> httpx2.Response:
        return self.client.get(f"/v2/{self.organization}/{image.name}/blobs/{digest}", headers=headers)

    def url(self, image: Pushed, digest: str) -> str:
        return f"{self.server.url}/v2/{self.organization}/{image.name}/blobs/{digest}"


MakeMirror = Callable[..., Mirror]


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture(scope="session")
def docker_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_docker_registry(tmp_path_factory.mktemp("upstream") / "registry") as url:
        yield url


@pytest.fixture
def upstream(docker_registry: str) -> Iterator[Upstream]:
    with running_wire(docker_registry) as wire, httpx2.Client(trust_env=False, timeout=30) as client:
        yield Upstream(docker_registry, wire, client)


@pytest.fixture
def make_mirror(upstream: Upstream) -> Iterator[MakeMirror]:
    """Makes a mirror of the upstream at a server; further options are fields of the call that makes it."""
    opened: list[httpx2.Client] = []

    def make(server: Server, endpoints: list[str] | None = None, **options: Any) -> Mirror:
        name = fresh_name("mirror")
        body = {"name": name, "endpoints": endpoints or [upstream.wire.url], "is_public": True, **options}
        with Api(server) as api:
            made = api.client.post("/v2/manage/mirrors", json=body)
            assert made.status_code == 201, made.text
        opened.append(httpx2.Client(base_url=server.url, trust_env=False, timeout=60))
        return Mirror(server, name, opened[-1])

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def mirror(server: Server, make_mirror: MakeMirror) -> Mirror:
    """One at the shared server that asks with every pull."""
    return make_mirror(server, fresh_seconds=0, stale_seconds=0, absent_seconds=0)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder
