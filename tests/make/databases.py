"""Empty databases with the schema of today, one for each test, of both kinds."""

import shutil
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from entrepot.migrations import all_tables, upgrade
from tests.live.postgres import running_postgres

KINDS = ("sqlite", "postgresql")


class Databases:
    """Makes them as cheaply as each kind can: a copied file, or one server whose tables are emptied.

    There is only one of PostgreSQL at a time: the next `fresh` empties it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._template: Path | None = None
        self._postgres = ""
        self._open = ExitStack()

    def fresh(self, kind: str) -> str:
        """The URL of a database without rows. Ends the test (`parts.missing`) when the kind is not installed."""
        return self._sqlite() if kind == "sqlite" else self._postgresql()

    def close(self) -> None:
        self._open.close()

    def _sqlite(self) -> str:
        if self._template is None:
            template = self._folder / "template.db"
            upgrade(f"sqlite:///{template}")
            engine = create_engine(f"sqlite:///{template}")
            with engine.connect() as connection:  # so that the file alone is the whole database
                connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
            engine.dispose()
            self._template = template
        file = self._folder / f"{next(self._numbers)}.db"
        shutil.copyfile(self._template, file)
        return f"sqlite:///{file}"

    def _postgresql(self) -> str:
        if not self._postgres:
            url = self._open.enter_context(running_postgres()).new_database()
            upgrade(url)
            self._postgres = url
        engine = create_engine(make_url(self._postgres).set(drivername="postgresql+psycopg"))
        tables = ", ".join(f'"{table.name}"' for table in all_tables().sorted_tables)
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        engine.dispose()
        return self._postgres
