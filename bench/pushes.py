"""A blob of 256 MiB is pushed: the time until it is acknowledged, on the disk and in memory.

Both servers have the bytes on the disk when they say so (fsync). What is still to be written from one
push is written before the next begins, so nobody waits for another's bytes.
"""

import mmap
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.client import digest_of, push_blob
from bench.figures import Figure, compared
from bench.processes import cpu_seconds
from bench.servers import docker_registry, entrepot

BLOB_BYTES = 256 * 2**20
ROUNDS = 5
_ZEROS = bytes(2**20)
_TOUCHED_BYTES = 2 * 2**30


def measure(folder: Path, where: str) -> Iterator[Figure]:
    """Seconds and processor time of one push, the median of five, and what writing alone takes."""
    data = bytearray(os.urandom(BLOB_BYTES))
    seconds: dict[str, list[float]] = {}
    spent: dict[str, list[float]] = {}
    with ExitStack() as running:
        targets = [
            running.enter_context(entrepot(folder / "entrepot")),
            running.enter_context(docker_registry(folder / "docker-registry")),
        ]
        for number in range(ROUNDS):
            for target in targets:
                data[:8] = os.urandom(8)  # a blob nobody has
                digest = digest_of(data)
                os.sync()
                _touch_memory()
                before = cpu_seconds(target.pid)
                seconds.setdefault(target.name, []).append(push_blob(target, data, digest))
                spent.setdefault(target.name, []).append(cpu_seconds(target.pid) - before)
            seconds.setdefault("write + fsync alone", []).append(_write(folder / f"file-{number}", data))

    title = f"push 256 MiB, {where}"
    yield from compared(title, "s", seconds, {})
    yield from compared(f"{title}: server CPU", "s", spent, {})


def _touch_memory() -> None:
    """Make the machine's free memory real, for a virtual machine's host takes it back and whoever is first pays.

    Several times what a push itself takes, and by chance, not by server.
    """
    with mmap.mmap(-1, _TOUCHED_BYTES) as memory:
        for _ in range(_TOUCHED_BYTES // len(_ZEROS)):
            memory.write(_ZEROS)


def _write(path: Path, data: bytearray) -> float:
    """What the file system itself takes for the same bytes."""
    os.sync()
    _touch_memory()
    started = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        file.write(data)
        os.fsync(file.fileno())
    return time.perf_counter() - started
