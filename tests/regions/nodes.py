"""Builders of nodes, regions and plans for the tests of scheduling."""

from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from entrepot.mirror.places import Place
from entrepot.regions.nodes import Node, NodeState
from entrepot.regions.plan import Plan, RegionPlace
from entrepot.regions.presence import presence_of
from entrepot.regions.scheduling import Asked

BLOB = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OTHER = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

FRANKFURT, SYDNEY, TOKYO, LONDON = "50.11,8.68", "-33.87,151.21", "35.68,139.69", "51.51,-0.13"


def node(name: str, region: str, *, holds: tuple[str, ...] = (), **values: Any) -> Node:
    fields: dict[str, Any] = {
        "id": f"id-{name}",
        "name": name,
        "region": region,
        "url": f"https://{name}.example",
        "state": NodeState.READY,
        "version": "1",
        "capacity_bytes": 1 << 40,
        "held_bytes": 0,
        "free_bytes": 1 << 40,
        "streams": 0,
        "round_trip_ms": 20.0,
        "joined_at": NOON,
        "seen_at": NOON,
        "presence": presence_of(holds, len(holds)),
    }
    return Node(**(fields | values))


def region(name: str, *networks: str, at: str = "") -> RegionPlace:
    return RegionPlace(name, Place.parse(networks, at))


def plan(*parts: Any, center: str = "", center_networks: tuple[str, ...] = ()) -> Plan:
    regions = [one for one in parts if isinstance(one, RegionPlace)]
    nodes = [one for one in parts if isinstance(one, Node)]
    return Plan(regions, nodes, Place.parse(center_networks, center))


def asked(client: str, **values: Any) -> Asked:
    return Asked(ip_address(client), values.pop("hexadecimal", BLOB), **values)
