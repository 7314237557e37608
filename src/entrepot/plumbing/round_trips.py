"""Round trips: how far away a host is, by the time until it answers an attempt to connect."""

import asyncio
import time
from typing import Final

from entrepot.plumbing.networks import parse_address

_PORTS: Final = (9, 443)
"""Discard, which hardly anybody serves and most refuse; then HTTPS, which is let through where that is dropped."""
_SECONDS_MAX: Final = 1.0
_TIMES: Final = 3


async def round_trip_ms(address: str, ports: tuple[int, ...] = _PORTS) -> float | None:
    """Milliseconds until the host accepts or refuses a TCP connection; both take one round trip.

    The shortest of three: whatever else goes on, here or on the way, only makes it longer. None when it answers on no
    port within a second each, or the address is none that a client far away may have.
    """
    parsed = parse_address(address)
    if parsed is None or parsed.is_unspecified or parsed.is_multicast or parsed.is_link_local:
        return None
    for port in ports:
        if (first := await _once(str(parsed), port)) is not None:
            more = [await _once(str(parsed), port) for _ in range(_TIMES - 1)]
            return min([first, *(one for one in more if one is not None)])
    return None


async def _once(address: str, port: int) -> float | None:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            _, writer = await asyncio.open_connection(address, port)
    except ConnectionRefusedError:
        return (time.perf_counter() - began) * 1_000
    except OSError:  # nobody answers, or a network on the way says no; TimeoutError is one
        return None
    taken = (time.perf_counter() - began) * 1_000
    writer.transport.abort()
    return taken
