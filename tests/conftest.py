"""What suites outside `tests/live` share: databases of both kinds, and their statements compiled once."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from entrepot.db.database import Database
from entrepot.db.opening import open_database
from tests.live.postgres import Postgres, running_postgres
from tests.make import statements as _statements  # noqa: F401  # listens from its import on
from tests.make.databases import create_tables

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'entrepot.db'}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of either kind."""
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A database of either kind with all tables, empty."""
    create_tables(database_url)
    opened = open_database(database_url)
    yield opened
    await opened.close()
