"""The client's address: the other end of the connection, or what a proxy that is trusted says stands behind it.

Anybody can send a header. So it counts only on connections from the networks that the setting
`trusted_proxies` names, it is read from its end, where the nearest proxy writes, and only one
header is looked at: the one our proxies are known to write (`proxy_header`).
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from starlette.types import Scope

from entrepot.plumbing.networks import Network, parse_address

_HOPS_MAX = 32
_HEADER_BYTES_MAX = 8_192
# RFC 7239 §4: `for` among the pairs of an element; §6: its value is an address, perhaps with a port.
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;\s"]*))', re.IGNORECASE)
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
        self._nodes = _forwarded if header == "forwarded" else _listed
        self.is_trusted = lru_cache(maxsize=1_024)(self._is_trusted)

    def correct(self, scope: Scope) -> None:
        """Put the client's address into the scope of a request that came by a proxy."""
        if self._networks and self.is_trusted(nearest := peer(scope)):
            scope["client"] = (self._behind(nearest, scope), 0)

    def _behind(self, nearest: str, scope: Scope) -> str:
        """The last address that no trusted proxy has; what cannot be read ends the search."""
        lines = [value for key, value in scope["headers"] if key == self._header]
        said = b",".join(lines)[-_HEADER_BYTES_MAX:].decode("latin-1")
        for hop, node in enumerate(self._nodes(said)):
            address = _address(node)
            if address is None or hop >= _HOPS_MAX:
                break
            nearest = address
            if not self.is_trusted(address):
                break
        return nearest

    def _is_trusted(self, address: str) -> bool:
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self._networks)


def _listed(said: str) -> Iterator[str]:
    """The addresses of X-Forwarded-For, the nearest first."""
    for part in reversed(said.split(",")):
        if part.strip():
            yield part.strip()


def _forwarded(said: str) -> Iterator[str]:
    """The same of Forwarded; an element without `for` ends as one that cannot be read."""
    for element in reversed(said.split(",")):
        if element.strip():
            found = _FOR.search(element)
            yield (found[1] or found[2] or "").strip() if found else ""


def _address(node: str) -> str | None:
    found = _NODE.fullmatch(node)
    parsed = parse_address(found[1] or found[2] or found[3]) if found else None
    return None if parsed is None else str(parsed)
