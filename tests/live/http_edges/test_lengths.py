"""Lengths that lie, bodies that break off, framing that contradicts itself, and heads that are none."""

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Make, Manifest, digest_of
from tests.live.conformance.client import Registry
from tests.live.conformance.conftest import fresh_make
from tests.live.conformance.repository import Repository, Session
from tests.live.conformance.uploads import check_held
from tests.live.http_edges.wire import (
    check_refused,
    check_refused_early,
    check_sane,
    chunks,
    connected,
    encoded,
    exchange,
    head,
    host_of,
)

OCTETS = "Content-Type: application/octet-stream"
CONTENT = b"the quick brown fox jumps over the lazy dog" * 20


@pytest.fixture
def make() -> Make:
    return fresh_make()


def path_of(session: Session) -> str:
    return session.url.removeprefix(session.repository.registry.url)


def test_a_blob_that_breaks_off_is_not_there(repo: Repository) -> None:
    target = repo.path(f"blobs/uploads/?digest={digest_of(CONTENT)}")
    with connected(repo.registry) as wire:
        wire.send(head(repo.registry, "POST", target, OCTETS, f"Content-Length: {len(CONTENT)}") + CONTENT[:100])
        wire.end()
        reply = wire.reply_or_close("POST")
    assert reply is None or 400 <= reply.status < 500, str(reply)
    expect(repo.head_blob(digest_of(CONTENT)), 404)
    expect(repo.head_blob(digest_of(CONTENT[:100])), 404)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_an_upload_that_breaks_off_goes_on_where_it_was(repo: Repository, is_chunked: bool) -> None:
    """What did arrive may count or not; the session says, and the rest completes the blob."""
    session = repo.start_upload()
    expect(session.patch(CONTENT[:50], 0), 202)
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(CONTENT) - 50}"
    part = CONTENT[50:150]
    with connected(repo.registry) as wire:
        wire.send(head(repo.registry, "PATCH", path_of(session), OCTETS, framing))
        wire.send(b"%x\r\n%s\r\n" % (len(part), part) if is_chunked else part)
        wire.end()
        wire.reply_or_close("PATCH")
    held = int((expect(session.status(), 204).header("Range") or "").partition("-")[2]) + 1
    assert held in range(50, 151)
    expect(session.patch(CONTENT[held:], held), 202)
    expect(session.put(digest_of(CONTENT)), 201)
    assert expect(repo.get_blob(digest_of(CONTENT)), 200).body == CONTENT


def test_a_closing_body_that_breaks_off_closes_nothing(repo: Repository) -> None:
    session = repo.start_upload()
    expect(session.patch(CONTENT[:50], 0), 202)
    target = f"{path_of(session)}{'&' if '?' in session.url else '?'}digest={digest_of(CONTENT)}"
    with connected(repo.registry) as wire:
        wire.send(head(repo.registry, "PUT", target, OCTETS, f"Content-Length: {len(CONTENT) - 50}") + CONTENT[50:99])
        wire.end()
        reply = wire.reply_or_close("PUT")
    assert reply is None or 400 <= reply.status < 500, str(reply)
    expect(repo.head_blob(digest_of(CONTENT)), 404)
    expect(repo.head_blob(digest_of(CONTENT[:99])), 404)


def test_a_manifest_that_breaks_off_is_not_there(repo: Repository, make: Make) -> None:
    manifest = make.image()
    repo.push(*manifest.blobs)
    lines = [f"Content-Type: {manifest.media_type}", f"Content-Length: {len(manifest.body) + 10}"]
    with connected(repo.registry) as wire:
        wire.send(head(repo.registry, "PUT", repo.path("manifests/latest"), *lines) + manifest.body)
        wire.end()
        reply = wire.reply_or_close("PUT")
    assert reply is None or 400 <= reply.status < 500, str(reply)
    expect(repo.head_manifest("latest"), 404)
    expect(repo.head_manifest(manifest.digest), 404)


