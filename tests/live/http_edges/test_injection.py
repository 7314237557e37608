"""CR, LF, quotes and markup in everything that could be repeated in an answer's head."""

from urllib.parse import quote, urlsplit

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Manifest
from tests.live.conformance.client import Registry
from tests.live.conformance.repository import Repository
from tests.live.http_edges.wire import Reply, check_sane, connected, exchange, head

EVIL = [
    "\r\nX-Evil: 1\r\n",
    "\nX-Evil: 1",
    "\rX-Evil: 1",
    "%0d%0aX-Evil: 1",
    "\u560d\u560aX-Evil: 1",
    "\x00",
    '">;<"',
    "é\ud7ff",
]
QUERIES = [
    ("GET", "tags/list?n=1&last={}"),
    ("GET", "tags/list?n={}"),
    ("GET", "referrers/sha256:" + "0" * 64 + "?artifactType={}"),
    ("GET", "manifests/latest?ns={}"),
    ("POST", "blobs/uploads/?digest={}"),
    ("POST", "blobs/uploads/?mount={}&from={}"),
    ("POST", "blobs/uploads/?digest-algorithm={}"),
    ("GET", "manifests/latest?{}={}"),
]


def check_clean(reply: Reply) -> None:
    """Nothing of what was sent became a header, and no header holds what a header may not."""
    check_sane(reply)
    for key, value in reply.headers:
        assert "evil" not in key, str(reply)
        assert not any(ord(char) < 32 or ord(char) == 127 for char in value.replace("\t", "")), str(reply)


@pytest.mark.parametrize("evil", EVIL, ids=repr)
@pytest.mark.parametrize(("method", "tail"), QUERIES)
def test_nothing_in_a_query_becomes_a_header(home: Repository, method: str, tail: str, evil: str) -> None:
    text = quote(evil, safe="")
    check_clean(exchange(home.registry, method, home.path(tail.replace("{}", text)), "Accept: */*"))


@pytest.mark.parametrize("evil", EVIL, ids=repr)
def test_nothing_in_a_tag_parameter_becomes_a_header(repo: Repository, image: Manifest, evil: str) -> None:
    repo.push(*image.blobs)
    target = repo.path(f"manifests/{image.digest}?tag={quote(evil, safe='')}")
    reply = exchange(repo.registry, "PUT", target, f"Content-Type: {image.media_type}", body=image.body)
    check_clean(reply)


@pytest.mark.parametrize("evil", EVIL, ids=repr)
def test_nothing_in_a_name_becomes_a_header(home: Repository, evil: str) -> None:
    text = quote(evil, safe="")
    stranger = Registry(home.registry.url)
    for registry in (home.registry, stranger):
        # The challenge repeats the name in its scope, the session's Location repeats it in its path.
        check_clean(exchange(registry, "GET", f"/v2/{home.name}{text}/manifests/latest"))
        check_clean(exchange(registry, "POST", f"/v2/{home.name}{text}/blobs/uploads/"))
    stranger.close()


@pytest.mark.parametrize("evil", EVIL, ids=repr)
@pytest.mark.parametrize("field", ["scope", "service", "account", "client_id"])
def test_nothing_in_a_token_request_becomes_a_header(registry: Registry, field: str, evil: str) -> None:
    check_clean(exchange(registry, "GET", f"/auth/token?service=entrepot&{field}={quote(evil, safe='')}"))


@pytest.mark.parametrize(
    "host", ['a"b', "a,b", "a b", "a<b>", "a\\b", 'x",realm="evil', "é", "%0d%0a", "a/b", "a@b", "a:b:c"]
)
def test_nothing_in_the_host_breaks_out_of_the_challenge(registry: Registry, host: str) -> None:
    stranger = Registry(registry.url)
    with connected(stranger) as wire:
        wire.send(head(stranger, "GET", "/v2/", host=host))
        reply = wire.reply()
    stranger.close()
    check_clean(reply)
    challenge = reply.header("WWW-Authenticate")
    if challenge:
        assert challenge.count('"') % 2 == 0, str(reply)
        assert challenge.count("realm=") == 1, str(reply)
        assert "evil" not in challenge


@pytest.mark.parametrize("scheme", ["javascript", "https,http", 'http"', "http\x0b", "ftp", "x" * 1000])
def test_a_forwarded_scheme_that_is_none_changes_no_address(registry: Registry, scheme: str) -> None:
    stranger = Registry(registry.url)
    reply = exchange(stranger, "GET", "/v2/", f"X-Forwarded-Proto: {scheme}", "X-Forwarded-Host: evil.example.com")
    stranger.close()
    check_clean(reply)
    assert "evil.example.com" not in (reply.header("WWW-Authenticate") or ""), "nobody said a proxy stands in front"
    for part in (reply.header("WWW-Authenticate") or "").split('"'):
        assert urlsplit(part).scheme in ("", "http", "https"), str(reply)


def test_a_request_id_from_outside_is_not_repeated_blindly(home: Repository) -> None:
    reply = exchange(home.registry, "GET", "/v2/", "X-Request-Id: " + "x" * 5000)
    check_clean(reply)
    assert all(len(value) < 1000 for _, value in reply.headers), str(reply)


def test_a_session_address_repeats_only_the_name(home: Repository) -> None:
    reply = exchange(home.registry, "POST", home.path("blobs/uploads/?x=%3Cscript%3E"))
    assert reply.status == 202
    assert "script" not in (reply.header("Location") or "")
    expect(home.registry.send("DELETE", reply.header("Location") or ""), 204)
