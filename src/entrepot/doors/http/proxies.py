"""The client's address and scheme: the connection's, or what a proxy that is trusted says of who stands behind it.

Anybody can send a header. So it counts only on connections from the networks that the setting
`trusted_proxies` names, it is read from its end, where the nearest proxy writes, and only one
header is looked at: the one our proxies are known to write (`proxy_header`), with X-Forwarded-Proto
beside X-Forwarded-For. The Host header counts as it comes: proxies pass it on.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from starlette.types import Scope

from entrepot.plumbing.networks import Network, parse_address

_HOPS_MAX = 32
_HEADER_BYTES_MAX = 8_192
_SCHEMES = ("http", "https")
# RFC 7239 §4: `for` among the pairs of an element; §6: its value is an address, perhaps with a port.
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s"]*))', re.IGNORECASE)
_PROTO = re.compile(r'(?:^|;)\s*proto\s*=\s*"?(\w+)', re.IGNORECASE)
_NODE = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+)(?::\d{1,5})?|([0-9A-Fa-f:.]+)")


def peer(scope: Scope) -> str:
    """The address at the other end, as `Proxies` may have corrected it; empty where there is none."""
    client = scope.get("client")
    address: str = client[0] if client else ""
    return address.removeprefix("::ffff:") if "." in address else address


class Proxies:
    """The proxies in front of this server. Without any, the other end of a connection is the client."""

    def __init__(self, networks: Sequence[Network], header: str = "x-forwarded-for") -> None:
        self._networks = networks
        self._header = header.encode()
        self._is_forwarded = header == "forwarded"
        self.is_trusted = lru_cache(maxsize=1_024)(self._is_trusted)

    def correct(self, scope: Scope) -> None:
        """Put the client's address and scheme into the scope of a request that came by a proxy."""
        if self._networks and self.is_trusted(nearest := peer(scope)):
            hops = list(islice(self._hops(scope), _HOPS_MAX))
            address, scheme = self._behind(nearest, hops)
            scope["client"] = (address, 0)
            if scheme in _SCHEMES:
                scope["scheme"] = scheme

    def _behind(self, nearest: str, hops: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """The last address that no trusted proxy has, and its scheme; what cannot be read ends the search."""
        scheme = hops[0][1] if hops else ""
        for node, proto in hops:
            address = _address(node)
            if address is None:
                break
            nearest, scheme = address, proto
            if not self.is_trusted(address):
                break
        return nearest, scheme

    def _hops(self, scope: Scope) -> Iterator[tuple[str, str]]:
        """Address and scheme as they were written down on the way, the nearest first."""
        said = _said(scope, self._header)
        if self._is_forwarded:
            return _forwarded(said)
        # A proxy may add its scheme to those before it, or say only one.
        protos = list(_listed(_said(scope, b"x-forwarded-proto")))
        return ((node, protos[min(hop, len(protos) - 1)] if protos else "") for hop, node in enumerate(_listed(said)))

    def _is_trusted(self, address: str) -> bool:
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self._networks)


def _said(scope: Scope, header: bytes) -> str:
    """All lines of a header as one list, its end if it is very long."""
    return b",".join(value for key, value in scope["headers"] if key == header)[-_HEADER_BYTES_MAX:].decode("latin-1")


def _listed(said: str) -> Iterator[str]:
    """The parts of a list, the last first."""
    for part in reversed(said.split(",")):
        if part.strip():
            yield part.strip()


def _forwarded(said: str) -> Iterator[tuple[str, str]]:
    """Address and scheme of the elements of Forwarded; one without `for` ends as one that cannot be read."""
    for element in _listed(said):
        found, proto = _FOR.search(element), _PROTO.search(element)
        yield (found[1] or found[2] or "").strip() if found else "", proto[1].lower() if proto else ""


def _address(node: str) -> str | None:
    found = _NODE.fullmatch(node)
    parsed = parse_address(found[1] or found[2] or found[3]) if found else None
    return None if parsed is None else str(parsed)
