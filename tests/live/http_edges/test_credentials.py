"""Tokens that were forged, stretched, borrowed or left over, and Authorization headers that are none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.live.conformance.answers import expect
from tests.live.conformance.client import Registry
from tests.live.conformance.conftest import URL, create_organization, fresh_make, fresh_repository
from tests.live.conformance.repository import ACCEPT, Repository
from tests.live.http_edges.wire import check_refused, connected, encoded, exchange, head, host_of
from tests.live.process import running_server

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def needs_credentials(registry: Registry) -> None:
    if registry.mode == "none":
        pytest.skip("this registry asks nobody who he is")


def issue(registry: Registry, *scopes: str) -> str:
    challenge = registry.challenge(registry.send("GET", "/v2/", authorization=""))
    answer = expect(registry.fetch_token(challenge["realm"], challenge["service"], scopes), 200)
    token: str = answer.json()["token"]
    return token


def parts(token: str) -> tuple[Json, Json, bytes]:
    header, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    return json.loads(header), json.loads(claims), signature


def packed(value: Json | bytes) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(header: Json, claims: Json, key: Ed25519PrivateKey) -> str:
    text = f"{packed(header)}.{packed(claims)}"
    return f"{text}.{packed(key.sign(text.encode()))}"


def try_token(repo: Repository, token: str) -> None:
    """It opens neither the base endpoint nor the repository, and the challenge says how to get a real one."""
    for path in ("/v2/", repo.path("manifests/latest")):
        answer = repo.registry.send("GET", path, headers=ACCEPT, authorization=f"Bearer {token}")
        expect(answer, 401, code="UNAUTHORIZED")
        assert repo.registry.challenge(answer)["realm"]


@pytest.fixture
def token(home: Repository) -> str:
    """A good token for the repository."""
    token = issue(home.registry, f"repository:{home.name}:pull,push")
    path = home.path("manifests/latest")
    expect(home.registry.send("GET", path, headers=ACCEPT, authorization=f"Bearer {token}"), 200)
    return token


def test_a_token_for_another_scope_opens_nothing_else(home: Repository, repo: Repository) -> None:
    repo.publish(fresh_make().image(0), "latest")
    token = f"Bearer {issue(home.registry, f'repository:{repo.name}:pull,push')}"
    for method, tail in (("GET", "manifests/latest"), ("POST", "blobs/uploads/"), ("DELETE", "manifests/latest")):
        expect(home.registry.send(method, home.path(tail), authorization=token), 401, 403, 404)
    expect(home.head_manifest("latest"), 200)


def test_a_name_that_begins_alike_is_another_scope(home: Repository) -> None:
    for name in (f"{home.name}x", f"{home.name}/x", home.name[:-1], home.name.partition("/")[0], "*", f"{home.name}*"):
        token = f"Bearer {issue(home.registry, f'repository:{name}:pull,push,delete')}"
        path = home.path("manifests/latest")
        expect(home.registry.send("GET", path, headers=ACCEPT, authorization=token), 401, 403, 404)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_a_token_without_signature_is_refused(home: Repository, token: str, algorithm: str) -> None:
    header, claims, signature = parts(token)
    text = f"{packed({**header, 'alg': algorithm})}.{packed(claims)}"
    try_token(home, f"{text}.")
    try_token(home, f"{text}.{packed(signature)}")
    try_token(home, f"{token.rpartition('.')[0]}.")


def test_a_token_signed_with_another_key_is_refused(home: Repository, token: str) -> None:
    header, claims, _ = parts(token)
    key = Ed25519PrivateKey.generate()
    public = packed(key.public_key().public_bytes_raw())
    try_token(home, signed(header, claims, key))
    for more in (
        {"kid": "another"},
        {"kid": "../../../../dev/null"},
        {"kid": ""},
        {"kid": 7},
        {"kid": "x' OR '1'='1"},
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": public}},
        {"jku": "http://127.0.0.1:9/keys.json"},
        {"crit": ["exp"], "exp": 1},
    ):
        try_token(home, signed({**header, **more}, claims, key))


def test_a_token_signed_with_a_guessable_secret_is_refused(home: Repository, token: str) -> None:
    """An HMAC under the name of the signing key: the classic confusion of algorithms."""
    header, claims, _ = parts(token)
    for algorithm, kind in (("HS256", hashlib.sha256), ("HS512", hashlib.sha512)):
        for secret in (b"", b"secret", header.get("kid", "").encode(), token.encode()):
            text = f"{packed({**header, 'alg': algorithm})}.{packed(claims)}"
            try_token(home, f"{text}.{packed(hmac.new(secret, text.encode(), kind).digest())}")


@pytest.mark.parametrize("member", ["access", "exp", "sub", "aud", "iss"])
def test_a_token_whose_claims_were_changed_is_refused(home: Repository, token: str, member: str) -> None:
    header, claims, signature = parts(token)
    changed = {
        "access": [{"type": "repository", "name": home.name, "actions": ["pull", "push", "delete"]}],
        "exp": int(time.time()) + 10**6,
        "sub": "somebody",
        "aud": "elsewhere",
        "iss": "somebody",
    }
    try_token(home, f"{packed(header)}.{packed({**claims, member: changed[member]})}.{packed(signature)}")


GARBAGE = ["", ".", "..", "...", "a.b.c", "e30.e30.e30", "A" * 20_000, "x", "null", "[]", "e30.W10.", "é.é.é"]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: repr(text[:20]))
def test_a_token_that_is_none_is_refused(home: Repository, garbage: str) -> None:
    with connected(home.registry) as wire:
        lines = [f"Host: {host_of(home.registry)}", f"Authorization: Bearer {garbage}", "Connection: close"]
        target = home.path("manifests/latest")
        wire.send(b"\r\n".join([b"GET " + target.encode() + b" HTTP/1.1", *map(encoded, lines)]) + b"\r\n\r\n")
        reply = check_refused(wire.reply())
    assert reply.status in (400, 401, 431), str(reply)


CREDENTIALS = [
    "Basic",
    "Basic ",
    "Basic !!!",
    "Basic " + base64.b64encode(b"nocolon").decode(),
    "Basic " + base64.b64encode(b":").decode(),
    "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
    "Basic " + base64.b64encode(b"nobody:\x00").decode(),
    "Basic " + base64.b64encode(b"nobody\r\nX-Evil: 1:x").decode(),
    "Basic " + base64.b64encode(b"nobody:" + b"x" * 5000).decode(),
    "Basic " + base64.b64encode(b"' OR 1=1 --:x").decode(),
    "Digest username=nobody",
    "Negotiate x",
    "Bearer",
    "x",
    "Basic YWRtaW4=, Bearer x",
    "\u00e9",
]


@pytest.mark.parametrize("credentials", CREDENTIALS, ids=lambda text: repr(text[:30]))
@pytest.mark.parametrize("target", ["/v2/", "/auth/token?service=entrepot", "{repo}"])
def test_credentials_that_are_none_are_refused(home: Repository, target: str, credentials: str) -> None:
    """Not taken for no credentials at all: a client that tries to sign in learns that it failed."""
    path = home.path("manifests/latest") if target == "{repo}" else target
    stranger = Registry(home.registry.url)
    reply = exchange(stranger, "GET", path, f"Authorization: {credentials}".encode())
    stranger.close()
    check_refused(reply, "UNAUTHORIZED")
    assert reply.status in (400, 401), str(reply)
    assert reply.header("X-Evil") is None


def test_two_authorization_lines_never_mix(home: Repository) -> None:
    """The good one and a forged one: refused, or one of them alone is believed."""
    with connected(home.registry) as wire:
        wire.send(head(home.registry, "GET", home.path("manifests/latest"), "Authorization: Bearer a.b.c"))
        assert wire.reply().status in (200, 400, 401)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A server whose tokens live for a second."""
    with running_server(tmp_path_factory.mktemp("hasty"), token_seconds=1) as server:
        registry = Registry(server.url, "basic", server.user, server.password)
        yield registry
        registry.close()


@pytest.mark.skipif(URL is not None, reason="needs a server of its own")
def test_an_expired_token_is_refused(hasty: Registry) -> None:
    """Also when it was good a moment ago, and remembered."""
    repo = fresh_repository(hasty, create_organization(hasty))
    repo.publish(fresh_make().image(0), "latest")
    token = issue(hasty, f"repository:{repo.name}:pull")
    expires = parts(token)[1]["exp"]
    path, authorization = repo.path("manifests/latest"), f"Bearer {token}"
    status = hasty.send("GET", path, headers=ACCEPT, authorization=authorization).status
    while status == 200 and time.time() < expires + 5:
        assert time.time() < expires + 2, "still good two seconds after its end"
        status = hasty.send("GET", path, headers=ACCEPT, authorization=authorization).status
    try_token(repo, token)


@pytest.mark.skipif(URL is not None, reason="needs a server of its own")
def test_a_token_of_another_server_is_refused(hasty: Registry, home: Repository) -> None:
    try_token(home, issue(hasty, f"repository:{home.name}:pull"))
