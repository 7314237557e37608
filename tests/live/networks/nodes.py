"""The center and its edges, each at a place of its own."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx2

from tests.live.api import Api
from tests.live.networks.places import Place
from tests.live.process import READY_SECONDS_MAX, Option, Server

PORT = 5000


@dataclass(eq=False, kw_only=True)
class Node(Server):
    """A server that listens at a place."""

    place: Place

    def start(self, *, wait: bool = True) -> Self:
        with self.place.inside():
            super().start(wait=wait)
        return self

    def wait_ready(self, seconds_max: float = READY_SECONDS_MAX) -> Self:
        with self.place.inside():
            super().wait_ready(seconds_max)
        return self

    def counted(self, name: str, **labels: str) -> float:
        """What its metric of this name says, all series together that have these labels."""
        with self.place.inside():
            text = httpx2.get(f"{self.url}/metrics", trust_env=False).text
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        found = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", text, re.MULTILINE)
        return sum(float(value) for shown, value in found if wanted <= set(shown.split(",")))

    @property
    def blobs_served(self) -> int:
        return int(self.counted("entrepot_http_requests_total", route="blob", method="GET", status="200"))

    @contextmanager
    def api(self) -> Iterator[Api]:
        """The management API, as its administrator uses it at the same place."""
        with self.place.inside(), Api(self) as api:
            yield api


@dataclass(eq=False, kw_only=True)
class EdgeNode(Node):
    """`entrepot edge` at a place, in a region."""

    center: str
    token: str
    region: str

    def command(self) -> list[str]:
        told = ["--central", self.center, "--token", self.token, "--region", self.region, "--name", f"{self.region}-1"]
        own = ["--data", str(self.data), "--host", self.address, "--port", str(self.port)]
        return [sys.executable, "-m", "entrepot", "edge", *told, *own]


@contextmanager
def running_center(folder: Path, place: Place, **options: Option) -> Iterator[Node]:
    """The center, ready."""
    folder.mkdir(parents=True)
    node = Node(folder / "data", folder / "log", dict(options), port=PORT, address=place.address(), place=place)
    try:
        yield node.start()
    finally:
        node.kill()


@contextmanager
def running_edge(folder: Path, place: Place, center: Node, region: str, *cidrs: str) -> Iterator[EdgeNode]:
    """An edge that starts, in a new region with these networks; wait for it with `wait_ready`."""
    folder.mkdir(parents=True)
    with center.api() as api:
        made = api.client.post("/v2/manage/regions", json={"regionID": region, "cidrs": cidrs})
        assert made.status_code == 201, made.text
        token = api.client.post(f"/v2/manage/regions/{region}/edge-tokens", json={}).json()["token"]
    node = EdgeNode(
        folder / "data",
        folder / "log",
        password="",
        port=PORT,
        address=place.address(),
        place=place,
        center=center.url,
        token=token,
        region=region,
    )
    try:
        yield node.start(wait=False)
    finally:
        node.kill()
