"""The reads of the pull path: one statement each, made once, run on the raw driver.

Every one answers three questions together: what is there, the highest level any of the caller's
subjects holds on it, and the caller's credential version as it is now (NULL for nobody and for
disabled users), so that a withdrawn grant and a disabled account count from the next request on.
What ends, ends with a day: within one the same question has the same answer (`db/sqlite_hot.py`).
"""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, case, null, select

from entrepot.access.actor import Actor
from entrepot.access.check import held_level
from entrepot.accounts.tables import user
from entrepot.registry.queries.lost import is_lost
from entrepot.registry.tables import blob, manifest, organization, repository, repository_blob, tag


def manifest_by_tag(with_body: bool) -> Select[Any]:
    """(level, version, digest, media type, size, fresh until[, body]), asked with `parameters`.

    For how long a tag of a mirror is fresh is said of its organization, so that another time for all is one row.
    """
    seconds = select(organization.c.fresh_seconds).where(organization.c.id == repository.c.organization_id)
    fresh_until = case((tag.c.asked_at.is_not(None), tag.c.asked_at + seconds.scalar_subquery()), else_=null())
    return (
        select(*_who(), *_what(with_body, fresh_until))
        .select_from(repository)
        .join(tag, tag.c.repository_id == repository.c.id)
        .join(manifest, (manifest.c.repository_id == repository.c.id) & (manifest.c.digest == tag.c.digest))
        .where(
            repository.c.path == bindparam("path"),
            tag.c.name == bindparam("reference"),
            tag.c.valid_until.is_(None),
        )
    )


def manifest_by_digest(with_body: bool) -> Select[Any]:
    """Like `manifest_by_tag`; `reference` is a digest, which stays what it is."""
    return (
        select(*_who(), *_what(with_body, null()))
        .select_from(repository)
        .join(manifest, manifest.c.repository_id == repository.c.id)
        .where(repository.c.path == bindparam("path"), manifest.c.digest == bindparam("reference"))
    )


def blob_by_digest() -> Select[Any]:
    """(level, version, size); nothing for a blob whose bytes were found missing or wrong."""
    return (
        select(*_who(), blob.c.size)
        .select_from(repository)
        .join(repository_blob, repository_blob.c.repository_id == repository.c.id)
        .join(blob, blob.c.digest == repository_blob.c.digest)
        .where(
            repository.c.path == bindparam("path"),
            repository_blob.c.digest == bindparam("reference"),
            ~is_lost(bindparam("reference")),
        )
    )


def parameters(actor: Actor, path: str, reference: str, today: str) -> dict[str, Any]:
    """What the statements above are asked with; `today` as `beginning` writes it."""
    subjects = actor.subjects
    count = len(subjects)
    return {
        "path": path,
        "organization": path.partition("/")[0],
        "reference": reference,
        "user": actor.id,
        "member": actor.subject,
        "today": today,
        "subject0": subjects[0] if count else "",
        "subject1": subjects[1] if count > 1 else "",
        "subject2": subjects[2] if count > 2 else "",
        "subject3": subjects[3] if count > 3 else "",
    }


def beginning(day: date) -> str:
    """The first moment of `day`, in UTC, as the drivers of both databases compare moments with it."""
    return f"{day.isoformat()} 00:00:00.000000"


def _who() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    level = held_level(bindparam("today"))
    version = select(user.c.credential_version).where(user.c.id == bindparam("user"), user.c.is_enabled)
    return level.scalar_subquery().label("level"), version.scalar_subquery().label("version")


def _what(with_body: bool, fresh_until: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    always = (manifest.c.digest, manifest.c.media_type, manifest.c.size, fresh_until)
    return (*always, manifest.c.body) if with_body else always
