"""The migrations lead to the tables that the rooms declare, from nothing, once, however many start at once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from runpy import run_path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, column, create_engine, func, inspect, make_url, select, table, text
from sqlalchemy.types import TypeEngine

from entrepot.migrations import FOLDER, SchemaNewer, all_tables, newest_revision, upgrade, versions
from entrepot.migrations.name_parts import INDEX
from entrepot.values.errors import DatabaseUnreachable
from tests.live.api import fresh_name


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def schema(url: str) -> dict[str, Any]:
    """Everything the database says of its tables, comparable."""
    with connected(url) as connection:
        found = inspect(connection)
        questions = (
            found.get_columns,
            found.get_indexes,
            found.get_foreign_keys,
            found.get_unique_constraints,
            found.get_table_options,
        )
        return {table: [comparable(ask(table)) for ask in questions] for table in found.get_table_names()}


def differences(connection: Connection, **options: bool) -> list[Any]:
    """Between the tables that are there and those that are declared."""

    def counts(_object: object, name: str | None, kind: str, _is_there: bool, _declared: object) -> bool:
        return (kind, name) != ("index", INDEX)

    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": counts, **options})
    found: list[Any] = compare_metadata(context, all_tables())
    return found


def contents(url: str) -> dict[str, int | str]:
    """How many rows each table has, and which version says it made them."""
    with connected(url) as connection:
        tables = inspect(connection).get_table_names()
        rows = {name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in tables}
        return rows | {"version": connection.execute(select(versions.c.version_num)).scalar_one()}


def comparable(said: object) -> object:
    match said:
        case dict():
            return {key: comparable(value) for key, value in said.items()}
        case list():
            return sorted(map(comparable, said), key=str)
        case TypeEngine():
            return repr(said)
        case _:
            return str(said)


def migrate(url: str) -> None:
    """What an installation of long ago goes through: every migration. `upgrade` alone creates new ones."""
    with connected(url) as connection:
        versions.create(connection, checkfirst=True)
    upgrade(url)


def test_the_migrated_schema_is_the_declared_one(database_url: str) -> None:
    migrate(database_url)

    with connected(database_url) as connection:
        assert differences(connection, compare_server_default=connection.dialect.name == "sqlite") == []


def test_a_new_installation_is_created_as_the_migrations_would_make_it(
    database_url: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also what the comparison above does not see: names of constraints, collations, partial indexes, rows."""
    is_sqlite = database_url.startswith("sqlite")
    folder = tmp_path_factory.mktemp("created")
    created = f"sqlite:///{folder / 'created.db'}" if is_sqlite else request.getfixturevalue("postgres").new_database()

    upgrade(created)
    migrate(database_url)

    assert schema(database_url) == schema(created)
    assert contents(database_url) == contents(created)


def test_a_new_installation_in_a_database_that_others_use_leaves_theirs_alone(database_url: str) -> None:
    with connected(database_url) as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))

    upgrade(database_url)

    assert {"theirs", "alembic_version", "blob"} <= set(schema(database_url))


def test_the_second_run_does_nothing(database_url: str) -> None:
    upgrade(database_url)
    with connected(database_url) as connection:
        connection.execute(text("INSERT INTO blob VALUES ('sha256:0', 1, '2026-01-01 00:00:00')"))
    before = schema(database_url)

    upgrade(database_url)

    assert schema(database_url) == before
    with connected(database_url) as connection:
        assert connection.execute(text("SELECT count(*) FROM blob")).scalar() == 1


