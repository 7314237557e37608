"""Networks: what an administrator writes, and what one client can be held to."""

import pytest

from entrepot.plumbing.networks import parse_networks, whereabouts


def test_networks_are_separated_by_commas_or_spaces() -> None:
    assert [str(one) for one in parse_networks("10.0.0.0/8,::1 192.0.2.7/24")] == [
        "10.0.0.0/8",
        "::1/128",
        "192.0.2.0/24",
    ]
    assert parse_networks(" ") == ()


@pytest.mark.parametrize("text", ["10.0.0.0/33", "proxy.example.com", "1.2.3"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        parse_networks(text)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_client_is_held_to_its_ipv4_address_or_its_ipv6_network(address: str, expected: str) -> None:
    assert whereabouts(address) == expected
