"""Memory with one worker after 100,000 requests."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench import processes
from bench.client import MANIFEST_TYPE, push_image
from bench.figures import Figure
from bench.servers import Target, docker_registry, entrepot
from bench.wrk import wrk

REQUESTS = 100_000
TITLE = "memory after 100,000 requests"


def measure(folder: Path, seconds: int) -> Iterator[Figure]:
    """Every process as `ps` shows it, and their proportional shares, which add up."""
    with ExitStack() as running:
        for target in (
            running.enter_context(entrepot(folder / "entrepot")),
            running.enter_context(docker_registry(folder / "docker-registry")),
        ):
            yield from _after_load(target, seconds)


def _after_load(target: Target, seconds: int) -> Iterator[Figure]:
    path = push_image(target, "1.0")
    done = 0
    while done < REQUESTS:
        done += wrk(target, path, seconds, MANIFEST_TYPE).requests
    found = processes.memory(target.pid)
    total = sum(one.share_bytes for one in found) / 2**20
    yield Figure(TITLE, target.name, total, "MiB", note="sum of proportional shares")
    if len(found) > 1:
        for one in found:
            role = _role(one, found[0].pid)
            yield Figure(
                TITLE, f"{target.name}: {role}", one.resident_bytes / 2**20, "MiB", note="resident, shared pages too"
            )


def _role(one: processes.Memory, parent: int) -> str:
    if one.pid == parent:
        return "parent"
    return "jobs" if " worker" in one.command else "server process"
