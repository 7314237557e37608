"""Edges have blobs from each other: from one of their region, or of a region nearer than the center, that has it."""

from ipaddress import ip_address
from typing import Any

import pytest

from entrepot.mirror.places import Place
from entrepot.regions.nodes import Node, NodeState, reach_of
from entrepot.regions.peers import holder_near
from entrepot.regions.plan import Plan, RegionPlace
from entrepot.regions.presence import presence_of
from entrepot.regions.scheduling import Asked, choose
from tests.regions.nodes import BLOB, FRANKFURT, OTHER, SYDNEY, node

PATH = "acme/app"
LONDON, PARIS = Place.parse([], "51.5,-0.1"), "48.85,2.35"
HAS = presence_of([BLOB], 1)


def plan_of(*nodes: Node, center: Place = LONDON) -> Plan:
    places = {"europe": FRANKFURT, "near": PARIS, "pacific": SYDNEY, "unknown": ""}
    return Plan([RegionPlace(name, Place.parse([], at)) for name, at in places.items()], nodes, center)


def peer(name: str, region: str, **more: Any) -> Node:
    return node(name, region, **{"id": name, "presence": HAS, **more})


@pytest.mark.parametrize(
    ("peers", "expected"),
    [
        ([], None),
        ([peer("own", "europe")], "own"),
        ([peer("own", "europe"), peer("near", "near")], "own"),
        ([peer("near", "near")], "near"),  # Paris is nearer to Frankfurt than London is
        ([peer("far", "pacific")], None),  # and Sydney is not
        ([peer("nowhere", "unknown")], None),
        ([peer("own", "europe", state=NodeState.LOST)], None),
        ([peer("own", "europe", state=NodeState.DRAINING)], None),
        ([peer("own", "europe", presence=presence_of([OTHER], 1))], None),
        ([peer("own", "europe", reach=("other/*",))], None),
        ([peer("own", "europe", reach=("other/*", "acme/*"))], "own"),
        ([peer("busy", "europe", streams=9), peer("idle", "europe", streams=1)], "idle"),
    ],
)
def test_who_has_it_and_is_nearer_than_the_center_is_asked(peers: list[Node], expected: str | None) -> None:
    found = holder_near(plan_of(peer("me", "europe"), *peers), "me", BLOB, PATH)
    assert (found.name if found else None) == expected


def test_where_the_center_is_not_known_only_the_own_region_is_asked() -> None:
    nodes = (peer("me", "europe"), peer("near", "near"))
    assert holder_near(plan_of(*nodes, center=Place.parse([], "")), "me", BLOB, PATH) is None
    assert holder_near(plan_of(*nodes), "stranger", BLOB, PATH) is None


@pytest.mark.parametrize(
    ("scopes", "path", "may"),
    [
        (None, "any/thing", True),
        (["acme"], "acme/app", True),
        (["acme"], "acme/team/app", True),
        (["acme"], "acme2/app", False),
        (["acme/app"], "acme/app", True),
        (["acme/app"], "acme/app2", False),
        (["acme/team-*"], "acme/team-1", True),
        (["acme/team-*", "other"], "other/x", True),
    ],
)
def test_a_node_may_hold_what_its_token_named(scopes: list[str] | None, path: str, may: bool) -> None:
    assert peer("n", "europe", reach=reach_of(scopes)).may_hold(path) == may


def test_nobody_is_sent_to_a_node_that_may_not_hold_the_image() -> None:
    narrow, wide = peer("narrow", "europe", reach=("other/*",)), peer("wide", "europe", presence=presence_of([], 0))
    place = RegionPlace("europe", Place.parse(["10.0.0.0/8"], ""))
    asked = Asked(ip_address("10.1.2.3"), BLOB, path=PATH)
    assert choose(Plan([place], [narrow, wide]), asked).node is wide
    assert choose(Plan([place], [narrow]), asked).node is None
    assert choose(Plan([place], [narrow]), Asked(ip_address("10.1.2.3"), BLOB, path="other/app")).node is narrow
