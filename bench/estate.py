"""A large installation, written straight into the tables: what lists and management calls are measured on.

10,000 organizations, 100,000 repositories, 1,000,000 tags; two manifests a repository. Everything
belongs to the first domain. The user of the measurements is an editor in some organizations and
a reader of some single repositories, as people are.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Integer, Select, String, Table, cast, func, literal, select

from entrepot.access.actor import admins_of
from entrepot.access.levels import Level
from entrepot.access.tables import grant
from entrepot.accounts.tables import domain, user
from entrepot.registry.tables import blob, manifest, organization, repository, repository_blob, tag

ORGANIZATIONS = 10_000
REPOSITORIES = 100_000
TAGS = 1_000_000
MEMBER_OF = 50
READER_OF = 200

_TAGS_EACH = TAGS // REPOSITORIES
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_BODY = b'{"schemaVersion":2,"layers":[]}'


def fill(connection: Connection, member: str) -> None:
    """Put all of it into a database that a server has begun; `member` is the name of a user there.

    The planner is told by `analyze`, in a transaction of its own.
    """
    owner = connection.execute(select(domain.c.id).order_by(domain.c.created_at).limit(1)).scalar_one()
    member_id = connection.execute(select(user.c.id).where(user.c.name == member)).scalar_one()
    one = literal(_NOW, organization.c.created_at.type)

    number = _numbers(ORGANIZATIONS)
    _insert(
        connection, organization, number, id=number, domain_id=literal(owner), name=_organization(number),
        creator_id=literal(member_id), allows_sparse=literal(False), created_at=one,
    )  # fmt: skip
    connection.execute(repository.insert(), [_repository(one, member_id) for one in range(1, REPOSITORIES + 1)])
    number = _numbers(REPOSITORIES)
    _insert(connection, blob, number, digest=_digest(number), size=number * 1_000, stored_at=one)
    _insert(connection, repository_blob, number, repository_id=number, digest=_digest(number), linked_at=one)
    number = _numbers(2 * REPOSITORIES)
    _insert(
        connection, manifest, number, repository_id=_group(number, 2), digest=_digest(number),
        media_type=literal("application/vnd.oci.image.manifest.v1+json"), size=literal(len(_BODY)),
        content_size=number, annotations=literal({}, manifest.c.annotations.type), body=literal(_BODY),
        pushed_at=one, pushed_by=literal(f"user:{member_id}"),
    )  # fmt: skip
    number = _numbers(TAGS)
    _insert(
        connection, tag, number, repository_id=_group(number, _TAGS_EACH), name=_text("1.", number),
        digest=_digest(_group(number, _TAGS_EACH) * 2), valid_from=one, pushed_by=literal(f"user:{member_id}"),
    )  # fmt: skip
    number = _numbers(ORGANIZATIONS)
    _grant(connection, number, admins_of(owner), Level.MANAGE, _organization(number))
    number = _numbers(MEMBER_OF)
    _grant(connection, number, f"user:{member_id}", Level.EDIT, _organization(number * 7))
    number = _numbers(READER_OF)
    _grant(connection, number, f"user:{member_id}", Level.READ, _path(number * 11))


def analyze(connection: Connection) -> None:
    for table in (organization, repository, blob, repository_blob, manifest, tag, grant):
        connection.exec_driver_sql(f'ANALYZE "{table.name}"')


def _numbers(count: int) -> ColumnElement[int]:
    """A column that runs from 1 to `count`."""
    first = select(literal(1, Integer).label("number")).cte("numbers", recursive=True)
    return first.union_all(select(first.c.number + 1).where(first.c.number < count)).c.number


def _insert(connection: Connection, table: Table, number: ColumnElement[int], **values: ColumnElement[object]) -> None:
    rows: Select[tuple[object, ...]] = select(*values.values()).select_from(number.table)  # type: ignore[attr-defined]  # a column of a CTE
    connection.execute(table.insert().from_select(list(values), rows, include_defaults=False))


def _repository(number: int, creator_id: str) -> dict[str, object]:
    """Changed at a time of its own: lists sort by it."""
    owner, changed = number % ORGANIZATIONS + 1, _NOW + timedelta(seconds=number * 7_919 % 10_000_019)
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
    connection: Connection, number: ColumnElement[int], subject: str, level: Level, scope: ColumnElement[str]
) -> None:
    _insert(
        connection, grant, number, scope=scope, subject=literal(subject),
        level=literal(int(level)), created_at=literal(_NOW, grant.c.created_at.type), created_by=literal("*"),
    )  # fmt: skip


def _text(prefix: str, number: ColumnElement[int]) -> ColumnElement[str]:
    return literal(prefix).concat(cast(number, String))


def _organization(number: ColumnElement[int]) -> ColumnElement[str]:
    return _text("team", number)


def _path(number: ColumnElement[int]) -> ColumnElement[str]:
    return _organization(number % ORGANIZATIONS + 1).concat("/").concat(_text("service-", number))


def _group(number: ColumnElement[int], size: int) -> ColumnElement[int]:
    """The number of the group of `size` that a number falls into, from 1 on."""
    return cast(func.floor((number - 1) / size), Integer) + 1


def _digest(number: ColumnElement[int]) -> ColumnElement[str]:
    """Sixty-four digits that stand for no content."""
    padded = literal("0" * 64).concat(cast(number, String))
    return literal("sha256:").concat(func.substr(padded, func.length(padded) - 63, 64))
