"""Challenges of registries: what is asked for, and what is never done."""

import pytest

from entrepot.remote.challenge import Challenge, check_realm, parse_challenge
from entrepot.values.errors import RemoteRefused

BEARER = Challenge("bearer", "https://auth.example/token", "registry.example", "repository:a/b:pull,push")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], None),
        (["Negotiate"], None),
        (["Basic"], Challenge("basic")),
        (['Basic realm="x"'], Challenge("basic", "x")),
        (
            [
                (
                    'Bearer realm="https://auth.example/token",service="registry.example",'
                    'scope="repository:a/b:pull,push",error="invalid_token"'
                )
            ],
            BEARER,
        ),
        (
            ['bearer  Realm = https://auth.example/token , SERVICE=registry.example, scope="repository:a/b:pull,push"'],
            BEARER,
        ),
        (['Basic realm="x", Bearer realm="y"'], Challenge("bearer", "y")),
        (['Basic realm="x"', 'Bearer realm="y"'], Challenge("bearer", "y")),
        (['Bearer realm="a \\"quoted\\" one"'], Challenge("bearer", 'a "quoted" one')),
        (['Bearer realm="no end'], Challenge("bearer")),
        (["Bearer " + "," * 100_000], Challenge("bearer")),
    ],
)
def test_the_challenge_that_can_be_answered_is_found(headers: list[str], found: Challenge | None) -> None:
    assert parse_challenge(headers) == found


@pytest.mark.parametrize("url", ["http://registry.example", "https://registry.example"])
def test_tokens_may_come_from_elsewhere(url: str) -> None:
    check_realm(BEARER, url)


@pytest.mark.parametrize(
    ("realm", "said"),
    [
        ("http://auth.example/token", "without encryption"),
        ("", "no address"),
        ("/auth/token", "no address"),
        ("file:///etc/passwd", "no address"),
        ("https:///token", "no address"),
    ],
)
def test_a_password_does_not_leave_encryption(realm: str, said: str) -> None:
    with pytest.raises(RemoteRefused, match=said):
        check_realm(Challenge("bearer", realm), "https://registry.example")
