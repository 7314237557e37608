"""Bodies larger than anybody allows, and media types nobody sent for."""

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Manifest
from tests.live.conformance.media_types import IMAGE
from tests.live.conformance.repository import Repository
from tests.live.http_edges.wire import check_refused, check_sane, chunks, connected, exchange, head

MIB = 1024 * 1024


def test_a_huge_manifest_is_refused_before_it_is_sent(home: Repository) -> None:
    """10 GiB are announced and none is sent: the answer does not wait for them."""
    lines = [f"Content-Type: {IMAGE}", f"Content-Length: {10 * 1024 * MIB}"]
    with connected(home.registry, 5) as wire:
        wire.send(head(home.registry, "PUT", home.path("manifests/huge"), *lines))
        reply = check_refused(wire.reply("PUT"))
    assert reply.status == 413


@pytest.mark.parametrize("size", [4 * MIB + 1, 12 * MIB])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_huge_manifest_is_refused_with_an_answer_its_sender_reads(
    home: Repository, size: int, is_chunked: bool
) -> None:
    """A connection reset under a client that is still writing would lose the 413."""
    body = b'{"x": "' + b"x" * size + b'"}'
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    pieces = [body[start : start + MIB] for start in range(0, len(body), MIB)]
    with connected(home.registry) as wire:
        wire.send(head(home.registry, "PUT", home.path("manifests/huge"), f"Content-Type: {IMAGE}", framing))
        wire.send(chunks(*pieces) if is_chunked else body)
        reply = check_refused(wire.reply("PUT"))
    assert reply.status == 413
    expect(home.head_manifest("huge"), 404)


def test_a_manifest_without_end_is_refused_while_it_comes(home: Repository) -> None:
    with connected(home.registry) as wire:
        target = home.path("manifests/endless")
        wire.send(head(home.registry, "PUT", target, f"Content-Type: {IMAGE}", "Transfer-Encoding: chunked"))
        for _ in range(16):
            wire.send(b"%x\r\n%s\r\n" % (MIB, b" " * MIB))
        assert check_refused(wire.reply("PUT")).status == 413


@pytest.mark.parametrize("size", [2 * MIB, 20 * MIB])
def test_a_huge_login_form_is_refused(home: Repository, size: int) -> None:
    if home.registry.mode == "none":
        pytest.skip("this registry issues no tokens")
    body = b"grant_type=password&username=admin&password=" + b"x" * size
    reply = exchange(home.registry, "POST", "/auth/token", "Content-Type: application/x-www-form-urlencoded", body=body)
    check_sane(reply)
    assert reply.status in (400, 413), str(reply)


def test_a_form_of_a_million_fields_is_refused(home: Repository) -> None:
    if home.registry.mode == "none":
        pytest.skip("this registry issues no tokens")
    reply = exchange(
        home.registry,
        "POST",
        "/auth/token",
        "Content-Type: application/x-www-form-urlencoded",
        body=b"a=1&" * 250_000,
    )
    check_sane(reply)
    assert reply.status in (400, 401, 413), str(reply)


TYPES = [
    "",
    "garbage",
    "/",
    "a/b/c",
    "text/html",
    "application/json; charset=\xff",
    "x" * 5000 + "/y",
    "*/*",
    "multipart/form-data",
]


@pytest.mark.parametrize("content_type", TYPES, ids=lambda text: repr(text[:30]))
def test_a_manifest_of_a_media_type_nobody_knows_is_refused(
    home: Repository, image: Manifest, content_type: str
) -> None:
    """An empty Content-Type is none, and the body names its own."""
    lines = [f"Content-Type: {content_type}".encode("latin-1")]
    reply = exchange(home.registry, "PUT", home.path(f"manifests/{image.digest}"), *lines, body=image.body)
    if content_type or reply.status != 201:
        check_refused(reply, "MANIFEST_INVALID", "UNSUPPORTED")


@pytest.mark.parametrize("content_type", TYPES, ids=lambda text: repr(text[:30]))
def test_a_blob_may_call_itself_whatever_it_likes(repo: Repository, content_type: str) -> None:
    """Its media type stands in the manifests that use it; here the header says nothing, or is refused."""
    lines = [f"Content-Type: {content_type}".encode("latin-1")]
    reply = exchange(repo.registry, "POST", repo.path("blobs/uploads/"), *lines)
    check_sane(reply)
    assert reply.status in (202, 400, 415), str(reply)


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_a_login_form_of_another_type_grants_nothing(home: Repository, content_type: str) -> None:
    if home.registry.mode == "none":
        pytest.skip("this registry issues no tokens")
    reply = exchange(home.registry, "POST", "/auth/token", f"Content-Type: {content_type}", body=b'{"grant_type": 1}')
    check_sane(reply)
    assert reply.status in (400, 401, 415), str(reply)
