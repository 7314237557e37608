"""Paths that climb, hide, overflow or make no sense, in names, references and upload ids."""

from urllib.parse import quote

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Manifest
from tests.live.conformance.client import Registry
from tests.live.conformance.repository import Repository
from tests.live.http_edges.wire import check_refused, check_refused_early, check_sane, connected, exchange, head

DIGEST = "sha256:" + "0" * 64
# {repo} has an image under `latest`: a path that resolves to it after all would answer 200.
CLIMBING = [
    "/v2/../v2/{repo}x/manifests/latest",
    "/v2/%2e%2e/%2e%2e/etc/passwd",
    "/v2/%2e%2e%2f%2e%2e%2fetc%2fpasswd/manifests/latest",
    "/v2/{repo}/x/../manifests/latest",
    "/v2/{repo}/x/%2e%2e/manifests/latest",
    "/v2/{repo}/%2e/manifests/latest",
    "/v2/{repo}/./manifests/latest",
    "/v2//{repo}/manifests/latest",
    "/v2/{repo}//manifests/latest",
    "/v2/{repo}/manifests//latest",
    "/v2/{repo}/manifests/latest/",
    "/v2/{repo}/manifests/x/../latest",
    "/v2/{repo}/manifests/x%2f..%2flatest",
    "/v2/{repo}/manifests/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/v2/{repo}/manifests/../../../../../etc/passwd",
    "/v2/{repo}/manifests/%2e%2e",
    "/v2/{repo}/manifests/..",
    "/v2/{repo}/manifests/.",
    "/v2/{repo}/manifests/",
    "/v2/{repo}/manifests/..%5c..%5cetc%5cpasswd",
    "/v2/{repo}/manifests/%252e%252e%252fetc",
    "/v2/{repo}/blobs/..%2f..%2f..%2fetc%2fpasswd",
    "/v2/{repo}/blobs/sha256:..%2f..%2f..%2fetc%2fpasswd",
    "/v2/{repo}/blobs/sha256:%2e%2e",
    "/v2/{repo}/blobs/sha256%2f00%2f..",
    "/v2/{repo}/blobs/..",
    "/v2/{repo}/blobs/uploads/..%2f..%2f..%2fetc%2fpasswd",
    "/v2/{repo}/blobs/uploads/../../../../../../etc/passwd",
    "/v2/{repo}/blobs/uploads/%2e%2e",
    "/v2/{repo}/blobs/uploads/..;/",
    "/v2/{repo}/referrers/..%2f..",
    "/v2/{repo}/tags/list/../../manifests/latest",
    "/v2/{repo}/tags/..%2fmanifests%2flatest",
]
HIDING = [
    "/v2/{repo}%00/manifests/latest",
    "/v2/{repo}/manifests/latest%00",
    "/v2/{repo}/manifests/latest%00.json",
    "/v2/{repo}/manifests/%00",
    "/v2/{repo}/blobs/sha256:%00",
    "/v2/{repo}/blobs/" + DIGEST + "%00",
    "/v2/{repo}/blobs/uploads/%00",
    "/v2/{repo}/manifests/latest%0a",
    "/v2/{repo}/manifests/latest%0d%0aX-Evil:%201",
    "/v2/{repo}%0d%0aX-Evil:%201/manifests/latest",
    "/v2/{repo}/blobs/uploads/%0d%0aX-Evil:%201",
    "/v2/{repo}/blobs/" + DIGEST + "%0a",
    "/v2/{repo}/manifests/%ff%fe",
    "/v2/{repo}/manifests/%c0%ae%c0%ae%c0%af",
    "/v2/{repo}/%e2%80%8b/manifests/latest",
    "/v2/{repo}/manifests/latest%20",
    "/v2/{repo}/manifests/%ef%bc%8e",
    "/v2/{repo}/manifests/latest%3fx",
    "/v2/{repo}/manifests/latest%23x",
    "/v2/{repo}/manifests/%",
    "/v2/{repo}/manifests/%zz",
    "/v2/{repo}/manifests/%u002e",
    "/v2/{repo}/manifests/latest;x=1",
    "/v2/{repo}/blobs/uploads/" + "9" * 3000,
    "/v2/{repo}/manifests/" + "a" * 5000,
    "/v2/{repo}/manifests/" + DIGEST + "0" * 3000,
    "/v2/{repo}/blobs/" + ":".join(["sha256"] * 500),
    "/v2/" + "a/" * 1500 + "manifests/latest",
    "/v2/" + "a" * 5000 + "/b/manifests/latest",
    "/v2/{repo}/manifests/'%20OR%20'1'%3d'1",
    "/v2/{repo}/blobs/uploads/'%3bDROP%20TABLE%20upload%3b--",
    "/v2/%24%7bjndi:x%7d/b/manifests/latest",
]
# What no HTTP grammar allows in a request line; the HTTP layer may answer with a bare 4xx.
NO_TARGETS = [
    b"/v2/a b/c/manifests/latest",
    b"/v2/a\x00b/c/manifests/latest",
    b"/v2/\xff\xfe/c/manifests/latest",
    b"/v2/a\tb/manifests/latest",
    b"/v2/a\x7fb/c/manifests/latest",
    b"v2/",
    b"",
    b"*",
    b"//",
    b"http://",
    b"/v2/" + b"a" * 100_000,
]
# Readable to a generous server (RFC 9112 §3.2.2 even demands the absolute form), and harmless then.
ODD_TARGETS = [b"http://evil.example.com:99999/v2/", b"/v2/?" + b"x=1&" * 30_000, b"/v2/?", b"/v2/?%", b"/v2/#x"]
METHODS = ["GET", "HEAD", "PUT", "DELETE"]


