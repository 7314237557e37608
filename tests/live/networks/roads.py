"""The roads: a process that carries packets between places, each after the delay of its way.

Linux can delay packets by itself (`tc netem`), but many kernels are built without it; a TUN device for each place, and
somebody who carries what comes out of one into another when it is time, needs no more than root. Rates are the kernel's
all the same (`tc tbf`, on the device of a place).

A place has the addresses 10.70.PLACE.0/24. Run as `python roads.py '{"1": FD, …}' '{"1": {"2": MS, …}, …}'`: the
devices by place, and how many milliseconds a packet takes from one place to another.
"""

import heapq
import itertools
import json
import os
import select
import sys
import time
from collections.abc import Mapping

_PACKET_BYTES_MAX = 65_536
_AT_ONCE = 64
_VERSION, _PLACE = 0, 18  # where an IPv4 packet says what it is, and the third part of where it goes

Waiting = list[tuple[float, int, int, bytes]]
"""When it is due, in which order it came, through which device it goes, and what it is."""


def carry(devices: Mapping[int, int], delays: Mapping[int, Mapping[int, float]]) -> None:
    """Without end; delays are in seconds. What goes to no place, or to one that is cut off, is lost."""
    poll, place_of = select.epoll(), {device: place for place, device in devices.items()}
    for device in place_of:
        os.set_blocking(device, False)
        poll.register(device, select.EPOLLIN)
    waiting: Waiting = []
    order = itertools.count()
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, device, packet = heapq.heappop(waiting)
            _write(device, packet)
        for device, _ in poll.poll(max(0.0, waiting[0][0] - time.monotonic()) if waiting else None):
            ways = delays[place_of[device]]
            now = time.monotonic()
            for packet in _read(device):
                place = packet[_PLACE] if packet[_VERSION] >> 4 == 4 else 0
                if place in ways:
                    heapq.heappush(waiting, (now + ways[place], next(order), devices[place], packet))


def _read(device: int) -> list[bytes]:
    packets: list[bytes] = []
    try:
        while len(packets) < _AT_ONCE:
            packets.append(os.read(device, _PACKET_BYTES_MAX))
    except OSError:  # nothing more, or it is down
        pass
    return packets


def _write(device: int, packet: bytes) -> None:
    try:
        os.write(device, packet)
    except OSError:  # it is down
        return


if __name__ == "__main__":
    os.nice(-15)  # on a busy machine, delays are what they should be all the same
    _devices, _delays = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    carry(
        {int(place): device for place, device in _devices.items()},
        {int(one): {int(other): ms / 1_000 for other, ms in ways.items()} for one, ways in _delays.items()},
    )
