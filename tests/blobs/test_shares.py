"""Shares: many streams at once hold a bounded amount, whatever they do."""

import random

import pytest

from entrepot.blobs.shares import Share, Shares
from entrepot.blobs.store import CHUNK_BYTES

MIB = 1 << 20
SMALLEST = 8 << 10


@pytest.fixture
def shares() -> Shares:
    return Shares(bytes_max=8 * MIB, chunks_held=4, chunk_bytes_min=SMALLEST)


def test_a_stream_alone_gets_the_largest_chunks(shares: Shares) -> None:
    share = shares.open()
    assert [share.next() for _ in range(10)] == [CHUNK_BYTES] * 10


def test_streams_that_are_all_busy_share_alike(shares: Shares) -> None:
    streams = [shares.open() for _ in range(16)]
    for _ in range(3):
        for share in streams:
            share.next()
    assert {share.next() for share in streams} == {8 * MIB // 4 // 16}


def test_streams_that_stall_one_after_the_other_hold_a_bounded_amount(shares: Shares) -> None:
    held = sum(4 * shares.open().next() for _ in range(1000))
    assert held <= 8 * MIB + 1000 * 4 * SMALLEST


def test_what_a_stream_held_is_there_for_others_when_it_ends(shares: Shares) -> None:
    stalled = [shares.open() for _ in range(100)]
    for share in stalled:
        share.next()
    busy = shares.open()
    assert busy.next() == SMALLEST
    for share in stalled:
        share.close()
        share.close()
    assert busy.next() == CHUNK_BYTES


def test_nothing_is_lost_count_of(shares: Shares) -> None:
    dice = random.Random(7)
    streams: list[Share] = []
    for _ in range(5000):
        match dice.choice(["open", "next", "next", "next", "close"]):
            case "open":
                streams.append(shares.open())
            case "next" if streams:
                assert SMALLEST <= dice.choice(streams).next() <= CHUNK_BYTES
            case "close" if streams:
                streams.pop(dice.randrange(len(streams))).close()
    for share in streams:
        share.close()
    assert (shares._held, shares._streams) == (0, 0)