@pytest.mark.parametrize("target", CLIMBING + HIDING, ids=lambda target: target[:60])
@pytest.mark.parametrize("method", METHODS)
def test_a_path_that_names_nothing_is_refused(home: Repository, image: Manifest, method: str, target: str) -> None:
    path = target.format(repo=home.name)
    body, lines = (image.body, [f"Content-Type: {image.media_type}"]) if method == "PUT" else (b"", [])
    check_refused(exchange(home.registry, method, path, *lines, body=body), method=method)
    assert expect(home.list_tags(), 200).json()["tags"] == ["latest"]
    expect(home.head_manifest(image.digest), 200)


@pytest.mark.parametrize("target", CLIMBING + HIDING, ids=lambda target: target[:60])
def test_a_path_that_names_nothing_is_refused_to_strangers_too(home: Repository, target: str) -> None:
    stranger = Registry(home.registry.url)
    check_refused(exchange(stranger, "GET", target.format(repo=home.name)))
    stranger.close()


@pytest.mark.parametrize("target", [path for path in CLIMBING + HIDING if "/uploads/" in path], ids=lambda path: path)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_no_upload_goes_to_a_path_that_names_nothing(home: Repository, method: str, target: str) -> None:
    path = target.format(repo=home.name)
    check_refused(exchange(home.registry, method, path, "Content-Type: application/octet-stream", body=b"data"))


@pytest.mark.parametrize("target", NO_TARGETS, ids=lambda target: repr(target[:30]))
def test_a_target_that_is_none_is_refused(registry: Registry, target: bytes) -> None:
    with connected(registry) as wire:
        wire.send(head(registry, "GET", target))
        check_refused_early(wire.reply())


@pytest.mark.parametrize("target", ODD_TARGETS, ids=lambda target: repr(target[:30]))
def test_an_odd_target_is_read_or_refused(registry: Registry, target: bytes) -> None:
    with connected(registry) as wire:
        wire.send(head(registry, "GET", target))
        reply = wire.reply()
    check_sane(reply)
    assert reply.status in (200, 400, 404, 414, 421, 431), str(reply)


NAMES = ["../../x", "a/../../x", "a%2F..%2Fx", "A", "", "/", "a\x00b", "a\r\nX-Evil: 1", "x" * 5000, "."]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:20]))
def test_a_mount_from_nowhere_mounts_nothing(home: Repository, image: Manifest, name: str) -> None:
    digest = image.blobs[0].digest
    target = home.path(f"blobs/uploads/?mount={digest}&from={quote(name, safe='')}")
    elsewhere = target.replace(home.name, f"{home.name}-elsewhere")
    reply = exchange(home.registry, "POST", elsewhere)
    # An empty `from` is none, and then the blob may be mounted from wherever it is.
    assert reply.status in ((201, 202, 400) if not name else (202, 400)), str(reply)
    assert reply.header("X-Evil") is None


@pytest.mark.parametrize(
    "digest", ["..%2f..", "sha256:", "sha256:%00", "sha256:" + "%2e" * 64, "a" * 5000, "%0d%0a", ""]
)
@pytest.mark.parametrize("parameter", ["digest", "mount"])
def test_a_digest_that_is_none_is_refused_in_the_query(home: Repository, parameter: str, digest: str) -> None:
    reply = exchange(home.registry, "POST", home.path(f"blobs/uploads/?{parameter}={digest}"), body=b"")
    if parameter == "mount" or not digest:
        assert reply.status in (202, 400), str(reply)
    else:
        check_refused(reply, "DIGEST_INVALID")
