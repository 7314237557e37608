"""From the start of the process to its first answer to GET /v2/."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figures import Figure, compared
from bench.servers import docker_registry, wait_answers
from tests.live.process import make_server

ROUNDS = 5


def measure(folder: Path) -> Iterator[Figure]:
    """On an empty folder (the schema, a key and the administrator are made) and on one that is there already."""
    numbers = iter(range(ROUNDS))
    values = {
        "entrepot, new folder": _times(lambda: _start(folder / f"new-{next(numbers)}")),
        "entrepot, existing folder": _times(lambda: _start(folder / "new-0")),
        "docker-registry": [_start_docker_registry(folder / f"docker-registry-{number}") for number in range(ROUNDS)],
    }
    yield from compared("start to first answer", "s", values, {})


def _times(start: Callable[[], float]) -> list[float]:
    return [start() for _ in range(ROUNDS)]


def _start(folder: Path) -> float:
    server = make_server(folder, workers=1)
    started = time.perf_counter()
    server.start(wait=False)
    try:
        assert server.process is not None
        wait_answers(server.process, f"{server.url}/v2/")
        return time.perf_counter() - started
    finally:
        server.stop()


def _start_docker_registry(folder: Path) -> float:
    started = time.perf_counter()
    with docker_registry(folder):
        return time.perf_counter() - started