def test_a_length_shorter_than_the_body_cuts_it_off(repo: Repository) -> None:
    """The bytes that count do not fit the digest; the others are no request."""
    target = repo.path(f"blobs/uploads/?digest={digest_of(CONTENT)}")
    with connected(repo.registry) as wire:
        wire.send(head(repo.registry, "POST", target, OCTETS, "Content-Length: 10", close=False) + CONTENT)
        check_refused(wire.reply("POST"), "DIGEST_INVALID", "SIZE_INVALID")
    expect(repo.head_blob(digest_of(CONTENT)), 404)


LYING = {
    "negative": ["Content-Length: -1"],
    "a word": ["Content-Length: many"],
    "hexadecimal": ["Content-Length: 0x10"],
    "signed": ["Content-Length: +10"],
    "a fraction": ["Content-Length: 1.5"],
    "beyond 64 bits": ["Content-Length: 99999999999999999999999"],
    "two that differ": ["Content-Length: 5", "Content-Length: 6"],
    "a list that differs": ["Content-Length: 5, 6"],
    "an unknown coding": ["Transfer-Encoding: nonsense"],
    "chunked twice": ["Transfer-Encoding: chunked, chunked"],
    "chunked, but not last": ["Transfer-Encoding: chunked, gzip"],
}


@pytest.mark.parametrize("kind", LYING)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_length_that_is_none_is_refused(repo: Repository, make: Make, kind: str, method: str) -> None:
    repo.push(make.blob())
    tail = "manifests/latest" if method == "PUT" else f"blobs/uploads/?digest={digest_of(b'hello')}"
    with connected(repo.registry) as wire:
        wire.send(head(repo.registry, method, repo.path(tail), OCTETS, *LYING[kind]) + b"hello")
        wire.end()
        check_refused_early(wire.reply(method))
    expect(repo.head_blob(digest_of(b"hello")), 404)


@pytest.mark.parametrize("order", [1, -1])
def test_a_length_beside_chunks_never_counts(repo: Repository, order: int) -> None:
    """RFC 9112 §6.3: refuse, or let the chunks decide. Believing the length would let requests be smuggled."""
    lines = ["Content-Length: 4", "Transfer-Encoding: chunked"][::order]
    target = repo.path(f"blobs/uploads/?digest={digest_of(CONTENT)}")
    with connected(repo.registry) as wire:
        wire.send(head(repo.registry, "POST", target, OCTETS, *lines) + chunks(CONTENT))
        reply = wire.reply("POST")
    check_sane(reply)
    assert reply.status in (201, 400), str(reply)
    expect(repo.head_blob(digest_of(CONTENT)), 200 if reply.status == 201 else 404)


BROKEN_CHUNKS = {
    "no number": b"zz\r\nhello\r\n0\r\n\r\n",
    "negative": b"-5\r\nhello\r\n0\r\n\r\n",
    "beyond 64 bits": b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "too short for its bytes": b"2\r\nhello\r\n0\r\n\r\n",
    "no end of line": b"5;" + b"x" * 100_000,
}


@pytest.mark.parametrize("kind", BROKEN_CHUNKS)
def test_a_broken_chunk_is_refused(repo: Repository, make: Make, kind: str) -> None:
    repo.push(make.blob())
    target = repo.path(f"blobs/uploads/?digest={digest_of(b'hello')}")
    with connected(repo.registry) as wire:
        wire.send(head(repo.registry, "POST", target, OCTETS, "Transfer-Encoding: chunked") + BROKEN_CHUNKS[kind])
        wire.end()
        reply = wire.reply_or_close("POST")
    # The request had begun: an answer is possible, a closed connection is what RFC 9112 §7.1 leaves otherwise.
    assert reply is None or 400 <= reply.status < 500, str(reply)
    expect(repo.head_blob(digest_of(b"hello")), 404)


