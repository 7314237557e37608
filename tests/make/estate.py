"""A large installation, written straight into the tables: what lists and management calls are measured on.

Ten repositories in an organization, ten tags and two manifests in a repository, two labels of a manifest. Everything
belongs to the first domain. Its member is an editor in some organizations and a reader of some single
repositories, as people are. Every tenth repository is shared with the domain `guests`.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Integer, String, Table, cast, func, literal, select, text

from entrepot.access.actor import admins_of, subject_of_domain
from entrepot.access.levels import Level
from entrepot.access.tables import grant
from entrepot.accounts.tables import domain, user
from entrepot.registry.tables import (
    blob,
    manifest,
    organization,
    repository,
    repository_blob,
    share,
    tag,
    version_label,
)

MEMBER_OF = 50
READER_OF = 200

_MEMBERS_EACH = 5
_REPOSITORIES_EACH = 10
_TAGS_EACH = 10
_SETTLE_SECONDS_MAX = 30.0
_ALL_VISIBLE = text("SELECT relallvisible >= relpages FROM pg_class WHERE oid = CAST(quote_ident(:table) AS regclass)")
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_BODY = b'{"schemaVersion":2,"layers":[]}'


def fill(connection: Connection, member: str, organizations: int = 10_000) -> None:
    """Put all of it into a database that a server has begun; `member` is the name of a user there.

    PostgreSQL is made ready by `settle`, outside of the transaction.
    """
    owner = connection.execute(select(domain.c.id).order_by(domain.c.created_at).limit(1)).scalar_one()
    member_id = connection.execute(select(user.c.id).where(user.c.name == member)).scalar_one()
    one, repositories = literal(_NOW, organization.c.created_at.type), organizations * _REPOSITORIES_EACH

    number = numbers(organizations)
    _insert(
        connection, organization, id=number, domain_id=literal(owner), name=_organization(number),
        creator_id=literal(member_id), allows_sparse=literal(False), public_by_default=literal(False), created_at=one,
    )  # fmt: skip
    connection.execute(
        repository.insert(), [_repository(one, organizations, member_id) for one in range(1, repositories + 1)]
    )
    number = numbers(repositories)
    _insert(connection, blob, digest=_digest(number), size=number * 1_000, stored_at=one)
    _insert(connection, repository_blob, repository_id=number, digest=_digest(number), linked_at=one)
    number = numbers(2 * repositories)
    _insert(
        connection, manifest, repository_id=_group(number, 2), digest=_digest(number),
        media_type=literal("application/vnd.oci.image.manifest.v1+json"), size=literal(len(_BODY)),
        content_size=number, annotations=literal({}, manifest.c.annotations.type), body=literal(_BODY),
        pushed_at=one, pushed_by=literal(f"user:{member_id}"),
    )  # fmt: skip
    # Every manifest has a label that all have, and one of its own; in the order in which manifests were numbered.
    for place, key, value in ((0, "team", literal("red")), (1, "revision", numbered("r", number))):
        _insert(
            connection, version_label, manifest_id=number, number=literal(place), repository_id=_group(number, 2),
            key=literal(key), value=value,
        )  # fmt: skip
    number = numbers(_TAGS_EACH * repositories)
    _insert(
        connection, tag, repository_id=_group(number, _TAGS_EACH), name=numbered("1.", number),
        digest=_digest(_group(number, _TAGS_EACH) * 2), valid_from=one, pushed_at=one,
        pushed_by=literal(f"user:{member_id}"),
    )  # fmt: skip
    number = numbers(organizations)
    _grant(connection, number, literal(admins_of(owner)), Level.MANAGE, _organization(number))
    number = numbers(_MEMBERS_EACH * organizations)
    other = literal("user:other").concat(cast(number % (organizations // 5), String))
    _grant(connection, number, other, Level.READ, _organization(_group(number, _MEMBERS_EACH)))
    number = numbers(MEMBER_OF)
    _grant(connection, number, literal(f"user:{member_id}"), Level.EDIT, _organization(number * 7))
    number = numbers(READER_OF)
    _grant(connection, number, literal(f"user:{member_id}"), Level.READ, _path(number * 11, organizations))
    guests = "f" * 32
    connection.execute(domain.insert().values(id=guests, name="guests", created_at=_NOW))
    number = numbers(repositories // 10)
    _grant(connection, number, literal(subject_of_domain(guests)), Level.READ, _path(number * 10, organizations))
    _insert(
        connection, share, repository_id=number * 10, domain_id=literal(guests), description=literal(""),
        creator_id=literal(member_id), created_at=one, updated_at=one,
    )  # fmt: skip


def settle(engine: Engine) -> None:
    """What PostgreSQL does by itself within minutes: statistics, and the map by which an index alone answers.

    SQLite's planner is told nothing, here as elsewhere.
    """
    if engine.dialect.name != "postgresql":
        return
    deadline = time.monotonic() + _SETTLE_SECONDS_MAX
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in (organization, repository, blob, repository_blob, manifest, version_label, tag, grant, share):
            connection.exec_driver_sql(f'VACUUM (ANALYZE) "{table.name}"')
            # A transaction that began before the rows were there keeps a page from being marked.
            while not connection.scalar(_ALL_VISIBLE, {"table": table.name}) and time.monotonic() < deadline:
                connection.exec_driver_sql(f'VACUUM "{table.name}"')


def numbers(count: int) -> ColumnElement[int]:
    """A column that runs from 1 to `count`."""
    first = select(literal(1, Integer).label("number")).cte("numbers", recursive=True)
    return first.union_all(select(first.c.number + 1).where(first.c.number < count)).c.number


def _insert(connection: Connection, table: Table, **values: ColumnElement[Any]) -> None:
    """A row for each number that the values are made of."""
    connection.execute(table.insert().from_select(list(values), select(*values.values()), include_defaults=False))


def _repository(number: int, organizations: int, creator_id: str) -> dict[str, object]:
    """Changed at a time of its own: lists sort by it."""
    owner, changed = number % organizations + 1, _NOW + timedelta(seconds=number * 7_919 % 10_000_019)
    return {
        "id": number,
        "organization_id": owner,
        "path": f"team{owner}/service-{number}",
        "name": f"service-{number}",
        "category": "other",
        "description": "",
        "creator_id": creator_id,
        "created_at": _NOW,
        "updated_at": changed,
    }


def _grant(
    connection: Connection,
    number: ColumnElement[int],
    subject: ColumnElement[str],
    level: Level,
    scope: ColumnElement[str],
) -> None:
    _insert(
        connection, grant, scope=scope, subject=subject,
        level=literal(int(level)), created_at=literal(_NOW, grant.c.created_at.type), created_by=literal("*"),
    )  # fmt: skip


def numbered(prefix: str, number: ColumnElement[int]) -> ColumnElement[str]:
    """The prefix with the number behind it."""
    return literal(prefix).concat(cast(number, String))


def _organization(number: ColumnElement[int]) -> ColumnElement[str]:
    return numbered("team", number)


def _path(number: ColumnElement[int], organizations: int) -> ColumnElement[str]:
    return _organization(number % organizations + 1).concat("/").concat(numbered("service-", number))


def _group(number: ColumnElement[int], size: int) -> ColumnElement[int]:
    """The number of the group of `size` that a number falls into, from 1 on."""
    return cast(func.floor((number - 1) / size), Integer) + 1


def _digest(number: ColumnElement[int]) -> ColumnElement[str]:
    """Sixty-four digits that stand for no content."""
    padded = literal("0" * 64).concat(cast(number, String))
    return literal("sha256:").concat(func.substr(padded, func.length(padded) - 63, 64))
