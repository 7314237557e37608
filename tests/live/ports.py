"""Ports for real processes, so that two pytest workers never take the same one.

Asking the kernel for "any free port" and closing it again races with every outgoing connection of
the machine: those take their ports from the same (ephemeral) range. So ports are counted up below
that range, each worker in its own slice, and tried before they are handed out.
"""

import itertools
import os
import socket

FIRST = 15_000
SLICE = 1_000

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0)
# Different runs on one machine start at different places of the slice.
_numbers = itertools.count(os.getpid())


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now."""
    for number in itertools.islice(_numbers, SLICE):
        port = FIRST + _worker % 16 * SLICE + number % SLICE
        if _is_free(port):
            return port
    raise RuntimeError(f"no free port among the {SLICE} of this worker")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
