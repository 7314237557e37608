"""Retention: how long it takes to plan a repository of many tags, in how much memory, and to delete by a policy."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing import connection
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, insert, make_url, select

from bench.client import MANIFEST_TYPE
from bench.figures import Figure
from bench.servers import ORGANIZATION
from entrepot.access.actor import Actor
from entrepot.accounts.tables import user as users
from entrepot.blobs.memory import MemoryStore
from entrepot.db.holding import open_holder
from entrepot.db.opening import open_database
from entrepot.plumbing.clock import SystemClock
from entrepot.registry.tables import manifest, organization, repository, tag
from entrepot.upkeep.dry_run import Summary, plan
from entrepot.upkeep.policies import create_policy
from entrepot.upkeep.retain import retain
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.rules import Rule, Selector, SelectorKind, Template
from entrepot.values.names import RepositoryName
from tests.live.api import Api
from tests.live.postgres import running_postgres
from tests.live.process import running_server

PATH = RepositoryName(f"{ORGANIZATION}/many")
KEPT = 1_000
DELETED_SHARE = 20
"""One tag in so many is old enough to be deleted."""
_MIB = 1024
_ROWS = 10_000


def measure(folder: Path, tags: int) -> Iterator[Figure]:
    """A plan by two rules with expressions; then the run that deletes every twentieth tag."""
    with running_postgres() as postgres:
        for kind, url in (("SQLite", None), ("PostgreSQL", postgres.new_database())):
            with running_server(folder / kind, environment=None, workers=1, database_url=url) as server:
                with Api(server) as api:
                    api.create_org(ORGANIZATION)
                user = server.user
            database = url or f"sqlite:///{server.data}/entrepot.db"
            _fill(database, tags)
            seconds, mebibytes = _apart(database, user, deletes=False)
            note = f"{tags:,} tags"
            yield Figure("retention: plan", kind, seconds, "s", note=note)
            yield Figure("retention: memory of a plan", kind, mebibytes, "MiB", note="of the whole process")
            seconds, mebibytes = _apart(database, user, deletes=True)
            yield Figure("retention: deletions", kind, tags / DELETED_SHARE / seconds, "tags/s", note="plan included")


def _apart(database: str, user: str, deletes: bool) -> tuple[float, float]:
    """Seconds and MiB of a process of its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_measured, args=(there, database, user, deletes))
    process.start()
    with closing(here):
        seconds, mebibytes = here.recv()
    process.join()
    return seconds, mebibytes


def _measured(out: connection.Connection, database: str, user: str, deletes: bool) -> None:
    seconds = asyncio.run(_work(database, user, deletes))
    status = Path("/proc/self/status").read_text()  # `getrusage` would tell of the process that began this one
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    out.send((seconds, int(peak.split()[1]) / _MIB))


async def _work(database: str, user: str, deletes: bool) -> float:
    clock = SystemClock()
    db, holder = open_database(database, clock=clock), open_holder(database)
    upkeep = Upkeep(db, MemoryStore(), clock, holder)
    try:
        async with db.reading() as tx:
            found = await tx.row(select(users.c.id, users.c.domain_id).where(users.c.name == user))
        assert found is not None
        subjects = ("*", f"user:{found.id}", f"admins:{found.domain_id}")
        actor = Actor(found.id, user, found.domain_id, True, subjects)
        if deletes:
            began = time.perf_counter()
            await retain(upkeep)
            return time.perf_counter() - began
        spared = (Selector(SelectorKind.LABEL, "latest"), Selector(SelectorKind.REGEXP, r"release-\d+(\.\d+)*"))
        await create_policy(upkeep, actor, PATH, [Rule(Template.DATE, 30, spared), Rule(Template.TAGS, KEPT, spared)])
        began = time.perf_counter()
        async for one in await plan(upkeep, actor, PATH):
            if isinstance(one, Summary):
                assert one.tally.deleted > 0
        return time.perf_counter() - began
    finally:
        await holder.close()
        await db.close()


def _fill(database: str, tags: int) -> None:
    """A repository with so many tags of as many images, every twentieth pushed long ago."""
    engine = _engine(database)
    now = datetime.now(UTC)
    with engine.begin() as connection:
        owner = connection.execute(select(organization.c.id).where(organization.c.name == ORGANIZATION)).scalar_one()
        row = {"organization_id": owner, "path": PATH, "name": PATH.name, "category": "other", "description": ""}
        times = {"created_at": now, "updated_at": now}
        made = connection.execute(insert(repository).values(**row, **times, creator_id="").returning(repository.c.id))
        number = made.scalar_one()
        for first in range(0, tags, _ROWS):
            counted = range(first, min(first + _ROWS, tags))
            connection.execute(insert(manifest), [_manifest(number, one, now) for one in counted])
            connection.execute(insert(tag), [_tag(number, one, now) for one in counted])
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
            alone.exec_driver_sql("VACUUM (ANALYZE) tag, manifest")
    engine.dispose()


def _manifest(repository_id: int, number: int, now: datetime) -> dict[str, Any]:
    return {
        "repository_id": repository_id,
        "digest": _digest(number),
        "media_type": MANIFEST_TYPE,
        "size": 500,
        "content_size": 500,
        "annotations": {},
        "body": b"{}",
        "pushed_at": now,
        "pushed_by": "",
    }


def _tag(repository_id: int, number: int, now: datetime) -> dict[str, Any]:
    age = timedelta(days=90 if number % DELETED_SHARE == 0 else 1, seconds=number)
    named = {"repository_id": repository_id, "name": f"build-{number}", "digest": _digest(number)}
    return named | {"valid_from": now - age, "pushed_at": now - age, "pushed_by": ""}


def _digest(number: int) -> str:
    return f"sha256:{number:064x}"


def _engine(database: str) -> Engine:
    url = make_url(database)
    driver = "postgresql+psycopg" if url.get_backend_name() == "postgresql" else "sqlite"
    return create_engine(url.set(drivername=driver))
