"""Assertions: signed by the right key with a right algorithm, for us, now; everything else is refused."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from entrepot.accounts.trust.assertions import Unaccepted, peek, verify
from entrepot.accounts.trust.issuers import read_keys
from tests.make.issuer import TheIssuer

US = "registry.example"
GOOD: dict[str, Any] = {"aud": US, "sub": "job 7"}


def now(issuer: TheIssuer) -> datetime:
    return datetime.fromtimestamp(issuer.now, UTC)


def accepted(issuer: TheIssuer, token: str, at: datetime | None = None) -> Any:
    [key] = read_keys(issuer.key_set()).values()
    return verify(token, key, issuer.url, US, at or now(issuer))


def test_a_good_assertion_becomes_its_claims(issuer: TheIssuer) -> None:
    token = issuer.sign({**GOOD, "ref": "main"})

    unverified = peek(token)

    assert unverified is not None
    assert (unverified.issuer, unverified.key_id) == (issuer.url, next(iter(issuer.keys)))
    assert accepted(issuer, token)["ref"] == "main"
    assert accepted(issuer, issuer.sign({**GOOD, "aud": ["other", US]}))["sub"] == "job 7"


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"aud": "another"}, "meant for"),
        ({"aud": [f"{US}.evil"]}, "meant for"),
        ({"aud": None}, "meant for"),
        ({"iss": "https://evil.example"}, "is of the issuer"),
        ({"iss": None}, "is of the issuer"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "never"}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": float("inf")}, "expired"),
        ({"exp": float("nan")}, "expired"),
        ({"nbf": 9_999_999_999}, "not valid yet"),
        ({"iat": 9_999_999_999}, "not valid yet"),
        ({"sub": None}, "whom it is about"),
        ({"sub": ""}, "whom it is about"),
        ({"sub": 7}, "whom it is about"),
    ],
)
def test_what_is_not_for_us_now_is_refused(issuer: TheIssuer, claims: dict[str, Any], said: str) -> None:
    with pytest.raises(Unaccepted, match=said):
        accepted(issuer, issuer.sign({**GOOD, **claims}))


def test_an_assertion_ends(issuer: TheIssuer) -> None:
    token = issuer.sign(GOOD)

    accepted(issuer, token, now(issuer) + timedelta(seconds=659))
    with pytest.raises(Unaccepted, match="expired"):
        accepted(issuer, token, now(issuer) + timedelta(seconds=661))


def test_an_altered_assertion_is_refused(issuer: TheIssuer) -> None:
    header, _, signature = issuer.sign(GOOD).split(".")
    claims = {"iss": issuer.url, "exp": issuer.now + 600, **GOOD, "sub": "admin"}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()

    with pytest.raises(Unaccepted, match="signature"):
        accepted(issuer, f"{header}.{body}.{signature}")


def test_another_issuers_key_signs_nothing_for_this_one(issuer: TheIssuer) -> None:
    claims = {"iss": issuer.url, "exp": issuer.now + 600, **GOOD}
    stranger = ECKey.generate_key("P-256")
    token = jwt.encode({"alg": "ES256", "kid": next(iter(issuer.keys))}, claims, stranger)

    with pytest.raises(Unaccepted, match="signature"):
        accepted(issuer, token)


def test_no_signature_and_shared_secrets_prove_nothing(issuer: TheIssuer) -> None:
    """`alg: none`, and HS256 with the public key as the secret."""
    claims = {"iss": issuer.url, "exp": issuer.now + 600, **GOOD}
    [(key_id, key)] = issuer.keys.items()
    unsigned = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "none", "kid": key_id}, claims)
    )
    public = OctKey.import_key(base64.urlsafe_b64encode(key.as_pem(private=False)).decode())
    shared = jwt.encode({"alg": "HS256", "kid": key_id}, claims, public)

    for token in (f"{unsigned}.", f"{unsigned}.AAAA", shared):
        assert peek(token) is None
        with pytest.raises(Unaccepted, match="signature"):
            accepted(issuer, token)


def test_the_algorithm_fits_the_kind_of_key(issuer: TheIssuer) -> None:
    claims = {"iss": issuer.url, "exp": issuer.now + 600, **GOOD}
    token = jwt.encode({"alg": "RS256"}, claims, RSAKey.generate_key(2048))

    with pytest.raises(Unaccepted, match="signature"):
        accepted(issuer, token)


@pytest.mark.parametrize(
    "text",
    ["", "password", "a.b.c", "a.b", "a.b.c.d", "é.é.é", "x" * 20_000, "eyJhbGciOiJFUzI1NiJ9.e30.AA", "W10.W10.AA"],
)
def test_what_is_no_assertion_is_not_even_asked_about(text: str) -> None:
    assert peek(text) is None


@pytest.mark.parametrize("header", [{"typ": "registry+jwt"}, {"typ": "logout+jwt"}, {"kid": 7}, {"alg": "EdDSA"}])
def test_tokens_of_other_kinds_are_not_assertions(issuer: TheIssuer, header: dict[str, Any]) -> None:
    good_header, body, signature = issuer.sign(GOOD).split(".")
    said = {**json.loads(base64.urlsafe_b64decode(good_header + "==")), **header}
    changed = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()

    assert peek(f"{changed}.{body}.{signature}") is None
