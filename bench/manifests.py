"""A manifest by tag, 32 connections: token and permission are checked by ours, docker-registry answers anybody."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.client import MANIFEST_TYPE, push_image
from bench.figures import Figure, compared
from bench.servers import Target, docker_registry, entrepot
from bench.wrk import CONNECTIONS, Load, wrk
from tests.live.postgres import running_postgres

ROUNDS = 3
WARM_SECONDS = 2
TITLE = f"manifest by tag, {CONNECTIONS} connections"


def measure(folder: Path, seconds: int) -> Iterator[Figure]:
    """Answers a second and processor time for each, the servers in turn, the median of the rounds."""
    with ExitStack() as running:
        postgres = running.enter_context(running_postgres())
        targets = [
            running.enter_context(entrepot(folder / "sqlite", "entrepot, SQLite")),
            running.enter_context(
                entrepot(folder / "postgres", "entrepot, PostgreSQL", database_url=postgres.new_database())
            ),
            running.enter_context(docker_registry(folder / "docker-registry")),
        ]
        paths = {target.name: push_image(target, "1.0") for target in targets}
        loads: dict[str, list[Load]] = {target.name: [] for target in targets}
        for target in targets:
            _load(target, paths, WARM_SECONDS)
        for _ in range(ROUNDS):
            for target in targets:
                loads[target.name].append(_load(target, paths, seconds))

    notes = {name: _latency(several) for name, several in loads.items()}
    yield from compared(
        TITLE, "answers/s", {name: [one.per_second for one in runs] for name, runs in loads.items()}, notes
    )
    spent = {name: [one.cpu_microseconds for one in runs] for name, runs in loads.items()}
    yield from compared(
        f"{TITLE}: server CPU", "µs/answer", spent, {"entrepot, PostgreSQL": "without PostgreSQL's own"}
    )


def _load(target: Target, paths: dict[str, str], seconds: int) -> Load:
    return wrk(target, paths[target.name], seconds, MANIFEST_TYPE)


def _latency(loads: list[Load]) -> str:
    middle = sorted(loads, key=lambda load: load.per_second)[len(loads) // 2]
    return f"median {middle.median_ms:.2f} ms, 99 % within {middle.p99_ms:.2f} ms"
