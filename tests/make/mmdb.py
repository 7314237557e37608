"""A writer of small files in MaxMind's DB format 2.0: networks with locations, for tests of GeoIP.

Enough of the format to be read by the real reader: a binary tree of 24-bit records, a section of data, the metadata.
"""

import struct
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

_MARKER = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR = bytes(16)


def mmdb(places: Mapping[str, Any], version: int = 6) -> bytes:
    """A file that tells the value of each network, as `{"192.0.2.0/24": located(52.5, 13.4)}`.

    `version`: of the addresses; in a file of IPv6, IPv4 lies below ::/96.
    """
    data, at = b"", {}
    for name, value in places.items():
        at[name] = len(data)
        data += _encoded(value)
    tree: list[list[Any]] = [[None, None]]
    for name in sorted(places, key=lambda one: ip_network(one).prefixlen):
        _grow(tree, _bits(name, version), at[name])
    count = len(tree)

    def record(side: Any) -> bytes:
        number = count if side is None else side[0] if isinstance(side, tuple) else count + 16 + side
        return struct.pack(">I", number)[1:]

    nodes = b"".join(record(left) + record(right) for left, right in tree)
    about = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_767_225_600,
        "database_type": "Test-City",
        "description": {"en": "made by a test"},
        "ip_version": version,
        "languages": ["en"],
        "node_count": count,
        "record_size": 24,
    }
    return nodes + _SEPARATOR + data + _MARKER + _encoded(about)


def located(latitude: float, longitude: float) -> Mapping[str, Any]:
    return {"location": {"latitude": latitude, "longitude": longitude}, "country": {"iso_code": "XX"}}


def _bits(name: str, version: int) -> str:
    network = ip_network(name)
    bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
    return "0" * 96 + bits if (network.version, version) == (4, 6) else bits


def _grow(tree: list[list[Any]], bits: str, value: int) -> None:
    """Sides of a node are None, (another node,) or where data lies."""
    here = 0
    for bit in map(int, bits[:-1]):
        if not isinstance(tree[here][bit], tuple):
            tree.append([tree[here][bit]] * 2)  # what was told of the whole is told of its halves
            tree[here][bit] = (len(tree) - 1,)
        here = tree[here][bit][0]
    tree[here][int(bits[-1])] = value


def _encoded(value: Any) -> bytes:
    match value:
        case str():
            return _head(2, len(value.encode())) + value.encode()
        case float():
            return _head(3, 8) + struct.pack(">d", value)
        case int():
            body = value.to_bytes((value.bit_length() + 7) // 8)
            return _head(9 if len(body) > 4 else 6, len(body)) + body
        case list():
            return _head(11, len(value)) + b"".join(map(_encoded, value))
        case _:
            return _head(7, len(value)) + b"".join(_encoded(key) + _encoded(one) for key, one in value.items())


def _head(kind: int, size: int) -> bytes:
    assert size < 29, "longer things need more of the format"
    return bytes([size, kind - 7]) if kind > 7 else bytes([kind << 5 | size])
