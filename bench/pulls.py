"""2 GiB are pulled as 8 × 256 MiB, one connection after the other; nginx sends the same bytes from a file."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.client import digest_of, pull, push_blob
from bench.figures import Figure, compared
from bench.processes import cpu_seconds
from bench.servers import REPOSITORY, docker_registry, entrepot, nginx

BLOB_BYTES = 256 * 2**20
PULLS = 8
ROUNDS = 3


def measure(folder: Path) -> Iterator[Figure]:
    """Throughput and processor time, with the blob in the page cache; the median of the rounds."""
    data = os.urandom(BLOB_BYTES)
    digest = digest_of(data)
    (folder / "files").mkdir(parents=True)
    (folder / "files/blob").write_bytes(data)
    throughput: dict[str, list[float]] = {}
    spent: dict[str, list[float]] = {}
    with ExitStack() as running:
        registries = [
            running.enter_context(entrepot(folder / "entrepot")),
            running.enter_context(docker_registry(folder / "docker-registry")),
        ]
        for target in registries:
            push_blob(target, data, digest)
        paths = {target.name: f"/v2/{REPOSITORY}/blobs/{digest}" for target in registries} | {"nginx": "/blob"}
        targets = [*registries, running.enter_context(nginx(folder / "nginx", folder / "files"))]
        os.sync()
        for target in targets:
            pull(target, paths[target.name])
        for _ in range(ROUNDS):
            for target in targets:
                before, started = cpu_seconds(target.pid), time.perf_counter()
                received = sum(pull(target, paths[target.name]) for _ in range(PULLS))
                taken = time.perf_counter() - started
                if received != PULLS * BLOB_BYTES:
                    raise RuntimeError(f"{target.name} sent {received} bytes")
                throughput.setdefault(target.name, []).append(received / taken / 2**20)
                spent.setdefault(target.name, []).append(cpu_seconds(target.pid) - before)

    yield from compared("pull 8 × 256 MiB", "MiB/s", throughput, {})
    yield from compared("pull 8 × 256 MiB: server CPU", "s", spent, {})
