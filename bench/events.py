"""An audit log of many events: what a push and a question cost beside a log of a hundred, and while it forgets."""

import asyncio
import http.client
import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing import connection, synchronize
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import Engine, case, create_engine, delete, func, insert, literal, make_url, select, update

from bench.client import MANIFEST_TYPE, push_image
from bench.figures import Figure
from bench.management import Caller
from bench.servers import ORGANIZATION, REPOSITORY, Target, new_token
from entrepot.accounts.tables import domain
from entrepot.audit.forget import forget_old
from entrepot.audit.room import Audit
from entrepot.audit.settings import AuditSettings
from entrepot.db.database import Database
from entrepot.db.opening import open_database
from entrepot.jobs.tables import current_xid, event, feed_position
from entrepot.plumbing.clock import SystemClock
from tests.live.api import Api
from tests.live.postgres import running_postgres
from tests.live.process import Server, running_server
from tests.make.estate import numbered, numbers

PUSHES = 400
KEPT_DAYS = 365
RARE_EACH = 100_000
PAGES = {
    "newest": "/v2/manage/audit?limit=100",
    "of one image": f"/v2/manage/audit?limit=100&subject={ORGANIZATION}/image77",
    "of one person": "/v2/manage/audit?limit=100&actor=user:u7",
    "from one address": "/v2/manage/audit?limit=100&address=10.0.0.7",
    "a rare type": "/v2/manage/audit?limit=100&type=user.created",
    "in one hour, a year ago": "/v2/manage/audit?limit=100&since=BEGIN&until=END",
    "refusals in one hour, a year ago": "/v2/manage/audit?limit=100&since=BEGIN&until=END&result=refused",
}


def measure(folder: Path, events: int) -> Iterator[Figure]:
    """Medians with a hundred events and with `events` of them, half of which are older than the log keeps."""
    with ExitStack() as running:
        postgres = running.enter_context(running_postgres())
        for kind, url in (("SQLite", None), ("PostgreSQL", postgres.new_database())):
            yield from _measured(folder / kind, kind, url, events)


def _measured(folder: Path, kind: str, url: str | None, events: int) -> Iterator[Figure]:
    options = {"environment": None, "workers": 1, "database_url": url}
    with running_server(folder, **options) as server:  # type: ignore[arg-type]  # each is one of its options
        with Api(server) as api:
            api.create_org(ORGANIZATION)
        target = Target(kind, server.port, server.pid, {})
        body = _manifest(target, server)
        yield _pushes(server, body, kind, "a hundred events")
    database = url or f"sqlite:///{server.data}/entrepot.db"
    began = time.perf_counter()
    _fill(database, events)
    yield Figure("audit: events written into the tables", kind, events / (time.perf_counter() - began), "events/s")
    with running_server(folder, **options) as server:  # type: ignore[arg-type]
        yield _pushes(server, body, kind, f"{events:,} events")
        caller = Caller(server, server.user)
        hour = datetime.now(UTC).replace(microsecond=0) - timedelta(days=KEPT_DAYS)
        for what, path in PAGES.items():
            asked = path.replace("BEGIN", _said(hour)).replace("END", _said(hour + timedelta(hours=1)))
            times = caller.times(asked)
            yield Figure(f"audit, {events:,} events: {what}", kind, median(times), "ms", note=_slowest(times))
        with _forgetting(database) as forgotten:
            yield _pushes(server, body, kind, f"{events:,} events, and old ones are forgotten")
        yield Figure("audit: events forgotten meanwhile", kind, forgotten.pop(), "events/s")


def _manifest(target: Target, server: Server) -> bytes:
    """The body of a manifest whose blobs are there."""
    headers = {"Authorization": f"Bearer {new_token(server)}"}
    path = push_image(Target(target.name, target.port, target.pid, headers), "1.0")
    to_server = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    to_server.request("GET", path, headers=headers)
    return to_server.getresponse().read()


