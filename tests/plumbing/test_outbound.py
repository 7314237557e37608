"""Outbound requests: no farther than allowed, no longer, no larger, and to nowhere else."""

from pathlib import Path

import pytest

from entrepot.plumbing.outbound import OutboundFailed, Peer, Reach, check_url, fetch_json, resolve, tls_context
from entrepot.values.errors import ParameterInvalid
from tests.make.issuer import TheIssuer, running_issuer

PLAIN = Peer(Reach.PLAIN)


@pytest.fixture(scope="module")
def served():
    with running_issuer() as issuer:
        yield issuer


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("http://example.com", Reach.PUBLIC),
        ("http://example.com", Reach.PRIVATE),
        ("ftp://example.com", Reach.PLAIN),
        ("file:///etc/passwd", Reach.PLAIN),
        ("https://", Reach.PUBLIC),
        ("https:///path", Reach.PUBLIC),
        ("https://user:secret@example.com", Reach.PUBLIC),
        ("https://example.com#fragment", Reach.PUBLIC),
        ("https://example.com:99999", Reach.PUBLIC),
        ("https://[::1", Reach.PUBLIC),
        ("https://exam ple.com", Reach.PUBLIC),
        ("https://example.com/\n", Reach.PUBLIC),
        ("https://exämple.com", Reach.PUBLIC),
        ("https://example.com/" + "x" * 600, Reach.PUBLIC),
        ("example.com", Reach.PUBLIC),
    ],
)
def test_what_is_no_address_to_ask_is_refused(url: str, reach: Reach) -> None:
    with pytest.raises(ParameterInvalid):
        check_url(url, reach)


def test_plain_addresses_pass_where_they_are_allowed() -> None:
    assert check_url("http://example.com:8080/realms/a", Reach.PLAIN).port == 8080
    assert check_url("https://example.com", Reach.PUBLIC).hostname == "example.com"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.9.9", "100.64.0.1", "::1", "fd00::1", "::ffff:127.0.0.1",
     "0.0.0.0", "64:ff9b::7f00:1", "2002:7f00:1::", "169.254.169.254", "fe80::1", "224.0.0.1", "localhost"],
)  # fmt: skip
async def test_private_places_are_out_of_reach(address: str) -> None:
    with pytest.raises(OutboundFailed, match="may not be asked"):
        await resolve(address, 443, Reach.PUBLIC)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1"])
@pytest.mark.parametrize("reach", [Reach.PRIVATE, Reach.PLAIN])
async def test_some_places_are_out_of_every_reach(address: str, reach: Reach) -> None:
    with pytest.raises(OutboundFailed, match="may not be asked"):
        await resolve(address, 443, reach)


async def test_private_places_are_in_reach_when_said_so() -> None:
    assert await resolve("10.1.2.3", 443, Reach.PRIVATE) == ["10.1.2.3"]


async def test_a_name_that_nobody_has_is_told() -> None:
    with pytest.raises(OutboundFailed, match="cannot be resolved"):
        await resolve("nowhere.invalid", 443, Reach.PUBLIC)


async def test_a_document_is_fetched(served: TheIssuer) -> None:
    assert (await fetch_json(f"{served.url}/keys", PLAIN)) == served.key_set()


async def test_the_same_is_not_fetched_from_outside_its_reach(served: TheIssuer) -> None:
    before = served.asked["/keys"]

    with pytest.raises(ParameterInvalid):
        await fetch_json(f"{served.url}/keys", Peer())
    with pytest.raises(OutboundFailed, match="may not be asked"):
        await fetch_json(f"{served.url}/keys".replace("http:", "https:"), Peer())
    assert served.asked["/keys"] == before


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (302, b"http://127.0.0.1:1/elsewhere", "status 302"),
        (307, b"https://example.com/", "status 307"),
        (200, b"<html>", "does not answer a JSON object"),
        (200, b"[1, 2]", "does not answer a JSON object"),
        (200, b"[" * 100_000, "does not answer a JSON object"),
        (200, b'{"a": "' + b"x" * 600_000 + b'"}', "more than"),
        (500, b"", "status 500"),
        (400, b'{"error": "invalid_grant", "error_description": "no\\u001b[31m"}', "no \\[31m"),
    ],
)
async def test_an_answer_that_is_none_is_told(served: TheIssuer, status: int, body: bytes, said: str) -> None:
    served.lies["/odd"] = (status, body)

    with pytest.raises(OutboundFailed, match=said):
        await fetch_json(f"{served.url}/odd", PLAIN)


async def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(OutboundFailed, match="cannot be reached"):
        await fetch_json("http://127.0.0.1:1/", PLAIN)


def test_an_authority_is_pem(tmp_path: Path) -> None:
    for wrong in ("x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
        with pytest.raises(ParameterInvalid):
            tls_context(wrong)