def test_a_schema_from_the_future_is_refused_and_left_alone(database_url: str) -> None:
    upgrade(database_url)
    with connected(database_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = schema(database_url)

    with pytest.raises(SchemaNewer, match="9999"):
        upgrade(database_url)

    assert schema(database_url) == before


def test_a_failed_creation_leaves_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError("the power failed")

    with monkeypatch.context() as failing:
        failing.setattr(versions, "create", fail)
        with pytest.raises(OSError, match="power"):
            upgrade(database_url)

    assert schema(database_url) == {}


def test_replicas_that_start_together_upgrade_once(database_url: str) -> None:
    command = "import sys; from entrepot.migrations import upgrade; upgrade(sys.argv[1])"

    together = [subprocess.Popen([sys.executable, "-c", command, database_url]) for _ in range(3)]

    assert [process.wait(60) for process in together] == [0, 0, 0]
    with connected(database_url) as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [
            newest_revision()
        ]


def test_a_failed_migration_changes_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema changes whole or not at all, so that the next start can try again."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError("the power failed")

    with monkeypatch.context() as failing:
        failing.setattr("alembic.op.create_index", fail)
        with pytest.raises(OSError, match="power"):
            migrate(database_url)

    assert set(schema(database_url)) == {"alembic_version"}
    upgrade(database_url)
    with connected(database_url) as connection:
        assert differences(connection) == []


def test_memberships_in_groups_that_a_provider_maps_become_its_own(database_url: str) -> None:
    upgrade(database_url)
    tables = all_tables().tables
    at = datetime(2026, 1, 1, tzinfo=UTC)
    provider = {"id": "p", "domain_id": "d", "name": "corp", "kind": "oidc", "is_enabled": True, "created_at": at}
    groups = [{"id": one, "domain_id": "d", "name": one, "description": "", "created_at": at} for one in ("dev", "own")]
    users = [
        {"id": one, "domain_id": "d", "name": one, "password_hash": "", "is_admin": False, "is_enabled": True}
        for one in ("ann", "ben")
    ]
    linked = {"provider_id": "p", "subject": "1", "user_id": "ann", "created_at": at}
    pairs = [("ann", "dev"), ("ann", "own"), ("ben", "dev")]

    with connected(database_url) as connection:
        connection.execute(text("ALTER TABLE membership DROP COLUMN given_by"))
        connection.execute(tables["domain"].insert(), {"id": "d", "name": "d", "created_at": at})
        connection.execute(tables["identity_provider"].insert(), {**provider, "settings": {"groups": {"x": "dev"}}})
        connection.execute(tables["group"].insert(), groups)
        connection.execute(tables["user"].insert(), [{**one, "created_at": at} for one in users])
        connection.execute(tables["identity"].insert(), linked)
        before = [{"member": f"user:{user}", "group": f"group:{group}"} for user, group in pairs]
        connection.execute(table("membership", column("member"), column("group")).insert(), before)
        with Operations.context(MigrationContext.configure(connection)):
            run_path(str(FOLDER / "versions" / "0014_given_memberships.py"))["upgrade"]()
        found = connection.execute(select(tables["membership"])).all()

    given = {(row.member, row.group): row.given_by for row in found}
    assert given == {
        ("user:ann", "group:dev"): "provider:p",
        ("user:ann", "group:own"): None,
        ("user:ben", "group:dev"): None,
    }


def test_tags_of_mirrors_were_asked_about_as_long_ago_as_they_are_fresh(database_url: str) -> None:
    upgrade(database_url)
    tables = all_tables().tables
    at = datetime(2026, 1, 1, tzinfo=UTC)
    owner = {"id": 1, "domain_id": "d", "name": "hub", "creator_id": "a", "created_at": at}
    image = {"id": 1, "organization_id": 1, "path": "hub/nginx", "name": "nginx", "category": "", "description": ""}
    of_tags = {"repository_id": 1, "digest": "sha256:1", "valid_from": at, "pushed_at": at, "pushed_by": "a"}
    upstream = {"organization_id": 1, "host": "docker.io", "endpoints": [], "sealed": b"", "creator_id": "a"}
    times = {"asked": 1_300, "again": 0, "own": None}

    with connected(database_url) as connection:
        connection.execute(text("ALTER TABLE upstream ADD COLUMN fresh_seconds INTEGER"))
        connection.execute(tables["domain"].insert(), {"id": "d", "name": "d", "created_at": at})
        connection.execute(
            tables["organization"].insert(), {**owner, "allows_sparse": False, "public_by_default": False}
        )
        connection.execute(
            tables["repository"].insert(), {**image, "creator_id": "a", "created_at": at, "updated_at": at}
        )
        connection.execute(
            tables["tag"].insert(), [{**of_tags, "name": name, "asked_at": until} for name, until in times.items()]
        )
        policy = {"stale_seconds": 1, "absent_seconds": 1, "fetches_max": 1, "created_at": at, "changed_at": at}
        connection.execute(tables["upstream"].insert(), {**upstream, **policy})
        connection.execute(text("UPDATE upstream SET fresh_seconds = 300"))
        connection.execute(text("ALTER TABLE organization DROP COLUMN fresh_seconds"))
        connection.execute(text("ALTER TABLE tag RENAME COLUMN asked_at TO fresh_until"))
        with Operations.context(MigrationContext.configure(connection)):
            run_path(str(FOLDER / "versions" / "0041_asked.py"))["upgrade"]()
        found = {row.name: row.asked_at for row in connection.execute(select(tables["tag"]))}
        seconds = connection.execute(select(tables["organization"].c.fresh_seconds)).scalar_one()
        assert differences(connection) == []

    assert (found, seconds) == ({"asked": 1_000, "again": 0, "own": None}, 300)


def test_names_have_an_index_of_their_parts_also_where_its_extension_came_later(postgres_url: str) -> None:
    upgrade(postgres_url)
    with connected(postgres_url) as connection:
        assert has_parts_index(connection)
        connection.execute(text("DROP EXTENSION pg_trgm CASCADE"))
        assert not has_parts_index(connection)

    upgrade(postgres_url)

    with connected(postgres_url) as connection:
        assert has_parts_index(connection)


def test_whoever_may_not_create_the_extension_does_without_that_index(postgres_url: str) -> None:
    plain = fresh_name("plain").replace("-", "_")
    with connected(postgres_url) as connection:
        connection.execute(text(f"CREATE ROLE {plain} LOGIN"))
        connection.execute(text(f"GRANT ALL ON SCHEMA public TO {plain}"))
    theirs = make_url(postgres_url).set(username=plain).render_as_string()

    upgrade(theirs)
    upgrade(theirs)

    with connected(theirs) as connection:
        assert not has_parts_index(connection)
        assert differences(connection) == []
    with connected(postgres_url) as connection:
        connection.execute(text(f"DROP OWNED BY {plain}"))
        connection.execute(text(f"DROP ROLE {plain}"))


def has_parts_index(connection: Connection) -> bool:
    return any(one["name"] == INDEX for one in inspect(connection).get_indexes("repository"))


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/nothing", "sqlite:////nowhere/at/all.db"])
def test_a_database_that_is_not_there_is_told_in_a_sentence(url: str) -> None:
    with pytest.raises(DatabaseUnreachable, match="cannot be reached"):
        upgrade(url)


def test_the_newest_file_is_what_alembic_calls_the_head():
    from alembic.script import ScriptDirectory

    from entrepot.migrations import FOLDER

    assert ScriptDirectory(str(FOLDER)).get_current_head() == newest_revision()
