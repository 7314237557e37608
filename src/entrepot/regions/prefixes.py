"""A table of networks: which is the longest that an address is in. Made once, asked with every pull."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Generic, TypeVar

from entrepot.plumbing.networks import Network

Value = TypeVar("Value")


class PrefixTable(Generic[Value]):
    """Looks at each length of prefix that occurs, the longest first, and never at all networks.

    Of two entries for the same network the first one counts.
    """

    __slots__ = ("_by_version",)

    def __init__(self, entries: Iterable[tuple[Network, Value]]) -> None:
        lengths: dict[int, dict[int, dict[int, tuple[Network, Value]]]] = {4: {}, 6: {}}
        for network, value in entries:
            shift = network.max_prefixlen - network.prefixlen
            found = lengths[network.version].setdefault(shift, {})
            found.setdefault(int(network.network_address) >> shift, (network, value))
        self._by_version = {version: sorted(tables.items()) for version, tables in lengths.items()}

    def find(self, address: IPv4Address | IPv6Address) -> tuple[Network, Value] | None:
        """The longest network that the address is in, with its value."""
        number = int(address)
        for shift, table in self._by_version[address.version]:
            found = table.get(number >> shift)
            if found is not None:
                return found
        return None
