"""An empty database for each test that needs one, as cheaply as its kind can: a copied file, or emptied tables.

Import `database` (and `rooms`, over it) into a folder's `conftest.py`; a test then runs once for each kind.
"""

import shutil
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from entrepot.migrations import all_tables, upgrade
from tests.live.postgres import Postgres
from tests.make.rooms import Rooms, open_rooms

KINDS = ("sqlite", "postgresql")

_DELETED_BYTES_MAX = 262_144
# A test fills few tables with few rows. To truncate all, which makes new files of each, takes twenty times as long.
_EMPTY = """
CREATE FUNCTION empty_all() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica
SET client_min_messages = error AS $$
DECLARE
    name text;
    is_filled boolean;
    used record;
BEGIN
    FOREACH name IN ARRAY ARRAY[{tables}] LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO is_filled;
        IF pg_relation_size(CAST(format('%I', name) AS regclass)) > {most} THEN
            EXECUTE format('TRUNCATE %I CASCADE', name);
        ELSIF is_filled THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
    FOR used IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', used.sequencename);
    END LOOP;
END $$
"""


class Fresh:
    """Of PostgreSQL there is one database at a time: the next `url` empties it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._template: Path | None = None
        self._postgres: Engine | None = None

    def sqlite(self) -> str:
        if self._template is None:
            template = self._folder / "template.db"
            upgrade(f"sqlite:///{template}")
            self._template = template
        file = self._folder / f"{next(self._numbers)}.db"
        shutil.copyfile(self._template, file)
        return f"sqlite:///{file}"

    def postgresql(self, server: Postgres) -> str:
        if self._postgres is None:
            url = server.new_database()
            upgrade(url)
            self._postgres = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
            with self._postgres.begin() as connection:
                names = ", ".join(f"'{table.name}'" for table in all_tables().sorted_tables)
                connection.execute(text(_EMPTY.format(tables=names, most=_DELETED_BYTES_MAX)))
        with self._postgres.begin() as connection:
            connection.execute(text("SELECT empty_all()"))
        return self._postgres.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def close(self) -> None:
        if self._postgres is not None:
            self._postgres.dispose()


_STASHED = pytest.StashKey[Fresh]()


def fresh_url(request: pytest.FixtureRequest, kind: str) -> str:
    """The URL of a database with the schema and no rows. Ends the test when the kind is not installed."""
    stash = request.config.stash
    if _STASHED not in stash:
        made = stash[_STASHED] = Fresh(request.getfixturevalue("tmp_path_factory").mktemp("fresh"))
        request.config.add_cleanup(made.close)
    fresh = stash[_STASHED]
    return fresh.sqlite() if kind == "sqlite" else fresh.postgresql(request.getfixturevalue("postgres"))


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, in turn of every kind."""
    return fresh_url(request, request.param)


@pytest.fixture
async def rooms(tmp_path: Path, database: str) -> AsyncIterator[Rooms]:
    """An open house; the test runs once for each kind of database."""
    async with open_rooms(tmp_path, database) as rooms:
        yield rooms
