"""Databases for tests."""

from sqlalchemy import MetaData, create_engine, make_url

from entrepot.migrations import all_tables


def create_tables(url: str, tables: MetaData | None = None) -> None:
    """Create the schema (or `tables`) at `url`, quicker than the migrations do."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    with engine.begin() as connection:
        (tables or all_tables()).create_all(connection)
    engine.dispose()
