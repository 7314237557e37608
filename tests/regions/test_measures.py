"""Measures are smoothed, bounded and forgotten; who is to be measured is asked for a short time."""

import math
from datetime import timedelta

import pytest

from entrepot.regions.measures import Measure, Measures, Wanted
from tests.regions.nodes import NOON


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
    ],
)
def test_a_measure_is_of_the_clients_network(address, network):
    measures = Measures()

    assert measures.note("europe", address, 12.345, NOON) == Measure(network, "europe", 12.35, NOON)
    assert measures.of(network) == {"europe": 12.35}


@pytest.mark.parametrize(
    ("address", "ms"),
    [("nowhere", 1), ("", 1), ("192.0.2.1", -1), ("192.0.2.1", math.nan), ("192.0.2.1", math.inf), ("192.0.2.1", 1e9)],
)
def test_what_is_no_measure_is_left_out(address, ms):
    measures = Measures()

    assert measures.note("europe", address, ms, NOON) is None
    assert measures.of("192.0.2.0/24") == {}


def test_measures_are_smoothed_and_begin_anew_after_an_hour():
    measures = Measures()
    measures.note("europe", "192.0.2.1", 100, NOON)
    measures.note("europe", "192.0.2.2", 20, NOON + timedelta(minutes=1))
    measures.note("japan", "192.0.2.3", 7, NOON)
    assert measures.of("192.0.2.0/24") == {"europe": 80, "japan": 7}

    measures.note("europe", "192.0.2.2", 20, NOON + timedelta(hours=2))
    assert measures.of("192.0.2.0/24") == {"europe": 20, "japan": 7}


def test_only_so_many_networks_are_remembered():
    measures = Measures(networks_max=3)
    for number in range(5):
        measures.note("europe", f"10.0.{number}.1", 5, NOON)
    measures.note("europe", "10.0.2.1", 5, NOON)
    measures.note("europe", "10.0.9.1", 5, NOON)

    assert [number for number in range(10) if measures.of(f"10.0.{number}.0/24")] == [2, 4, 9]
    assert len(measures._at) == 3


def test_what_is_old_and_what_is_of_regions_that_are_gone_is_forgotten():
    measures = Measures()
    measures.note("europe", "10.0.0.1", 5, NOON)
    measures.note("japan", "10.0.0.1", 5, NOON + timedelta(days=1))
    measures.note("gone", "10.0.1.1", 5, NOON + timedelta(days=1))

    measures.forget(NOON + timedelta(hours=1), {"europe", "japan"})

    assert (measures.of("10.0.0.0/24"), measures.of("10.0.1.0/24")) == ({"japan": 5}, {})
    assert len(measures._at) == 1


def test_a_client_is_wanted_for_half_a_minute_and_then_left_alone():
    wanted = Wanted()
    wanted.note("10.0.0.0/24", "10.0.0.1", NOON)
    wanted.note("10.0.0.0/24", "10.0.0.2", NOON + timedelta(seconds=20))  # the same network
    wanted.note("10.0.1.0/24", "10.0.1.1", NOON + timedelta(seconds=25))

    assert wanted.now(NOON + timedelta(seconds=29)) == ["10.0.1.1", "10.0.0.1"]
    assert wanted.now(NOON + timedelta(seconds=31)) == ["10.0.1.1"]
    wanted.note("10.0.0.0/24", "10.0.0.2", NOON + timedelta(minutes=9))
    assert wanted.now(NOON + timedelta(minutes=9)) == []
    wanted.note("10.0.0.0/24", "10.0.0.3", NOON + timedelta(minutes=11))
    assert wanted.now(NOON + timedelta(minutes=11)) == ["10.0.0.3"]


def test_fifty_at_most_are_wanted_the_latest_first():
    wanted = Wanted()
    for number in range(200):
        wanted.note(f"10.0.{number}.0/24", f"10.0.{number}.1", NOON)

    found = wanted.now(NOON)
    assert (len(found), found[0], found[-1]) == (50, "10.0.199.1", "10.0.150.1")
