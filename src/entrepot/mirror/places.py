"""Places: where a region is, by the networks of its clients and by its location. Values in, value or error out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from typing import Any, Final

from sqlalchemy import Row

from entrepot.plumbing.networks import Network
from entrepot.values.errors import ParameterInvalid, RuleExists, quoted, worded
from entrepot.values.location import Location

NETWORKS_MAX: Final = 1_000
"""Of one region."""
_CHARS_MAX: Final = 64
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


@dataclass(frozen=True, slots=True)
class Place:
    """`networks`: of its clients, each once. Both may be unknown."""

    networks: tuple[Network, ...] = ()
    location: Location | None = None

    @property
    def cidrs(self) -> Sequence[str]:
        return [str(network) for network in self.networks]

    @property
    def at(self) -> str:
        """The location as it is written; empty where it is unknown."""
        return "" if self.location is None else str(self.location)

    @property
    def columns(self) -> dict[str, Any]:
        """As the row of a region holds it."""
        at = self.location
        return {
            "cidrs": self.cidrs,
            "latitude": None if at is None else at.latitude,
            "longitude": None if at is None else at.longitude,
        }

    @classmethod
    def parse(cls, networks: Sequence[str], location: str) -> "Place":
        """`location`: empty where it is not known. Raises ParameterInvalid."""
        return cls(parse_cidrs(networks), Location.parse(location) if location else None)


NOWHERE: Final = Place()


def place_of(row: Row[Any]) -> Place:
    """Of a region, as its row holds it."""
    location = None if row.latitude is None else Location(row.latitude, row.longitude)
    return Place(tuple(ip_network(text) for text in row.cidrs), location)


def parse_cidrs(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks, as they are kept: each once, in order. Raises ParameterInvalid."""
    if len(texts) > NETWORKS_MAX:
        raise ParameterInvalid(worded("A region has at most {limit} networks.", limit=NETWORKS_MAX), kind="cidrs")
    found = {_parse(text) for text in texts}
    return tuple(sorted(found, key=lambda one: (one.version, int(one.network_address), one.prefixlen)))


def _parse(text: str) -> Network:
    try:
        network = ip_network(text.strip(), strict=False) if len(text) <= _CHARS_MAX else None
    except ValueError:
        network = None
    if network is None:
        raise ParameterInvalid(
            worded(
                "A network is written as an address and the length of its prefix, as 10.20.0.0/16 or 2001:db8::/32; "
                "not {text}.",
                text=quoted(text[:_CHARS_MAX]),
            ),
            kind="cidrs",
        )
    address = text.strip().partition("/")[0]
    if str(network.network_address) != str(type(network.network_address)(address)):
        raise ParameterInvalid(
            worded("{text} is an address within a network: the network is {network}.", text=text, network=network),
            kind="cidrs",
        )
    return _unmapped(network)


def _unmapped(network: Network) -> Network:
    """IPv4 written as IPv6 is IPv4, as it is in addresses of clients."""
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((IPv4Address(int(network.network_address) & 0xFFFFFFFF), network.prefixlen - 96))
    return network


def check_unclaimed(networks: Iterable[Network], others: Mapping[str, Iterable[str]]) -> None:
    """Pass when no region of `others`, which are by name, has one of `networks` itself. Raises RuleExists.

    That one of them lies within another region's is all right: the longest prefix wins.
    """
    wanted = {str(network) for network in networks}
    for region, theirs in others.items():
        if taken := wanted.intersection(theirs):
            raise RuleExists(
                worded("The network {network} is the region {region}'s already.", network=min(taken), region=region),
                kind="cidr-exists",
            )
