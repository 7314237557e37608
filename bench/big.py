"""A big installation: 10,000 organizations, 100,000 repositories, 1,000,000 tags, written straight into the tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, create_engine, insert, literal, make_url, select, text

from entrepot.access.tables import grant
from entrepot.migrations import upgrade
from entrepot.registry.tables import manifest, organization, repository, tag

ORGANIZATIONS = 10_000
REPOSITORIES = 100_000
TAGS_EACH = 10
MANIFESTS_EACH = 2
_BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)
_BODY = b'{"schemaVersion":2,"config":{},"layers":[]}'


def fill(url: str) -> None:
    """Fill the database at `url`, which a server prepared (it has the domain `default` and its administrator)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    upgrade(url)
    engine = create_engine(parsed)
    with engine.begin() as connection:
        domain_id = connection.execute(text("SELECT id FROM domain WHERE name = 'default'")).scalar_one()
        connection.execute(insert(organization), _organizations(domain_id))
        connection.execute(insert(grant), _grants(domain_id))
        connection.execute(insert(repository), _repositories())
        _copies(connection, MANIFESTS_EACH, _manifests)
        _copies(connection, TAGS_EACH, _tags)
    if engine.dialect.name == "postgresql":  # whose server does this by itself in time
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    engine.dispose()


def organization_name(number: int) -> str:
    return f"org{number:05}"


def repository_path(number: int) -> str:
    return f"{organization_name(number % ORGANIZATIONS)}/app{number:06}"


def _organizations(domain_id: str) -> list[dict[str, Any]]:
    return [
        {
            "id": number + 1,
            "domain_id": domain_id,
            "name": organization_name(number),
            "creator_id": "0",
            "allows_sparse": False,
            "public_by_default": False,
            "created_at": _BEGINNING,
        }
        for number in range(ORGANIZATIONS)
    ]


def _grants(domain_id: str) -> list[dict[str, Any]]:
    """The administrators manage every organization; every hundredth repository is public."""
    common = {"created_at": _BEGINNING, "created_by": "*"}
    managed = [
        {"scope": organization_name(number), "subject": f"admins:{domain_id}", "level": 7, **common}
        for number in range(ORGANIZATIONS)
    ]
    public = [
        {"scope": repository_path(number), "subject": "*", "level": 1, **common}
        for number in range(0, REPOSITORIES, 100)
    ]
    return managed + public


def _repositories() -> list[dict[str, Any]]:
    return [
        {
            "id": number + 1,
            "organization_id": number % ORGANIZATIONS + 1,
            "path": repository_path(number),
            "name": repository_path(number).partition("/")[2],
            "category": ("app_server", "linux", "other")[number % 3],
            "description": "",
            "creator_id": "0",
            "created_at": _BEGINNING,
            "updated_at": _BEGINNING + timedelta(seconds=number * 7_919 % 40_000_000),
        }
        for number in range(REPOSITORIES)
    ]


def _copies(connection: Connection, each: int, make: Any) -> None:
    for number in range(each):
        connection.execute(make(), {"number": number, "each": MANIFESTS_EACH})


def _manifests() -> Any:
    fields = {
        "repository_id": repository.c.id,
        "digest": text("'sha256:' || repository.id || '-' || CAST(:number AS VARCHAR)"),
        "media_type": literal("application/vnd.oci.image.manifest.v1+json"),
        "size": literal(len(_BODY)),
        "content_size": literal(1_000_000),
        "annotations": text("'{}'"),
        "body": literal(_BODY),
        "pushed_at": repository.c.updated_at,
        "pushed_by": literal("*"),
    }
    return insert(manifest).from_select(list(fields), select(*fields.values()).select_from(repository))


def _tags() -> Any:
    fields = {
        "repository_id": repository.c.id,
        "name": text("'v1.' || CAST(:number AS VARCHAR)"),
        "digest": text("'sha256:' || repository.id || '-' || CAST(CAST(:number AS INTEGER) % :each AS VARCHAR)"),
        "valid_from": repository.c.updated_at,
        "pushed_by": literal("*"),
    }
    return insert(tag).from_select(list(fields), select(*fields.values()).select_from(repository))
