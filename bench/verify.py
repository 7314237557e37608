"""Verification: how many blobs a second are compared with the storage, and what the worker takes for it."""

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, insert, make_url, select

from bench import processes
from bench.figures import Figure
from bench.servers import ORGANIZATION
from entrepot.registry.tables import blob, manifest, manifest_blob, organization, repository, repository_blob
from tests.live.api import Api
from tests.live.postgres import running_postgres
from tests.live.process import Server, running_server

_BATCH = 10_000
_LAYERS = 10  # of one image
_LOOK_SECONDS = 0.2
_RUNS = "/v2/manage/verify/runs"


def measure(folder: Path, blobs: int) -> Iterator[Figure]:
    """Blobs a second of a verification that finds nothing, over files, on both databases; and the worker's peak."""
    with running_postgres() as postgres:
        for kind, url in (("SQLite", None), ("PostgreSQL", postgres.new_database())):
            with running_server(folder / kind, environment=None, workers=1, database_url=url) as server:
                yield from _measured(server, kind, url or f"sqlite:///{server.data}/entrepot.db", blobs)


def _measured(server: Server, kind: str, url: str, blobs: int) -> Iterator[Figure]:
    with Api(server) as api:
        api.create_org(ORGANIZATION)
        _verify(api, server)  # once before, so that what a first one loads is not measured
        before = _worker_bytes(server)
        engine = _engine(url)
        _fill(engine, server.data / "storage/blobs/sha256", blobs)
        engine.dispose()
        done, peak = _verify(api, server)
    began, ended = (datetime.fromisoformat(done[name]) for name in ("started_at", "ended_at"))
    rate = done["blobs_checked"] / (ended - began).total_seconds()
    yield Figure("verification", kind, rate, "blobs/s", note=f"{done['blobs_checked']:,} blobs in files")
    yield Figure("verification: memory more", kind, (peak - before) / 2**20, "MiB", note="the job worker's peak")


def _verify(api: Api, server: Server) -> tuple[dict[str, Any], int]:
    """The verification when it has ended, and the most that the worker took meanwhile."""
    run, peak = api.client.post(_RUNS, json={}).json(), 0
    while "ended_at" not in run:
        time.sleep(_LOOK_SECONDS)
        peak = max(peak, _worker_bytes(server))
        run = api.client.get(f"{_RUNS}/{run['id']}").json()
    if run["phase"] != "done" or run["missing_blobs"]:
        raise RuntimeError(f"the verification went wrong: {run}")
    return run, peak


def _worker_bytes(server: Server) -> int:
    """Of the job worker: the process that is neither the parent nor a server."""
    return max(one.share_bytes for one in processes.memory(server.pid) if " worker" in one.command)


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed)


def _fill(engine: Engine, root: Path, blobs: int) -> None:
    """Images of ten small layers each, in one repository, and their bytes in files."""
    at = datetime.now(UTC)
    with engine.begin() as connection:
        owner = connection.execute(select(organization.c.id).where(organization.c.name == ORGANIZATION)).scalar_one()
        new = {
            "organization_id": owner, "path": f"{ORGANIZATION}/many", "name": "many", "category": "other",
            "description": "", "creator_id": "0", "created_at": at, "updated_at": at,
        }  # fmt: skip
        many = connection.execute(insert(repository).values(new).returning(repository.c.id)).scalar_one()
        for start in range(0, blobs, _BATCH):
            sizes = {}
            for number in range(start, min(start + _BATCH, blobs)):
                content = f"blob {number}".encode()
                name = hashlib.sha256(content).hexdigest()
                sizes[f"sha256:{name}"] = len(content)
                place = root / name[:2] / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            held = [{"digest": digest, "size": size, "stored_at": at} for digest, size in sizes.items()]
            connection.execute(insert(blob), held)
            links = [{"repository_id": many, "digest": digest, "linked_at": at} for digest in sizes]
            connection.execute(insert(repository_blob), links)
            digests = list(sizes)
            for first in range(0, len(digests), _LAYERS):
                image = {
                    "repository_id": many, "digest": f"{digests[first]}", "media_type": "application/json", "size": 2,
                    "content_size": 0, "annotations": {}, "body": b"{}", "pushed_at": at, "pushed_by": "",
                }  # fmt: skip
                made = connection.execute(insert(manifest).values(image).returning(manifest.c.id)).scalar_one()
                named = [{"manifest_id": made, "digest": one} for one in digests[first : first + _LAYERS]]
                connection.execute(insert(manifest_blob), named)