HEADS = {
    "no version": b"GET /v2/\r\n\r\n",
    "a version nobody knows": b"GET /v2/ HTTP/9.9\r\nHost: x\r\n\r\n",
    "no request at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "garbage": b"\xff" * 200 + b"\r\n\r\n",
    "a header without colon": b"GET /v2/ HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "a space before the colon": b"GET /v2/ HTTP/1.1\r\nHost : x\r\n\r\n",
    "NUL in a header": b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "a folded header": b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX: a\r\n\tb\r\n\r\n",
    "a huge header": b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "ten thousand headers": b"GET /v2/ HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 10_000 + b"\r\n",
    "a huge method": b"A" * 100_000 + b" /v2/ HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_that_is_none_is_refused_or_hung_up_on(registry: Registry, kind: str) -> None:
    with connected(registry) as wire:
        wire.send(HEADS[kind])
        wire.end()
        reply = wire.reply_or_close()
    if reply is not None:
        # Reading it generously is allowed; then the stranger is asked who he is.
        check_sane(reply)
        assert 400 <= reply.status < 506, str(reply)


def test_a_request_without_host_is_answered(registry: Registry) -> None:
    for version, status in ((b"1.1", (200, 400)), (b"1.0", (200, 400))):
        raw = b"GET /v2/ HTTP/" + version + b"\r\nConnection: close\r\n"
        if registry.mode != "none":
            raw += b"Authorization: " + encoded(registry.basic) + b"\r\n"
        with connected(registry) as wire:
            wire.send(raw + b"\r\n")
            assert wire.reply().status in status


def test_a_request_with_two_hosts_is_answered(registry: Registry) -> None:
    reply = exchange(registry, "GET", "/v2/", f"Host: evil-{host_of(registry)}")
    check_sane(reply)
    assert reply.status in (200, 400, 401), str(reply)


def test_a_body_that_is_waited_for_is_asked_for(repo: Repository) -> None:
    """Expect: 100-continue."""
    target = repo.path("blobs/uploads/")
    session = path_of(repo.start_upload())
    with connected(repo.registry, 5) as wire:
        wire.send(head(repo.registry, "PATCH", session, OCTETS, "Content-Length: 5", "Expect: 100-continue"))
        assert wire.plug.recv(4096).startswith(b"HTTP/1.1 100"), target
        wire.send(b"hello")
        assert wire.reply("PATCH").status == 202


def test_a_body_that_nobody_wants_is_answered_all_the_same(home: Repository, image: Manifest) -> None:
    """A GET and a DELETE with a body; the connection then serves the next request."""
    with connected(home.registry) as wire:
        for method, tail in (("GET", "tags/list"), ("DELETE", "manifests/nothing")):
            wire.send(head(home.registry, method, home.path(tail), "Content-Length: 5", close=False) + b"hello")
            assert wire.reply(method).status == (200 if method == "GET" else 404)


def test_requests_may_wait_in_line(home: Repository) -> None:
    """Pipelining: two at once are answered in order."""
    one = head(home.registry, "GET", home.path("tags/list"), close=False)
    two = head(home.registry, "GET", home.path("manifests/missing"))
    with connected(home.registry) as wire:
        wire.send(one + two)
        answers = wire.rest()
    assert answers.index(b"200 OK") < answers.index(b"404 ")
    assert answers.count(b"HTTP/1.1 ") == 2


def test_a_lying_length_leaves_the_session_usable(repo: Repository) -> None:
    session = repo.start_upload()
    with connected(repo.registry) as wire:
        wire.send(head(repo.registry, "PATCH", path_of(session), OCTETS, "Content-Length: -7") + b"hello")
        wire.end()
        check_refused_early(wire.reply("PATCH"))
    check_held(session, 0)
    expect(session.patch(CONTENT, 0), 202)
    expect(session.put(digest_of(CONTENT)), 201)


def test_a_range_that_does_not_fit_the_length_is_refused(repo: Repository) -> None:
    session = repo.start_upload()
    for content_range, body in (("0-9", b"hello"), ("0-2", b"hello"), ("0-4", b"")):
        lines = [OCTETS, f"Content-Range: {content_range}"]
        reply = exchange(repo.registry, "PATCH", path_of(session), *lines, body=body)
        check_refused(reply, "BLOB_UPLOAD_INVALID", "SIZE_INVALID", "RANGE_INVALID")
    lines = [OCTETS, "Content-Range: 0-9", "Transfer-Encoding: chunked"]
    with connected(repo.registry) as wire:
        wire.send(head(repo.registry, "PATCH", path_of(session), *lines) + chunks(b"hello"))
        check_refused(wire.reply("PATCH"), "BLOB_UPLOAD_INVALID", "SIZE_INVALID", "RANGE_INVALID")
    check_held(session, 5)  # it ended early, as a broken connection does: what came is kept
