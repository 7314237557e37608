"""Whose address counts: the connection's, or what trusted proxies say; never what a client made up."""

import pytest

from entrepot.doors.http.proxies import Proxies, peer
from entrepot.plumbing.networks import parse_networks

FORGED = "6.6.6.6"


def client(peer_address: str, *lines: str, header: str = "x-forwarded-for", name: str | None = None) -> str:
    """The client of a request that came from `peer_address`, behind proxies in 10.0.0.0/8 and at ::1."""
    headers = [((name or header).encode(), line.encode("latin-1")) for line in lines]
    scope = {"type": "http", "client": (peer_address, 4711), "headers": headers}
    Proxies(parse_networks("10.0.0.0/8, ::1"), header).correct(scope)
    return peer(scope)


@pytest.mark.parametrize(
    ("peer_address", "lines", "expected"),
    [
        ("203.0.113.9", (FORGED,), "203.0.113.9"),  # no proxy of ours: what it says counts nothing
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", (f"{FORGED}, 203.0.113.9",), "203.0.113.9"),  # proxies append; the client wrote the first
        ("10.0.0.1", (FORGED, "203.0.113.9"), "203.0.113.9"),
        ("10.0.0.1", (f"{FORGED}, 203.0.113.9, 10.2.0.7",), "203.0.113.9"),  # two proxies
        ("10.0.0.1", ("10.9.9.9",), "10.9.9.9"),  # a client of our own network
        ("10.0.0.1", ("203.0.113.9:60123",), "203.0.113.9"),
        ("10.0.0.1", ("[2001:DB8::1]:60123",), "2001:db8::1"),
        ("10.0.0.1", ("2001:db8::1",), "2001:db8::1"),
        ("::1", ("::ffff:203.0.113.9",), "203.0.113.9"),
        ("::ffff:10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("::ffff:203.0.113.9", (FORGED,), "203.0.113.9"),
        ("10.0.0.1", (f"{FORGED}, rubbish",), "10.0.0.1"),  # beyond what cannot be read nothing is believed
        ("10.0.0.1", (f"{FORGED}, 300.1.1.1, 10.0.0.2",), "10.0.0.2"),
        ("10.0.0.1", (f"{FORGED}, 203.0.113.9, ,",), "203.0.113.9"),
        ("10.0.0.1", ("\xff\xfe",), "10.0.0.1"),
        ("10.0.0.1", (f"{FORGED}," + "10.0.0.2," * 5_000,), "10.0.0.2"),
    ],
)
def test_the_last_address_that_no_trusted_proxy_has(peer_address: str, lines: tuple[str, ...], expected: str) -> None:
    assert client(peer_address, *lines) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("for=203.0.113.9", "203.0.113.9"),
        ('For="[2001:db8::1]:4711";proto=https', "2001:db8::1"),
        (f"for={FORGED}, proto=https;for=203.0.113.9;by=10.0.0.1", "203.0.113.9"),
        (f"for={FORGED}, for=unknown", "10.0.0.1"),
        (f"for={FORGED}, for=_hidden", "10.0.0.1"),
        (f"for={FORGED}, proto=https", "10.0.0.1"),
    ],
)
def test_the_forwarded_header_in_its_own_form(line: str, expected: str) -> None:
    assert client("10.0.0.1", line, header="forwarded") == expected


@pytest.mark.parametrize(
    ("header", "peer_address", "lines", "expected"),
    [
        ("x-forwarded-for", "10.0.0.1", {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}, "https"),
        ("x-forwarded-for", "203.0.113.9", {"x-forwarded-for": FORGED, "x-forwarded-proto": "https"}, "http"),
        ("x-forwarded-for", "10.0.0.1", {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "ftp"}, "http"),
        ("x-forwarded-for", "10.0.0.1", {"x-forwarded-for": "203.0.113.9"}, "http"),
        # The outer of two proxies speaks TLS; what the client wrote itself counts nothing.
        (
            "x-forwarded-for",
            "10.0.0.1",
            {"x-forwarded-for": f"{FORGED}, 203.0.113.9, 10.0.0.2", "x-forwarded-proto": "http, https, http"},
            "https",
        ),
        ("forwarded", "10.0.0.1", {"forwarded": 'for=6.6.6.6, for=203.0.113.9;proto="HTTPS", for=10.0.0.2'}, "https"),
        ("forwarded", "10.0.0.1", {"forwarded": "for=203.0.113.9", "x-forwarded-proto": "https"}, "http"),
    ],
)
def test_the_scheme_is_the_one_the_client_spoke(
    header: str, peer_address: str, lines: dict[str, str], expected: str
) -> None:
    headers = [(name.encode(), line.encode()) for name, line in lines.items()]
    scope = {"type": "http", "scheme": "http", "client": (peer_address, 4711), "headers": headers}

    Proxies(parse_networks("10.0.0.0/8"), header).correct(scope)

    assert scope["scheme"] == expected


def test_only_the_header_our_proxies_write_is_looked_at() -> None:
    assert client("10.0.0.1", f"for={FORGED}", name="forwarded") == "10.0.0.1"
    assert client("10.0.0.1", FORGED, header="forwarded", name="x-forwarded-for") == "10.0.0.1"


def test_without_trusted_proxies_no_header_counts() -> None:
    scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", FORGED.encode())]}
    Proxies(()).correct(scope)
    assert peer(scope) == "127.0.0.1"


def test_a_connection_without_an_address_has_none() -> None:
    assert peer({"type": "http", "headers": []}) == ""
