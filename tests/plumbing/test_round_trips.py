"""Round trips are timed by connections, accepted or refused."""

import asyncio
import socket
import time

import pytest

from entrepot.plumbing.round_trips import round_trip_ms


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def test_a_connection_that_is_refused_tells_how_far_it_is():
    taken = await round_trip_ms("127.0.0.1", (closed_port(),))

    assert taken is not None
    assert 0 < taken < 500


async def test_one_that_is_accepted_does_too_and_is_closed():
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        except ConnectionResetError:
            pass
        writer.close()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        taken = await round_trip_ms("::ffff:127.0.0.1", (server.sockets[0].getsockname()[1],))
        await asyncio.wait_for(ended.wait(), 5)

    assert taken is not None
    assert 0 < taken < 500


async def test_the_shortest_of_three_counts(monkeypatch: pytest.MonkeyPatch):
    waits = [0.3, 0.01, 0.3]

    async def refuse(address: str, port: int) -> None:
        await asyncio.sleep(waits.pop(0))
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio, "open_connection", refuse)

    taken = await round_trip_ms("192.0.2.1")

    assert waits == []
    assert taken is not None
    assert 10 <= taken < 300


async def test_who_does_not_answer_is_left_after_a_second_for_each_port():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]  # its queue is full: what comes after is dropped
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        began = time.monotonic()

        first = await round_trip_ms("127.0.0.1", (address[1],))
        took = time.monotonic() - began
        second = await round_trip_ms("127.0.0.1", (address[1], closed_port()))

        for one in waiting:
            one.close()
    assert first is None
    assert 0.9 < took < 3
    assert second is not None


@pytest.mark.parametrize("address", ["", "nowhere", "0.0.0.0", "::", "224.0.0.1", "169.254.169.254", "fe80::1"])
async def test_what_is_no_clients_address_is_not_asked(address):
    assert await round_trip_ms(address) is None
