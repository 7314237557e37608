"""Images of many small layers, pushed at the center."""

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.live.networks.nodes import Node

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class Image:
    """At `url`; `digests` are those of its layers."""

    url: str
    path: str
    digests: Sequence[str]
    size: int

    @property
    def layers(self) -> list[tuple[str, str]]:
        """The URL and the digest of each."""
        return [(self.layer(digest), digest) for digest in self.digests]

    def layer(self, digest: str, at: str | None = None) -> str:
        return f"{at or self.url}/v2/{self.path}/blobs/{digest}"


def push(center: Node, path: str, layers: int, layer_bytes: int = 2_000, tag: str = "1.0") -> Image:
    """A new image with so many layers that nobody has."""
    with center.place.inside(), _client(center) as client:
        config = _put(client, path, json.dumps({"os": "linux", "architecture": "amd64"}).encode())
        described = [_put(client, path, os.urandom(layer_bytes)) for _ in range(layers)]
        body = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {**config, "mediaType": "application/vnd.oci.image.config.v1+json"},
            "layers": [{**one, "mediaType": "application/vnd.oci.image.layer.v1.tar"} for one in described],
        }
        answer = client.put(f"/v2/{path}/manifests/{tag}", content=json.dumps(body), headers={"Content-Type": MANIFEST})
        assert answer.status_code == 201, answer.text
    return Image(center.url, path, [one["digest"] for one in described], layers * layer_bytes)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def bearer(center: Node, path: str, user: str | None = None, password: str = "", at: str | None = None) -> str:
    """A token for pulls of `path`, as the header that shows it; to be asked for at the place of the thread."""
    pair = (user or center.user, password or center.password)
    question = {"service": "entrepot", "scope": f"repository:{path}:pull"}
    answer = httpx2.get(f"{at or center.url}/auth/token", params=question, auth=pair, trust_env=False, timeout=20)
    answer.raise_for_status()
    return f"Bearer {answer.json()['token']}"


def _client(center: Node) -> httpx2.Client:
    return httpx2.Client(base_url=center.url, auth=(center.user, center.password), trust_env=False, timeout=30)


def _put(client: httpx2.Client, path: str, content: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    answer = client.post(f"/v2/{path}/blobs/uploads/", params={"digest": digest}, content=content)
    assert answer.status_code == 201, answer.text
    return {"digest": digest, "size": len(content)}
