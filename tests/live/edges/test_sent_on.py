"""Clients of the center are sent on to the edge nearest to them, and back when it fails them."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from tests.live.api import Api, fresh_name
from tests.live.durability.watching import until
from tests.live.edges.conftest import StartEdge
from tests.live.edges.edge import client_of, make_region, make_token, push, running_center
from tests.live.ports import free_port
from tests.live.process import Server
from tests.make.image import Image

pytestmark = pytest.mark.xdist_group("edges")


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Its clients are at networks of their own: what a test looks at, no other test's edge serves."""
    with running_center(tmp_path_factory.mktemp("center"), trusted_proxies="127.0.0.1") as server:
        yield server


_numbers = iter(range(1, 250))


class Place:
    """A network of clients, and a client in it: the center believes what its proxy, this test, says."""

    def __init__(self) -> None:
        self.cidr = f"10.77.{next(_numbers)}.0/24"

    def client(self, center: Server, api: Api, host: int = 1) -> httpx2.Client:
        client = client_of(center, api)
        client.headers["x-forwarded-for"] = self.cidr.replace(".0/24", f".{host}")
        return client


def where(client: httpx2.Client, path: str, digest: object) -> str:
    """Where a client is sent on to for a blob; empty: it is served. The client is closed."""
    with client:
        return asked_where(client, path, digest)


def asked_where(client: httpx2.Client, path: str, digest: object) -> str:
    """The same, and the client is used again."""
    answer = client.get(f"/v2/{path}/blobs/{digest}")
    assert answer.status_code in (200, 307), answer.text
    return answer.headers.get("location", "")


def sent_to(client: httpx2.Client, path: str, digest: object, edge: Server) -> None:
    until(lambda: asked_where(client, path, digest).startswith(edge.url), "clients are sent on to the edge")


def test_a_client_is_sent_to_the_edge_of_its_network_and_others_are_not(
    center: Server, admin: Api, start_edge: StartEdge
):
    near, far = Place(), Place()
    edge, path = start_edge(center, make_region(center, None, near.cidr)), f"{admin.create_org()}/app"
    image = push(admin, path, "v1")
    blob = image.blobs[-1]
    with near.client(center, admin) as client, far.client(center, admin) as stranger:
        sent_to(client, path, blob.digest, edge)
        assert asked_where(stranger, path, blob.digest) == ""
        got = httpx2.get(where(near.client(center, admin, 2), path, blob.digest), trust_env=False)
        assert (got.status_code, got.content) == (200, blob.content)
        assert client.get(f"/v2/{path}/manifests/v1").content == image.body  # the center's own


def test_an_address_at_an_edge_is_good_for_one_blob_at_one_edge_for_a_moment(tmp_path: Path, start_edge: StartEdge):
    with (
        running_center(tmp_path / "center", trusted_proxies="127.0.0.1", edge_url_seconds=5) as center,
        Api(center) as admin,
    ):
        place, other = Place(), Place()
        edge, path = start_edge(center, make_region(center, None, place.cidr)), f"{admin.create_org()}/app"
        elsewhere = start_edge(center, make_region(center, None, other.cidr))
        image = push(admin, path, "v1")
        one, another = image.blobs[0], image.blobs[1]
        with place.client(center, admin) as client:
            sent_to(client, path, one.digest, edge)
        location = where(place.client(center, admin, 9), path, one.digest)
        assert httpx2.get(location, trust_env=False).content == one.content

        parts = urlsplit(location)
        permit = parse_qs(parts.query)["permit"][0]
        head, body, signature = permit.split(".")
        forged = f"{head}.{body}.{signature[::-1]}"
        unsigned = f"{head}.{body}."
        wrong = [
            location.replace(str(one.digest), str(another.digest)),  # another blob
            location.replace("/app/", "/other/"),  # of another repository
            location.replace(edge.url, elsewhere.url),  # at another edge
            location.replace(permit, forged),
            location.replace(permit, unsigned),
            location.replace(parts.query, ""),
            location.replace("/blobs/", "/manifests/"),
            f"{edge.url}/v2/{path}/manifests/v1?{urlencode({'permit': permit})}",
        ]
        for url in wrong:
            assert httpx2.get(url, trust_env=False).status_code == 401, url
        until(lambda: httpx2.get(location, trust_env=False).status_code == 401, "it was good for a moment")


def test_an_edge_that_is_gone_is_sent_nobody_and_who_was_sent_there_is_served(
    center: Server, admin: Api, start_edge: StartEdge
):
    place = Place()
    edge, path = start_edge(center, make_region(center, None, place.cidr)), f"{admin.create_org()}/app"
    image = push(admin, path, "v1")
    with place.client(center, admin) as client:
        sent_to(client, path, image.blobs[0].digest, edge)
        edge.kill()
        began = time.monotonic()
        until(lambda: where(place.client(center, admin, 2), path, image.blobs[-1].digest) == "", "it is sent nobody")
        assert time.monotonic() - began < 10
        edge.start()
        until(lambda: where(place.client(center, admin, 3), path, image.blobs[-1].digest) != "", "it is back")


