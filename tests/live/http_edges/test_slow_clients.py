"""Slow loris: clients that send a head or a body one byte now and then, or stop in the middle."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import digest_of
from tests.live.conformance.client import Registry
from tests.live.conformance.conftest import URL, create_organization, fresh_repository
from tests.live.conformance.media_types import IMAGE
from tests.live.conformance.repository import Repository
from tests.live.http_edges.wire import Wire, check_refused, check_sane, connected, exchange, head
from tests.live.process import running_server

pytestmark = pytest.mark.skipif(URL is not None, reason="needs a server with short patience of its own")

PATIENCE_SECONDS = 1
# A shared machine may be busy: late is fine, never is not.
SECONDS_MAX = 10.0
CONTENT = b"0123456789" * 100
OCTETS = "Content-Type: application/octet-stream"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A server that waits a second for a head, and a second for the next bytes of a body."""
    folder = tmp_path_factory.mktemp("impatient")
    with running_server(folder, header_seconds=PATIENCE_SECONDS, body_idle_seconds=PATIENCE_SECONDS) as server:
        registry = Registry(server.url, "basic", server.user, server.password)
        yield registry
        registry.close()


@pytest.fixture
def repo(registry: Registry) -> Repository:
    return fresh_repository(registry, create_organization(registry))


@pytest.mark.parametrize("raw", [b"G", b"GET /v2/ HTTP/1.1\r\n", b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-A: b"])
def test_a_head_that_stops_is_hung_up_on(registry: Registry, raw: bytes) -> None:
    with connected(registry, SECONDS_MAX) as wire:
        wire.send(raw)
        answer = wire.rest()
    assert not answer or answer.startswith((b"HTTP/1.1 408", b"HTTP/1.1 400")), answer


def test_a_connection_on_which_nothing_ever_comes_is_hung_up_on(registry: Registry) -> None:
    with connected(registry, SECONDS_MAX) as wire:
        assert wire.rest() == b""


def test_a_head_that_drips_is_hung_up_on(registry: Registry) -> None:
    """Every byte comes in time; the head as a whole does not."""
    deadline = time.monotonic() + SECONDS_MAX
    with connected(registry, 0.3) as wire:
        wire.send(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-A: ")
        while is_open(wire):
            assert time.monotonic() < deadline, "a head may drip for ever"
            wire.send(b"a")


def is_open(wire: Wire) -> bool:
    """False once the registry has closed; waits for the connection's timeout, which is the drip's rhythm."""
    try:
        return wire.plug.recv(65536) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


@pytest.mark.parametrize("is_chunked", [False, True])
def test_an_upload_that_stops_is_told_so_and_can_go_on(repo: Repository, is_chunked: bool) -> None:
    session = repo.start_upload()
    path = session.url.removeprefix(repo.registry.url)
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(CONTENT)}"
    with connected(repo.registry, SECONDS_MAX) as wire:
        wire.send(head(repo.registry, "PATCH", path, OCTETS, framing))
        wire.send(b"a\r\n0123456789\r\n" if is_chunked else CONTENT[:10])
        reply = check_refused(wire.reply("PATCH"))
    assert reply.status in (400, 408), str(reply)
    held = int((expect(session.status(), 204).header("Range") or "").partition("-")[2]) + 1
    held = held if held == 10 else 0
    expect(session.patch(CONTENT[held:], held), 202)
    expect(session.put(digest_of(CONTENT)), 201)
    assert expect(repo.get_blob(digest_of(CONTENT)), 200).body == CONTENT


@pytest.mark.parametrize("tail", ["manifests/latest", f"blobs/uploads/?digest={digest_of(CONTENT)}"])
def test_a_body_that_stops_is_refused(repo: Repository, tail: str) -> None:
    method = "PUT" if tail.startswith("manifests") else "POST"
    lines = [f"Content-Type: {IMAGE}", f"Content-Length: {len(CONTENT)}"]
    with connected(repo.registry, SECONDS_MAX) as wire:
        wire.send(head(repo.registry, method, repo.path(tail), *lines) + CONTENT[:10])
        reply = check_refused(wire.reply(method))
    assert reply.status in (400, 408), str(reply)
    expect(repo.head_blob(digest_of(CONTENT)), 404)
    expect(repo.head_manifest("latest"), 404)


def test_a_body_that_never_begins_is_refused(repo: Repository) -> None:
    session = repo.start_upload()
    path = session.url.removeprefix(repo.registry.url)
    with connected(repo.registry, SECONDS_MAX) as wire:
        wire.send(head(repo.registry, "PATCH", path, OCTETS, f"Content-Length: {len(CONTENT)}"))
        assert check_refused(wire.reply("PATCH")).status in (400, 408)
    expect(session.cancel(), 204)


def test_a_body_that_is_slow_but_steady_arrives(repo: Repository) -> None:
    """Longer than the patience in all, never longer between two pieces."""
    session = repo.start_upload()
    path = session.url.removeprefix(repo.registry.url)
    pieces = [CONTENT[start : start + 100] for start in range(0, len(CONTENT), 100)]
    with connected(repo.registry, SECONDS_MAX) as wire:
        wire.send(head(repo.registry, "PATCH", path, OCTETS, f"Content-Length: {len(CONTENT)}"))
        for piece in pieces:
            time.sleep(PATIENCE_SECONDS / 5)  # the slowness is what is tested
            wire.send(piece)
        assert wire.reply("PATCH").status == 202
    expect(session.put(digest_of(CONTENT)), 201)


def test_a_crowd_of_slow_clients_keeps_nobody_else_waiting(repo: Repository) -> None:
    session = repo.start_upload()
    path = session.url.removeprefix(repo.registry.url)
    with ExitStack() as crowd:
        for number in range(200):
            wire = crowd.enter_context(connected(repo.registry, SECONDS_MAX))
            if number % 2:
                wire.send(b"GET /v2/ HTTP/1.1\r\nX-A: ")
            else:
                wire.send(head(repo.registry, "PATCH", path, OCTETS, "Content-Length: 1000") + b"0")
        started = time.monotonic()
        reply = exchange(repo.registry, "GET", "/v2/")
        waited = time.monotonic() - started
    check_sane(reply)
    assert reply.status == 200
    assert waited < 5


def test_a_reader_that_stops_reading_keeps_nobody_else_waiting(repo: Repository) -> None:
    """A blob larger than every buffer between the two."""
    content = CONTENT * 32_000
    expect(repo.post_blob(content, digest_of(content)), 201)
    with ExitStack() as crowd:
        for _ in range(20):
            wire = crowd.enter_context(connected(repo.registry, SECONDS_MAX))
            wire.send(head(repo.registry, "GET", repo.path(f"blobs/{digest_of(content)}")))
            assert wire.plug.recv(10)
        assert expect(repo.get_blob(digest_of(content), "bytes=0-9"), 206).body == content[:10]
