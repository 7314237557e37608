"""Live tests: the real server process, real clients, real databases.

A session has one server, `server`, which tests share: take names from `fresh_name`. What needs a
server of its own (other settings, a crash, a restart) asks `start_server`.
"""

import itertools
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.live.api import Api
from tests.live.certificates import Certificate, make_certificate
from tests.live.postgres import Postgres, running_postgres
from tests.live.process import Option, Server, end, make_server, running_server
from tests.live.s3 import S3, running_s3

StartServer = Callable[..., Server]

HERE = Path(__file__).parent
SERVERS = pytest.StashKey[list[Server]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is `live`: `pytest -m "not live"` is the quick half of the suite.

    Browsers come last: Playwright's loop runs from the first of their tests to the end, and no other can run meanwhile.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)
    items.sort(key=lambda item: HERE / "console" in item.path.parents)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        shared = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Server)]
        for server in {id(server): server for server in [*shared, *item.stash.get(SERVERS, [])]}.values():
            report.sections.append((f"log of the server on port {server.port}", server.log_tail()))
    return report


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with every setting at its default, shared by the tests of one pytest worker."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    """The shared server's management API, as its administrator."""
    with Api(server) as api:
        yield api


@pytest.fixture
def start_server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[StartServer]:
    """Starts servers of the test's own: `start_server(workers=2, environment={...}, upload_idle_seconds="5s")`.

    Options are settings by name. `wait=False` returns at once; `data=` shares another server's folder.
    """
    servers = request.node.stash.setdefault(SERVERS, [])
    numbers = itertools.count(1)

    def start(
        *, wait: bool = True, data: Path | None = None, environment: dict[str, str] | None = None, **options: Option
    ) -> Server:
        server = make_server(tmp_path / f"server-{next(numbers)}", environment=environment, **options)
        server.data = data or server.data
        servers.append(server)
        return server.start(wait=wait)

    yield start
    for server in reversed(servers):
        end(server)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """TLS files for 127.0.0.1: `start_server(tls_cert=certificate.certificate, tls_key=certificate.key)`."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """PostgreSQL: `start_server(database_url=postgres.new_database())`."""
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """S3: `start_server(storage_url=s3.new_bucket(), environment=s3.environment)`."""
    with running_s3(tmp_path_factory.mktemp("s3")) as s3:
        yield s3
