"""Issuers: their keys are asked for seldom, follow a rotation, and are theirs alone."""

import asyncio
import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import OctKey, RSAKey

from entrepot.accounts.trust.issuers import Issuer, Issuers, ask, read_keys
from entrepot.plumbing.outbound import OutboundFailed, Peer, Reach
from entrepot.values.errors import EntrepotError
from tests.make.issuer import TheIssuer

PEER = Peer(Reach.PLAIN)


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def issuers(seconds: Seconds) -> Issuers:
    return Issuers(seconds)


def number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(128)).rstrip(b"=").decode()


def key_id(issuer: TheIssuer) -> str:
    [found] = issuer.keys
    return found


async def test_keys_are_fetched_once_for_many_who_ask(issuer: TheIssuer, issuers: Issuers) -> None:
    place = Issuer(issuer.url, PEER)

    found = await asyncio.gather(*(issuers.key(place, key_id(issuer)) for _ in range(20)))

    assert all(key is not None for key in found)
    assert issuer.asked["/keys"] == 1


async def test_the_only_key_serves_a_token_that_names_none(issuer: TheIssuer, issuers: Issuers) -> None:
    assert await issuers.key(Issuer(issuer.url, PEER), "") is not None
    second = RSAKey.generate_key(2048)
    issuer.keys["second"] = second

    assert await Issuers().key(Issuer(issuer.url, PEER), "") is None


async def test_unknown_key_ids_cost_one_look_for_a_while(issuer: TheIssuer, issuers: Issuers, seconds: Seconds) -> None:
    place = Issuer(issuer.url, PEER)
    for number in range(50):
        assert await issuers.key(place, f"unknown {number}") is None
    assert issuer.asked["/keys"] == 1

    seconds.now += 31
    for number in range(50):
        assert await issuers.key(place, f"unknown {number}") is None
    assert issuer.asked["/keys"] == 2


async def test_a_new_key_is_found_and_the_old_one_is_gone(
    issuer: TheIssuer, issuers: Issuers, seconds: Seconds
) -> None:
    place, old = Issuer(issuer.url, PEER), key_id(issuer)
    assert await issuers.key(place, old) is not None

    issuer.rotate()
    seconds.now += 31

    assert await issuers.key(place, key_id(issuer)) is not None
    assert await issuers.key(place, old) is None


async def test_a_withdrawn_key_ends_without_anybody_naming_another(
    issuer: TheIssuer, issuers: Issuers, seconds: Seconds
) -> None:
    place, old = Issuer(issuer.url, PEER), key_id(issuer)
    assert await issuers.key(place, old) is not None
    issuer.rotate()

    seconds.now += 3_601

    assert await issuers.key(place, old) is None


async def test_known_keys_serve_on_for_a_day_while_the_issuer_is_away(
    issuer: TheIssuer, issuers: Issuers, seconds: Seconds
) -> None:
    place = Issuer(issuer.url, PEER)
    assert await issuers.key(place, key_id(issuer)) is not None
    issuer.lies["/keys"] = (503, {})

    seconds.now += 7_200
    assert await issuers.key(place, key_id(issuer)) is not None
    seconds.now += 80_000
    assert await issuers.key(place, key_id(issuer)) is None


async def test_one_issuer_does_not_lend_its_keys_to_another(issuer: TheIssuer, issuers: Issuers) -> None:
    assert await issuers.key(Issuer(issuer.url, PEER), key_id(issuer)) is not None

    assert await issuers.key(Issuer("http://127.0.0.1:1", PEER), key_id(issuer)) is None


@pytest.mark.parametrize(
    ("described", "lies", "said"),
    [
        ({"issuer": "https://evil.example"}, {}, "calls itself"),
        ({"jwks_uri": ""}, {}, "does not say where its keys are"),
        ({"jwks_uri": 7}, {}, "is not an address"),
        ({"jwks_uri": "file:///etc/passwd"}, {}, "An address is https"),
        ({"jwks_uri": "ftp://example.com/keys"}, {}, "should begin with"),
        ({"jwks_uri": "http://169.254.169.254/keys"}, {}, "may not be asked"),
        ({}, {"/keys": (302, b"http://127.0.0.1:1/keys")}, "status 302"),
        ({}, {"/keys": (200, {"keys": "none"})}, "holds no key"),
        ({}, {"/keys": (200, {})}, "holds no key"),
        ({}, {"/.well-known/openid-configuration": (404, {})}, "status 404"),
    ],
)
async def test_an_issuer_that_misleads_is_told(
    issuer: TheIssuer, described: dict[str, Any], lies: dict[str, Any], said: str
) -> None:
    issuer.described, issuer.lies = described, lies

    with pytest.raises(EntrepotError, match=said):
        await ask(Issuer(issuer.url, PEER))


def test_only_keys_that_prove_something_are_read() -> None:
    good = RSAKey.generate_key(2048)
    small = rsa.generate_private_key(65_537, 1_024).public_key().public_numbers()  # noqa: S505  # that is the point
    shown = [
        {**OctKey.generate_key(256).as_dict(private=True), "kid": "secret"},
        {"kty": "RSA", "kid": "small", "n": number(small.n), "e": number(small.e)},
        {**good.as_dict(private=False), "kid": "for-encryption", "use": "enc"},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
        {"kty": "new kind", "kid": "new"},
        "nothing",
        {**good.as_dict(private=True), "kid": "good", "use": "sig"},
    ]

    found = read_keys({"keys": shown})

    assert list(found) == ["good"]
    assert not found["good"].is_private
    with pytest.raises(OutboundFailed):
        read_keys({"keys": shown[:-1]})
