"""Garbage collection: how fast 100,000 blobs are reviewed and removed, and what pushes notice of it."""

import hashlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, insert, make_url, select, update

from bench.client import digest_of, push_image
from bench.figures import Figure
from bench.servers import ORGANIZATION, Target, new_token
from entrepot.registry.tables import blob, gc_blob, gc_candidate, organization, repository, repository_blob
from tests.live.api import Api
from tests.live.docker_registry import configure
from tests.live.postgres import running_postgres
from tests.live.process import Server, running_server

ALONE_SECONDS = 10.0
_LONG_AGO = timedelta(hours=2)
_BATCH = 10_000
_LOOK_SECONDS = 0.02


def measure(folder: Path, blobs: int) -> Iterator[Figure]:
    """Reviews and removals a second, and pushes a second without and beside them, on both databases."""
    with running_postgres() as postgres:
        for kind, url in (("SQLite", None), ("PostgreSQL", postgres.new_database())):
            with running_server(
                folder / kind, environment=None, workers=1, database_url=url, gc_grace="1h", token_seconds=3_600
            ) as server:
                yield from _measured(server, kind, url or f"sqlite:///{server.data}/entrepot.db", blobs)
    yield from _of_docker_registry(folder / "docker-registry", blobs)


def _measured(server: Server, kind: str, url: str, blobs: int) -> Iterator[Figure]:
    with Api(server) as api:
        api.create_org(ORGANIZATION)
    engine = _engine(url)
    pushing = Pushing(server)
    contents = [f"blob {number}".encode() for number in range(blobs)]
    root = server.data / "storage/blobs/sha256"
    _write(contents, lambda hexes: root / hexes[:2] / hexes)
    _fill(engine, contents)
    with pushing.counted() as alone:
        time.sleep(ALONE_SECONDS)  # the load itself is what is waited for
    with pushing.counted() as beside:
        reviewed, seconds = _collect(server, "blobs")
    note = f"{blobs:,} blobs, while somebody pushes"
    yield Figure("garbage: reviews", kind, reviewed["blobs_reviewed"] / seconds, "reviews/s", note=note)
    with engine.begin() as connection:
        connection.execute(update(gc_blob).values(dropped_at=datetime.now(UTC) - _LONG_AGO))
    with pushing.counted() as removing:
        removed, seconds = _collect(server, "bytes")
    yield Figure("garbage: removals", kind, removed["blobs_deleted"] / seconds, "blobs/s", note="while somebody pushes")
    yield Figure("garbage: pushes alone", kind, alone[0], "images/s")
    yield Figure("garbage: pushes beside reviews", kind, beside[0], "images/s", note=_share(beside[0], alone[0]))
    yield Figure("garbage: pushes beside removals", kind, removing[0], "images/s", note=_share(removing[0], alone[0]))
    engine.dispose()


def _of_docker_registry(folder: Path, blobs: int) -> Iterator[Figure]:
    """Its collection of as many blobs that no manifest names; meanwhile nobody may push."""
    settings = configure(folder, 1)
    root = folder / "data"
    stored = root / "docker/registry/v2/blobs/sha256"
    _write([f"blob {number}".encode() for number in range(blobs)], lambda hexes: stored / hexes[:2] / hexes / "data")
    (root / "docker/registry/v2/repositories").mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    subprocess.run(["docker-registry", "garbage-collect", str(settings)], check=True, capture_output=True)
    seconds = time.perf_counter() - began
    left = sum(1 for _ in stored.rglob("data"))
    yield Figure(
        "garbage: removals", "docker-registry", (blobs - left) / seconds, "blobs/s", note="while nobody pushes"
    )


class Pushing:
    """A client that pushes small images, one after the other, and fails when one is refused."""

    def __init__(self, server: Server) -> None:
        headers = {"Authorization": f"Bearer {new_token(server)}"}
        self._target = Target("entrepot", server.port, server.pid, headers)
        push_image(self._target, "first")

    @contextmanager
    def counted(self) -> Iterator[list[float]]:
        """Push while the block runs; after it, how many a second."""
        over, pushed, failures = threading.Event(), [0], list[BaseException]()

        def push() -> None:
            try:
                while not over.is_set():
                    push_image(self._target, f"v{pushed[0] % 100}")
                    pushed[0] += 1
            except BaseException as failure:  # noqa: BLE001  # raised below
                failures.append(failure)

        thread, rate, began = threading.Thread(target=push), list[float](), time.perf_counter()
        thread.start()
        try:
            yield rate
        finally:
            over.set()
            thread.join()
        if failures:
            raise failures[0]
        rate.append(pushed[0] / (time.perf_counter() - began))


def _collect(server: Server, phase: str) -> tuple[dict[str, Any], float]:
    """A whole collection: what it did, and how many seconds one of its phases took."""
    collections = "/v2/manage/gc/collections"
    with Api(server) as api:
        number = api.client.post(collections).json()["id"]
        now: dict[str, Any] = {"phase": ""}
        began = ended = 0.0
        while now["phase"] not in ("done", "broken_off"):
            time.sleep(_LOOK_SECONDS)  # it tells nobody
            now = api.client.get(f"{collections}/{number}").json()
            if now["phase"] == phase:
                ended = time.perf_counter()
                began = began or ended
    return now, max(ended - began, _LOOK_SECONDS)


def _share(beside: float, alone: float) -> str:
    return f"{beside / alone:.0%} of alone"


def _write(contents: list[bytes], place: Callable[[str], Path]) -> None:
    for content in contents:
        path = place(hashlib.sha256(content).hexdigest())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed)


def _fill(engine: Engine, contents: list[bytes]) -> None:
    """Blobs of one repository that no manifest names any more, dropped long ago."""
    at = datetime.now(UTC) - _LONG_AGO
    with engine.begin() as connection:
        owner = connection.execute(select(organization.c.id).where(organization.c.name == ORGANIZATION)).scalar_one()
        left = {
            "organization_id": owner, "path": f"{ORGANIZATION}/old", "name": "old", "category": "other",
            "description": "", "creator_id": "0", "created_at": at, "updated_at": at,
        }  # fmt: skip
        old = connection.execute(insert(repository).values(left).returning(repository.c.id)).scalar_one()
        for start in range(0, len(contents), _BATCH):
            digests = {digest_of(one): len(one) for one in contents[start : start + _BATCH]}
            for table, of_each in (
                (blob, lambda digest, size: {"digest": digest, "size": size, "stored_at": at}),
                (repository_blob, lambda digest, _: {"repository_id": old, "digest": digest, "linked_at": at}),
                (gc_candidate, lambda digest, _: {"digest": digest, "dropped_at": at}),
            ):
                connection.execute(insert(table), [of_each(digest, size) for digest, size in digests.items()])
