"""Presence: what is there is always said to be there; what is not, seldom."""

import hashlib

import pytest

from entrepot.regions.presence import BYTES_MAX, NOTHING, is_presence, presence_of


def digits(count: int, of: str) -> list[str]:
    return [hashlib.sha256(f"{of} {number}".encode()).hexdigest() for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 1_000, 20_000])
def test_every_blob_that_is_there_is_said_to_be_there(count):
    there = digits(count, "there")
    presence = presence_of(there, count)
    assert all(one in presence for one in there)


@pytest.mark.parametrize("count", [100, 6_000, 20_000])
def test_few_others_are(count):
    presence = presence_of(digits(count, "there"), count)
    wrong = sum(one in presence for one in digits(5_000, "elsewhere"))
    assert wrong <= 5_000 * 0.03


def test_where_nothing_is_known_nothing_is_there():
    assert digits(1, "any")[0] not in NOTHING


@pytest.mark.parametrize(
    ("bits", "is_one"),
    [(b"", False), (bytes(100), False), (bytes(1 << 10), True), (bytes(3 << 10), False), (bytes(BYTES_MAX * 2), False)],
)
def test_what_a_node_sends_is_looked_at(bits, is_one):
    assert is_presence(bits) == is_one


def test_a_filter_of_any_number_is_bounded():
    assert is_presence(presence_of([], 1 << 40).bits)
