"""The worker as a process: what it was doing when it died goes on, at the step it was in."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from entrepot.db.database import Database
from entrepot.db.opening import open_database
from entrepot.jobs.events import Event, publish
from entrepot.jobs.tables import feed_position
from tests.jobs.worker_under_test import Failing, Pushed
from tests.live.postgres import Postgres, running_postgres
from tests.make.databases import create_tables
from tests.make.waiting import until

NOW = datetime(2026, 1, 1, 12, 0, 0, 123456, UTC)
pytestmark = pytest.mark.live

UNDER_TEST = [sys.executable, "-m", "tests.jobs.worker_under_test"]
FIRST = f"a first {{}} {NOW.isoformat()}"


@dataclass
class Workers:
    """Worker processes over one folder and one database."""

    folder: Path
    database_url: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, command: list[str] | None = None, **settings: str) -> subprocess.Popen[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ENTREPOT_")}
        wanted = {"data": str(self.folder), "database_url": self.database_url, "drain_seconds": "5", **settings}
        variables = {f"ENTREPOT_{name.upper()}": value for name, value in wanted.items()}
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command or [*UNDER_TEST, str(self.folder)], env={**kept, **variables}, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def go(self) -> None:
        (self.folder / "go").touch()

    @property
    def marks(self) -> list[str]:
        return (self.folder / "marks").read_text().splitlines()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    async def marked(self, *texts: str) -> None:
        """Return when all of these marks were left."""
        try:
            await until(lambda: set(texts) <= set(self.marks), 30)
        except TimeoutError:
            pytest.fail(f"{texts} not in {self.marks}\n{self.log}")


StartWorkers = Callable[[str], Workers]


@pytest.fixture
def workers_at(tmp_path: Path) -> Iterator[StartWorkers]:
    """Workers at the database with this URL, which gets its tables; none is left after the test."""
    opened: list[Workers] = []

    def open_workers(url: str) -> Workers:
        create_tables(url)
        (tmp_path / "marks").touch()
        opened.append(Workers(tmp_path, url))
        return opened[-1]

    yield open_workers
    for process in (process for workers in opened for process in workers.processes):
        process.kill()
        process.wait()


@pytest.fixture
def workers(workers_at: StartWorkers, db: Database, database_url: str) -> Workers:
    return workers_at(database_url)


async def happen(db: Database, *events: Event) -> None:
    async with db.writing() as tx:
        await publish(tx, *events, actor="user:1", at=NOW)


def ended(process: subprocess.Popen[bytes], seconds: float = 30) -> int:
    return process.wait(seconds)


async def test_a_killed_worker_goes_on_at_the_step_it_was_in(db: Database, workers: Workers) -> None:
    await happen(db, Pushed("a"))
    first = workers.start()
    await workers.marked("a second begins, remembered")
    first.kill()
    ended(first)

    workers.go()
    workers.start()
    await workers.marked("a third")

    about = [mark for mark in workers.marks if mark.startswith("a ")]
    assert about == [FIRST, "a second begins, remembered", "a second begins, remembered", "a second ends", "a third"]


async def test_a_step_that_is_running_is_finished_before_the_worker_stops(db: Database, workers: Workers) -> None:
    await happen(db, Pushed("a"))
    first = workers.start()
    await workers.marked("a second begins, remembered")
    first.terminate()
    await asyncio.sleep(0.3)
    assert first.poll() is None, "it waits for the step"
    workers.go()

    assert ended(first) == 0
    assert "a second ends" in workers.marks
    assert "a third" not in workers.marks, "no step begins any more"

    workers.start()
    await workers.marked("a third")
    assert workers.marks.count("a second begins, remembered") == 1, "its end was written down"


async def test_a_step_that_does_not_end_is_cut_off_and_runs_again(db: Database, workers: Workers) -> None:
    await happen(db, Pushed("a"))
    first = workers.start(drain_seconds="1")
    await workers.marked("a second begins, remembered")
    first.terminate()

    assert ended(first) == 0
    assert "cut off" in workers.log

    workers.go()
    workers.start()
    await workers.marked("a third")
    assert workers.marks.count("a second begins, remembered") == 2


async def test_an_event_that_is_dispatched_twice_is_reacted_to_once(db: Database, workers: Workers) -> None:
    workers.go()
    await happen(db, Pushed("a"))
    first = workers.start()
    await workers.marked("a third")
    first.terminate()
    ended(first)
    async with db.writing() as tx:
        await tx.run(update(feed_position).values(xid=0, seq=0))
    await happen(db, Pushed("b"))

    workers.start()
    await workers.marked("b third")

    assert workers.marks.count("a third") == workers.marks.count("b third") == 1


async def test_a_step_that_fails_is_tried_again_and_a_refusal_is_not(db: Database, workers: Workers) -> None:
    await happen(db, Failing("a"))
    worker = workers.start()
    await workers.marked("a refused")
    await until(lambda: "a run failed" in workers.log)

    assert workers.marks.count("a flaky") == 3
    assert workers.marks.count("a refused") == 1
    assert "a never" not in workers.marks
    assert worker.poll() is None


async def test_what_is_due_by_the_clock_happens_and_at_start_when_it_says_so(workers: Workers) -> None:
    worker = workers.start()
    await workers.marked("start")
    await until(lambda: workers.marks.count("tick") >= 2, 30)
    worker.terminate()

    assert ended(worker) == 0
    assert workers.marks.count("start") == 1


async def test_an_idle_worker_stops_at_once_and_says_little(workers: Workers) -> None:
    worker = workers.start()
    await workers.marked("start")
    begun = time.monotonic()
    worker.terminate()

    assert ended(worker) == 0
    assert time.monotonic() - begun < 5
    lines = [line for line in workers.log.splitlines() if line]
    assert len(lines) == 2, workers.log
    assert "the job worker works" in lines[0] and "the job worker stopped" in lines[1]


async def test_the_second_worker_on_sqlite_waits_for_the_seat_and_gives_up(
    workers_at: StartWorkers, sqlite_url: str
) -> None:
    workers = workers_at(sqlite_url)
    first = workers.start()
    await workers.marked("start")
    second = workers.start(drain_seconds="0")
    third = workers.start(drain_seconds="30")

    assert ended(second) == 1
    assert "Another job worker is at work" in workers.log
    await until(lambda: workers.log.count("waits for another one") == 2, 30)
    third.terminate()
    assert ended(third) == 0, "told to stop while it waits"
    first.terminate()
    assert ended(first) == 0


async def test_a_worker_that_nobody_replaces_is_replaced_by_the_others(
    postgres_url: str, workers_at: StartWorkers, open_db: Callable[[str], Database]
) -> None:
    workers = workers_at(postgres_url)
    db = open_db(postgres_url)
    await happen(db, Pushed("a"))
    first = workers.start()
    await workers.marked("a second begins, remembered")
    second = workers.start()
    await until(lambda: workers.log.count("the job worker works") == 2, 30)
    first.kill()
    ended(first)
    workers.go()

    await workers.marked("a third")

    assert workers.marks.count(FIRST) == 1
    await happen(db, Pushed("b"))
    await workers.marked("b third")  # it dispatches, too
    second.terminate()
    assert ended(second) == 0


@pytest.fixture
async def open_db() -> AsyncIterator[Callable[[str], Database]]:
    opened: list[Database] = []

    def open_one(url: str) -> Database:
        opened.append(open_database(url))
        return opened[-1]

    yield open_one
    for db in opened:
        await db.close()


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    with running_postgres() as postgres:
        yield postgres


async def test_a_worker_outlives_a_restart_of_its_database(
    own_postgres: Postgres, workers_at: StartWorkers, open_db: Callable[[str], Database]
) -> None:
    url = own_postgres.new_database()
    workers = workers_at(url)
    workers.go()
    worker = workers.start()
    await workers.marked("start")
    await until(lambda: workers.marks.count("tick") >= 1, 30)
    os.sync()
    own_postgres.stop()
    await asyncio.sleep(1)
    own_postgres.start()

    db = open_db(url)
    create_tables(url)  # a server without fsync may have lost them
    await happen(db, Pushed("a"))
    await workers.marked("a third")
    worker.terminate()
    assert ended(worker, 20) == 0


async def test_a_worker_stops_while_its_database_is_away(own_postgres: Postgres, workers_at: StartWorkers) -> None:
    url = own_postgres.new_database()
    workers = workers_at(url)
    worker = workers.start()
    await workers.marked("start")
    own_postgres.stop()
    await asyncio.sleep(1)
    worker.send_signal(signal.SIGTERM)

    assert ended(worker, 60) == 0, workers.log


async def test_a_worker_stops_while_its_database_does_not_answer(
    own_postgres: Postgres, workers_at: StartWorkers
) -> None:
    workers = workers_at(own_postgres.new_database())
    worker = workers.start(drain_seconds="0")
    await workers.marked("start")

    with own_postgres.frozen():
        worker.send_signal(signal.SIGTERM)

        assert ended(worker, 60) == 0, workers.log


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "entrepot", "worker", "--child"])
print(child.pid, flush=True)
child.wait()
"""


async def test_a_worker_dies_with_the_server_that_started_it(tmp_path: Path, sqlite_url: str) -> None:
    create_tables(sqlite_url)
    environment = {**os.environ, "ENTREPOT_DATA": str(tmp_path), "ENTREPOT_DATABASE_URL": sqlite_url}
    log = (tmp_path / "log").open("wb")
    parent = subprocess.Popen(  # noqa: ASYNC220  # it waits for nothing
        [sys.executable, "-c", PARENT], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    await until(lambda: "the job worker works" in (tmp_path / "log").read_text(), 30)

    parent.kill()
    parent.wait()

    await until(lambda: not is_alive(child))
    parent.stdout.close()
    log.close()


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