def _pushes(server: Server, body: bytes, kind: str, what: str) -> Figure:
    """The median time in which a new manifest gets a new tag."""
    manifest = json.loads(body)
    headers = {"Authorization": f"Bearer {new_token(server)}", "Content-Type": MANIFEST_TYPE}
    to_server = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    times = []
    for number in range(PUSHES):
        manifest["annotations"] = {"number": f"{what} {number}"}
        started = time.perf_counter()
        path = f"/v2/{REPOSITORY}/manifests/{number}"
        to_server.request("PUT", path, json.dumps(manifest).encode(), headers)
        answer = to_server.getresponse()
        said = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"PUT {path}: {answer.status} {said[:500]!r}")
        times.append((time.perf_counter() - started) * 1_000)
    return Figure(f"push of a manifest, {what}", kind, median(times), "ms", note=_slowest(times))


def _slowest(times: list[float]) -> str:
    return f"99 % within {quantiles(times, n=100)[98]:.2f} ms"


def _said(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def _forgetting(url: str) -> Iterator[list[float]]:
    """A process beside the server forgets, as workers do. After the block: how many events a second."""
    made: list[float] = []
    stop = multiprocessing.Event()
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_forget_until, args=(url, stop, sender))
    process.start()
    try:
        yield made
    finally:
        stop.set()
        made.append(receiver.recv())
        process.join()


def _forget_until(url: str, stop: synchronize.Event, sender: "connection.Connection[float, None]") -> None:
    async def forget() -> None:
        clock = SystemClock()
        db = open_database(url, clock=clock)
        began, left = time.perf_counter(), await _oldest(db)
        ending = asyncio.create_task(forget_old(Audit(db, clock, AuditSettings(KEPT_DAYS))))
        await asyncio.to_thread(stop.wait)
        ending.cancel()
        with suppress(asyncio.CancelledError):
            await ending
        sender.send((await _oldest(db) - left) / (time.perf_counter() - began))
        await db.close()

    asyncio.run(forget())


async def _oldest(db: Database) -> int:
    """The number of the first event that is left."""
    async with db.reading() as tx:
        return int(await tx.value(select(func.min(event.c.seq))))


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed)


def _fill(url: str, events: int) -> None:
    """Events of two years, of 1,000 images and 100 people. Every consumer has read them."""
    engine = _engine(url)
    is_postgres = engine.dialect.name == "postgresql"
    number = numbers(events)
    begin, step = datetime.now(UTC) - timedelta(days=2 * KEPT_DAYS), 2 * KEPT_DAYS * 86_400 / events
    if is_postgres:
        at = literal(begin, event.c.time.type) + number * literal(timedelta(seconds=step))
    else:
        at = func.strftime("%Y-%m-%d %H:%M:%f000", literal(begin.timestamp()) + number * step, "unixepoch")
    with engine.begin() as tx:
        owner = tx.execute(select(domain.c.id).order_by(domain.c.created_at).limit(1)).scalar_one()
        tx.execute(delete(event))  # which are new and would be the oldest by their numbers
        columns = {
            "id": numbered("1", 1_000_000_000 + number),
            "type": case(
                (number % RARE_EACH == 0, "user.created"),
                (number % 50 == 0, "login.refused"),
                else_="image.pulled",
            ),
            "subject": numbered(f"{ORGANIZATION}/image", number % 1_000),
            "actor": numbered("user:u", number % 100),
            "time": at,
            "data": literal({"tag": "1.0", "digest": "sha256:" + 64 * "0"}, event.c.data.type),
            "domain_id": literal(owner),
            "organization": literal(ORGANIZATION),
            "address": numbered("10.0.0.", number % 250),
            "credential": literal("password"),
        }
        tx.execute(insert(event).from_select(list(columns), select(*columns.values())))
        tx.execute(update(feed_position).values(xid=current_xid(), seq=select(func.max(event.c.seq)).scalar_subquery()))
    if is_postgres:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
            alone.exec_driver_sql("VACUUM (ANALYZE) event")
    engine.dispose()
