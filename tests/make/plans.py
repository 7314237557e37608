"""How a database would answer what was asked of it: whole tables read from end to end are found."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

Asked = list[tuple[str, Any]]


@contextmanager
def asked() -> Iterator[Asked]:
    """Every SELECT of the block, as the driver was given it, with its parameters."""
    found: Asked = []

    def note(_connection: Connection, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            found.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def scans(url: str, questions: Asked) -> list[str]:
    """The tables that some answer reads whole and by no index, each with the question."""
    parsed = make_url(url)
    is_postgres = parsed.get_backend_name() == "postgresql"
    engine = create_engine(parsed.set(drivername="postgresql+psycopg") if is_postgres else parsed)
    read = _read_by_postgres if is_postgres else _read_by_sqlite
    try:
        with engine.connect() as connection:
            return [
                f"{table}: {statement}"
                for statement, parameters in questions
                for table in read(connection, statement, parameters)
            ]
    finally:
        engine.dispose()


def _read_by_sqlite(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    """`SCAN table` walks all rows; with an index it may walk them in the order that is asked for, and stop."""
    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
        detail = str(row.detail)
        if detail.startswith("SCAN ") and " USING " not in detail:
            yield detail.split()[1]


def _read_by_postgres(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    """With small tables it likes to read them whole; told not to, it does where no index leads to the rows."""
    connection.exec_driver_sql("SET enable_seqscan = off")
    explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    plans = [one["Plan"] for one in explained]
    while plans:
        plan = plans.pop()
        plans += plan.get("Plans", ())
        if plan["Node Type"] == "Seq Scan":
            yield str(plan["Relation Name"])
