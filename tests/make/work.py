"""Runs of jobs as the engine keeps them, without a worker that runs them."""

from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from entrepot.jobs.settings import NAME, QUEUE, SCHEMA, VERSION

EVENT = {"id": "e" * 32, "type": "test.happened", "subject": "acme/app", "data": {"tags": ["<b>"]}}


def furnish_work(url: str, waiting: int = 1, cancelled: int = 1) -> None:
    """The engine's tables at `url`, with runs `waiting-N` and `cancelled-N` of the job `test.job`, due nightly."""
    from dbos import DBOSClient, DBOSPortableJSONSerializer, run_dbos_database_migrations

    if url.startswith("postgresql"):
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            connection.execute(text("SET client_min_messages = error"))
            connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
        engine.dispose()
    run_dbos_database_migrations(url, schema=SCHEMA)
    client = DBOSClient(
        system_database_url=url,
        dbos_system_schema=SCHEMA,
        serializer=DBOSPortableJSONSerializer(),
        application_name=NAME,
    )
    try:
        client._sys_db.create_application_version(VERSION)  # as a worker does when it starts
        for state, count in (("waiting", waiting), ("cancelled", cancelled)):
            for number in range(count):
                run_id = f"{state}-{number}"
                options = {"workflow_name": "test.job", "queue_name": QUEUE, "workflow_id": run_id}
                client.enqueue({**options, "app_version": VERSION}, EVENT)  # type: ignore[typeddict-item]  # ours
                if state == "cancelled":
                    client.cancel_workflow(run_id)
        client.create_schedule(
            schedule_name="test.job", workflow_name="test.job", schedule="0 17 3 * * *", queue_name=QUEUE
        )
    finally:
        client.destroy()


def url_in(folder: Path) -> str:
    """Where the engine keeps its state in tests over SQLite."""
    return f"sqlite:///{folder / 'jobs.sqlite3'}"
