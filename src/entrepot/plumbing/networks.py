"""Addresses and networks of clients."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

_OWN_BITS = 64
_NEAR_BITS = {4: 24, 6: 64}


def parse_networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks (`10.0.0.0/8 ::1`) separated by spaces or commas. Raises ValueError."""
    return tuple(ip_network(part, strict=False) for part in text.replace(",", " ").split())


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, IPv4 also when it is written as IPv6 (`::ffff:192.0.2.1`); None for what is none."""
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def whereabouts(text: str) -> str:
    """What one client cannot leave at will: its IPv4 address, or the /64 of its IPv6 address; else the text."""
    parsed = parse_address(text)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _OWN_BITS), strict=False))
    return text if parsed is None else str(parsed)


def neighbourhood(address: IPv4Address | IPv6Address) -> str:
    """The network of those that are about as far from anywhere as this address: its /24, or its /64."""
    return str(ip_network((address, _NEAR_BITS[address.version]), strict=False))
