"""Signed calls of the management API in a large installation: 100,000 repositories and 1,000,000 tags."""

import http.client
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import parse_qsl

from sqlalchemy import create_engine, make_url

from bench import pages
from bench.figures import Figure
from tests.live.api import Api
from tests.live.postgres import running_postgres
from tests.live.process import Server, running_server
from tests.live.sdk.conftest import create_key
from tests.make import estate
from tests.make.signed import signed

CALLS = 200
WARM_CALLS = 20
MEMBER = "member"
MEASURE_SECONDS_MAX = 120.0

_REPOS = "/v2/manage/repos"
_TEAM = "/v2/manage/namespaces/team7"
_SERVICE = f"{_TEAM}/repos/service-10006"
# What is asked for; in what order the rows of a list come is said, as clients do.
PATHS = {
    "one organization": _TEAM,
    "one repository": _SERVICE,
    "one tag": f"{_SERVICE}/tags/1.100055",
    "its tags": f"{_SERVICE}/tags?limit=100&offset=0",
    "repositories, first page": f"{_REPOS}?limit=100&offset=0",
    "repositories, by name": f"{_REPOS}?limit=100&offset=0&order_column=name&order_type=asc",
    "repositories, page in the middle": f"{_REPOS}?limit=100&offset=MIDDLE",
    "repositories, last page": f"{_REPOS}?limit=100&offset=LAST",
    "repositories, filter by name": f"{_REPOS}?filter=name::service-777|limit::100|offset::0",
    "repositories, filter by organization": f"{_REPOS}?filter=namespace::team77|limit::100|offset::0",
    "repositories by marker": "/v3/manage/repos?limit=100&marker=50000",
}


def measure(folder: Path) -> Iterator[Figure]:
    """The median time of a call over one connection, for an administrator and for a member, on both databases."""
    with ExitStack() as running:
        postgres = running.enter_context(running_postgres())
        for kind, url in (("SQLite", None), ("PostgreSQL", postgres.new_database())):
            with running_server(folder / kind, environment=None, workers=1, database_url=url) as server:
                with Api(server) as api:
                    api.create_user(MEMBER, server.password)
                fill(url or f"sqlite:///{server.data}/entrepot.db")
                _wait_until_measured(server)
                yield from _measured(server, kind)
                yield from pages.measured(server, kind, MEMBER)


def fill(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    with engine.begin() as connection:
        estate.fill(connection, MEMBER)
    estate.settle(engine)
    engine.dispose()


def _wait_until_measured(server: Server) -> None:
    """As every hour: what there is much of is counted by a job."""
    deadline = time.monotonic() + MEASURE_SECONDS_MAX
    with Api(server) as api:
        api.client.post("/v2/manage/schedules/registry.measure_stores/start").raise_for_status()
        while api.client.get("/v2/manage/overview").json().get("measured_at") is None:
            if time.monotonic() > deadline:
                raise TimeoutError("the job that measures what is stored has not run")
            time.sleep(0.1)


def _measured(server: Server, kind: str) -> Iterator[Figure]:
    for name in (server.user, MEMBER):
        caller = Caller(server, name)
        total = caller.total(f"{_REPOS}?limit=1&offset=0")
        for what, path in PATHS.items():
            concrete = path.replace("MIDDLE", str(total // 2)).replace("LAST", str(max(total - 100, 0)))
            times = caller.times(concrete)
            note = f"99 % within {quantiles(times, n=100)[98]:.2f} ms"
            yield Figure(f"management call: {what}", f"entrepot, {kind}, {name}", median(times), "ms", note=note)


class Caller:
    """One user over one connection. The signature is made before the clock runs."""

    def __init__(self, server: Server, name: str) -> None:
        self._host = server.host
        self._key = create_key(server, name, server.password)
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def total(self, path: str) -> int:
        """How many rows the list at `path` has."""
        return int(self._get(path).rpartition("/")[2])

    def times(self, path: str) -> list[float]:
        """Milliseconds of each call."""
        for _ in range(WARM_CALLS):
            self._get(path)
        found = []
        for _ in range(CALLS):
            target, headers = self._signed(path)
            started = time.perf_counter()
            self._send(target, headers)
            found.append((time.perf_counter() - started) * 1_000)
        return found

    def _get(self, path: str) -> str:
        return self._send(*self._signed(path))

    def _signed(self, path: str) -> tuple[str, dict[str, str]]:
        bare, _, query = path.partition("?")
        return signed(self._key, "GET", bare, parse_qsl(query), at=datetime.now(UTC), host=self._host)

    def _send(self, path: str, headers: dict[str, str]) -> str:
        """The `Content-Range` of the answer."""
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {said[:500]!r}")
        return answer.headers.get("Content-Range", "")
