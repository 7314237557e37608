"""Bytes in a second, over all who move them."""

from entrepot.plumbing.rate import Rate


async def test_all_together_keep_to_the_rate() -> None:
    now, slept = 100.0, list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    rate = Rate(1_000, lambda: now, sleep)
    for _ in range(4):
        await rate.take(500)
    assert slept == [0.5, 1.0, 1.5]

    now = 110.0
    await rate.take(500)
    assert slept[3:] == [], "what was not used is not saved up, and nobody waits for it"
    await rate.take(500)
    assert slept[3:] == [0.5]


async def test_without_a_rate_nobody_waits() -> None:
    async def sleep(_seconds: float) -> None:
        raise AssertionError

    rate = Rate(None, sleep=sleep)
    for _ in range(3):
        await rate.take(1 << 40)


def test_pieces_are_the_chunk_and_small_only_where_they_wait() -> None:
    chunk = bytes(range(256)) * 200

    assert list(Rate(None).pieces(chunk)) == [chunk]
    assert list(Rate(None).pieces(b"")) == []
    pieces = list(Rate(1_000).pieces(chunk))
    assert b"".join(pieces) == chunk and max(map(len, pieces)) == 16_384