def test_who_comes_back_is_served_by_the_center(center: Server, admin: Api, start_edge: StartEdge):
    place = Place()
    edge, path = start_edge(center, make_region(center, None, place.cidr)), f"{admin.create_org()}/app"
    image = push(admin, path, "v1")
    with place.client(center, admin) as client:
        sent_to(client, path, image.blobs[0].digest, edge)
        digest = image.blobs[-1].digest
        assert asked_where(client, path, digest) != ""
        assert asked_where(client, path, digest) == ""  # the edge must have failed it
        assert asked_where(client, path, digest) != ""


class Liar(BaseHTTPRequestHandler):
    """An edge that sends something else than what it was asked for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "5")
        self.end_headers()
        self.wfile.write(b"wrong")

    def log_message(self, *_arguments: object) -> None:
        """Nothing to say."""


def test_an_edge_that_lies_about_what_it_has_loses_its_clients(center: Server, admin: Api):
    place, port = Place(), free_port()
    region, path = make_region(center, None, place.cidr), f"{admin.create_org()}/app"
    image = push(admin, path, "v1")
    url, name = f"http://127.0.0.1:{port}", fresh_name("liar")
    liar = ThreadingHTTPServer(("127.0.0.1", port), Liar)
    threading.Thread(target=liar.serve_forever, daemon=True).start()
    try:
        with client_of(center) as client:
            state = {"url": url, "version": "1", "capacity_bytes": 1 << 30}
            joining = {**state, "token": make_token(center, region), "name": name}
            secret = client.post("/edges/v1/join", json=joining).raise_for_status().json()["secret"]
            shown = {"Authorization": f"Bearer {secret}"}
            claim = b"\xff" * 1024  # it has everything, it says
            client.post("/edges/v1/presence", content=claim, headers=shown).raise_for_status()
            report = {**state, "held_bytes": 0, "free_bytes": 1, "streams": 0}
            client.post("/edges/v1/report", json=report, headers=shown).raise_for_status()

            def pulled(host: int) -> bytes:
                """As a client pulls: it looks at the digest, and asks again when that is wrong."""
                with place.client(center, admin, host) as clients:
                    for _ in range(3):
                        answer = clients.get(f"/v2/{path}/blobs/{blob.digest}", follow_redirects=True)
                        if answer.content == blob.content:
                            return answer.content
                raise AssertionError("the client got nothing right in three tries")

            blob = image.blobs[-1]
            with place.client(center, admin, 200) as probing:
                first = image.blobs[0].digest
                until(lambda: asked_where(probing, path, first).startswith(url), "clients are sent to the liar")
            assert pulled(1) == blob.content
            client.post("/edges/v1/report", json=report, headers=shown).raise_for_status()
            assert pulled(2) == blob.content
    finally:
        liar.shutdown()
        liar.server_close()


def test_two_edges_of_one_name_and_tokens_that_are_not_valid_are_told_so(
    center: Server, admin: Api, start_edge: StartEdge
):
    region, name = make_region(center), fresh_name("edge")
    start_edge(center, region, name=name)
    second = start_edge(center, region, wait=False, name=name)
    assert second.process is not None
    assert second.process.wait(30) == 1
    assert f"Another edge is called {name}." in second.log_text()
    late = start_edge(center, region, wait=False, token="ejt_nonsense")
    assert late.process is not None
    assert late.process.wait(30) == 1
    assert "The token to join with is not valid any more." in late.log_text()


def test_an_edge_takes_from_another_of_its_region_what_that_has(center: Server, admin: Api, start_edge: StartEdge):
    region, path = make_region(center), f"{admin.create_org()}/app"
    first, second = start_edge(center, region), start_edge(center, region)
    image = push(admin, path, "v1", Image.make(20))
    blobs = iter(image.blobs)
    with client_of(first, admin) as client:
        for blob in image.blobs:
            assert client.get(f"/v2/{path}/blobs/{blob.digest}").content == blob.content
    before = first.sent_blobs()

    def is_shared() -> bool:
        """Whether the second has the next blob from the first: as soon as the center knows what the first keeps."""
        blob = next(blobs)
        with client_of(second, admin) as client:
            assert client.get(f"/v2/{path}/blobs/{blob.digest}").content == blob.content
        time.sleep(1)  # until the first's counts are written, and it told the center more
        return first.sent_blobs() > before

    until(is_shared, "the second takes from the first")
