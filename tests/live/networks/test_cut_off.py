"""An edge whose center is cut off goes on serving who pulled there before, for as long as it was told, and nobody
else."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from tests.live.clients.commands import poll
from tests.live.networks.conftest import new_path, show_logs
from tests.live.networks.images import MANIFEST, Image, push
from tests.live.networks.worlds import World, running_world

DECISION_SECONDS = 2
OFFLINE_SECONDS = 20
"""What is an hour by default."""
LATE_SECONDS_MAX = 15.0


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("cut-off")
    with running_world(
        folder, ("east",), edge_decision_seconds=DECISION_SECONDS, edge_offline_seconds=OFFLINE_SECONDS
    ) as world:
        show_logs(request, world)
        yield world


@dataclass(frozen=True)
class Visitor:
    """Somebody who pulls an image at the address of an edge."""

    http: httpx2.Client
    image: Image
    user: str
    password: str

    def ask_token(self) -> httpx2.Response:
        question = {"service": "entrepot", "scope": f"repository:{self.image.path}:pull"}
        return self.http.get("/auth/token", params=question, auth=(self.user, self.password))

    def token(self) -> str:
        """A new one, for the password."""
        answer = self.ask_token()
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def pull(self, token: str) -> set[int]:
        """The statuses of a pull: the manifest by its tag, and the layers."""
        paths = ["manifests/1.0", *(f"blobs/{digest}" for digest in self.image.digests)]
        return {self.get(path, token).status_code for path in paths}

    def get(self, path: str, token: str | None) -> httpx2.Response:
        shown = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.http.get(f"/v2/{self.image.path}/{path}", headers={"Accept": MANIFEST} | shown)


def test_an_edge_without_its_center_serves_who_pulled_before_until_its_time_is_over(world: World) -> None:
    edge, place, path = world.edges["east"], world.clients("east"), new_path(world)
    image = push(world.center, path, 3)
    with world.center.api() as api, api.create_user() as reader, api.create_user() as other:
        api.grant(path.partition("/")[0], reader.user, "read")
    with place.inside(), httpx2.Client(base_url=edge.url, trust_env=False, timeout=30) as http:
        known = Visitor(http, image, reader.user, reader.password)
        token = known.token()
        asked_at = time.monotonic()
        assert known.pull(token) == {200}
        world.center.place.cut_off()
        cut_at = time.monotonic()

        while time.monotonic() < cut_at + OFFLINE_SECONDS / 2:  # what the center decided is over by then
            assert known.pull(token) == {200}
        own = known.token()
        assert own != token
        assert known.pull(own) == {200}
        assert time.monotonic() < asked_at + OFFLINE_SECONDS, "it was too slow to tell"

        blob, status = f"blobs/{image.digests[0]}", 200
        while status == 200:
            status = known.get(blob, token).status_code
        refused_at = time.monotonic()
        assert status == 503
        assert asked_at + OFFLINE_SECONDS <= refused_at <= cut_at + OFFLINE_SECONDS + LATE_SECONDS_MAX

        assert Visitor(http, image, other.user, other.password).ask_token().status_code == 401
        assert Visitor(http, image, reader.user, "wrong").ask_token().status_code == 401
        assert known.get(blob, None).status_code == 503

        world.center.place.connect()
        assert any(known.get(blob, token).status_code == 200 for _ in poll(60))
