"""A real `entrepot edge`, as the operator of a regional node starts it; and a center that edges can join."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.live.api import Api, fresh_name
from tests.live.process import Option, Server, running_server
from tests.make.image import Image

DECISION_SECONDS = 2


@dataclass(eq=False)
class Edge(Server):
    """`center`: what it is a node of; `token`: to join with."""

    center: str = ""
    token: str = ""
    name: str = ""
    region: str = ""

    def command(self) -> list[str]:
        """What an operator types."""
        command = [sys.executable, "-m", "entrepot", "edge", "--central", self.center, "--token", self.token]
        command += ["--region", self.region, "--name", self.name]
        return [*command, "--data", str(self.data), "--host", "127.0.0.1", "--port", str(self.port)]

    def fetched_bytes(self) -> int:
        """How many bytes of blobs it had from elsewhere."""
        return _number(self, "entrepot_mirror_bytes_total")

    def sent_blobs(self) -> int:
        """How many blobs it sent to clients."""
        return _number(self, 'entrepot_http_requests_total{method="GET",route="blob",status="200"}')


@contextmanager
def running_center(folder: Path, **options: Option) -> Iterator[Server]:
    """An installation whose edges hear of changes soon."""
    given: dict[str, Any] = {"edge_decision_seconds": DECISION_SECONDS, "edge_report_seconds": 1, **options}
    with running_server(folder, job_worker=False, **given) as server:
        yield server


def make_region(center: Server, name: str | None = None, *cidrs: str, location: str = "") -> str:
    """A region of clients at these networks."""
    name = name or fresh_name("region")
    with Api(center) as api:
        body = {"regionID": name, "cidrs": list(cidrs), **({"location": location} if location else {})}
        api.client.post("/v2/manage/regions", json=body).raise_for_status()
    return name


def make_token(center: Server, region: str, **more: object) -> str:
    with Api(center) as api:
        made = api.client.post(f"/v2/manage/regions/{region}/edge-tokens", json=more).raise_for_status()
    return str(made.json()["token"])


def make_edge(center: Server, region: str, folder: Path, options: dict[str, Option]) -> Edge:
    """An edge that is not started yet. Options are settings by name, besides `name` and `token`."""
    name, token = str(options.pop("name", None) or fresh_name("edge")), options.pop("token", None)
    folder.mkdir(parents=True, exist_ok=True)
    edge = Edge(folder / "data", folder / "edge.log", dict(options))
    edge.center, edge.name, edge.region = center.url, name, region
    edge.token = make_token(center, region) if token is None else str(token)
    edge.user, edge.password = center.user, center.password
    return edge


def push(api: Api, path: str, tag: str, image: Image | None = None, at: Server | None = None) -> Image:
    """Push an image to the center, or `at` an edge."""
    image = image or Image.make(2)
    with client_of(at or api.server, api) as client:
        for blob in image.blobs:
            client.post(f"/v2/{path}/blobs/uploads/?digest={blob.digest}", content=blob.content).raise_for_status()
        headers = {"Content-Type": image.media_type}
        client.put(f"/v2/{path}/manifests/{tag}", content=image.body, headers=headers).raise_for_status()
    return image


def client_of(server: Server, api: Api | None = None, token: str | None = None) -> httpx2.Client:
    """A client of the registry protocol: with the password of `api`, with a token, or as nobody."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    auth = (api.user, api.password) if api else None
    return httpx2.Client(base_url=server.url, auth=auth, headers=headers, timeout=30.0, trust_env=False)


def token_for(server: Server, api: Api | None, path: str, actions: str = "pull") -> httpx2.Response:
    """The answer of a server that is asked for a token."""
    with client_of(server, api) as client:
        return client.get("/auth/token", params={"service": "entrepot", "scope": f"repository:{path}:{actions}"})


def pull(client: httpx2.Client, path: str, reference: str, image: Image) -> None:
    """Pull all of an image, and look at every byte."""
    manifest = client.get(f"/v2/{path}/manifests/{reference}", headers={"Accept": image.media_type})
    assert manifest.status_code == 200, manifest.text
    assert manifest.content == image.body
    for blob in image.blobs:
        got = client.get(f"/v2/{path}/blobs/{blob.digest}")
        assert got.status_code == 200, got.text
        assert got.content == blob.content


def entrepot(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, as the administrator of the center."""
    command = [sys.executable, "-m", "entrepot", *arguments]
    environment = {**server._environ(), **server.client_environment()}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def _number(server: Server, name: str) -> int:
    with client_of(server) as client:
        text = client.get("/metrics").raise_for_status().text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return int(float(found[1])) if found else 0
