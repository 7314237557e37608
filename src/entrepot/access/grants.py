"""Grant verbs' writing half: set, remove, list. The rooms that own the names decide who may call them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, literal, or_, select, tuple_, update

from entrepot.access.actor import admins_of, subject_of_domain
from entrepot.access.check import repository_scope_like
from entrepot.access.levels import Level
from entrepot.access.patterns import ESCAPE, is_pattern, like_of
from entrepot.access.tables import grant
from entrepot.db.transaction import Reader, Writer

_USER, _GROUP = "user:", "group:"


@dataclass(frozen=True, slots=True)
class Grant:
    """`scope` is a name or a pattern (`patterns.py`). It ends with `expires_at`, the beginning of a day."""

    scope: str
    subject: str
    level: Level
    expires_at: datetime | None = None


async def set_grant(tx: Writer, given: Grant, by: str, at: datetime) -> None:
    """Give `subject` exactly this level on `scope` and this end, whatever it was before."""
    insert = tx.insert(grant).values(
        scope=given.scope,
        pattern=like_of(given.scope) if is_pattern(given.scope) else None,
        subject=given.subject,
        level=given.level,
        expires_at=given.expires_at,
        created_at=at,
        created_by=by,
    )
    changed = {"level": given.level, "expires_at": given.expires_at}
    await tx.run(insert.on_conflict_do_update(index_elements=["scope", "subject"], set_=changed))


async def remove_grant(tx: Writer, scope: str, subject: str) -> bool:
    """Whether there was one."""
    return await tx.run(delete(grant).where(grant.c.scope == scope, grant.c.subject == subject)) > 0


async def remove_scope(tx: Writer, scope: str) -> None:
    """Forget every grant on `scope` and, when it is an organization, on its repositories.

    A name that is made again later starts without permissions.
    """
    own = grant.c.scope == scope
    await tx.run(delete(grant).where(own if "/" in scope else _under(scope)))


async def move_scope(tx: Writer, scope: str, new: str) -> None:
    """Let every grant on the repository `scope` be one on `new` instead, where there is none yet."""
    await remove_scope(tx, new)
    await tx.run(update(grant).where(grant.c.scope == scope).values(scope=new))


async def forget_people(tx: Writer, organization: str, domain_id: str) -> None:
    """Forget every level that people, groups and robots hold on an organization and in it, and administrators.

    For an organization that comes to the domain `domain_id`: what is public or shared with others stays so, and
    what was shared with that domain is its own now.
    """
    personal = [grant.c.subject.startswith(kind) for kind in (_USER, _GROUP, admins_of(""))]
    await tx.run(
        delete(grant).where(_under(organization), or_(*personal, grant.c.subject == subject_of_domain(domain_id)))
    )


def _under(organization: str) -> ColumnElement[bool]:
    inside = grant.c.scope.like(repository_scope_like(organization), escape="\\")
    return or_(grant.c.scope == organization, inside)


async def grants_of(tx: Reader, subjects: Collection[str]) -> Sequence[Grant]:
    """The grants given to any of `subjects`, by scope and subject."""
    return await _grants(tx, grant.c.subject.in_(subjects))


async def remove_all_of(tx: Writer, subject: str) -> None:
    """Take from `subject` all that it was given."""
    await tx.run(delete(grant).where(grant.c.subject == subject))


async def grant_on(tx: Reader, scope: str, subject: str) -> Grant | None:
    """What `subject` was given on `scope` itself."""
    found = await _grants(tx, grant.c.scope == scope, grant.c.subject == subject)
    return found[0] if found else None


async def grants_in(tx: Reader, scope: str, after: tuple[str, str], limit: int) -> Sequence[Grant]:
    """What users and groups were given on `scope` and, when it is an organization, on patterns in it.

    By scope and subject, those after the pair `after`. The scope itself comes before every pattern in it, so each
    kind is a walk along its own index.
    """
    to_people = or_(grant.c.subject.startswith(_USER), grant.c.subject.startswith(_GROUP))
    later = tuple_(grant.c.scope, grant.c.subject) > tuple_(*after)
    found = list(await _grants(tx, grant.c.scope == scope, to_people, later, limit=limit))
    if "/" not in scope and len(found) < limit:
        inside = and_(grant.c.scope > f"{scope}/", grant.c.scope < f"{scope}0")  # "0" follows "/"
        patterned = grant.c.pattern.is_not(None)
        found += await _grants(tx, patterned, inside, to_people, later, limit=limit - len(found))
    return found


async def grants_for(tx: Reader, path: str, after: tuple[str, str], limit: int) -> Sequence[Grant]:
    """What was given, to whomever, that counts for a repository: on its organization, on itself, on patterns.

    By scope and subject, those after the pair `after`. Names and patterns are each a walk along their own index.
    """
    later = tuple_(grant.c.scope, grant.c.subject) > tuple_(*after)
    organization = path.partition("/")[0]
    named = await _grants(tx, grant.c.scope.in_([organization, path]), later, limit=limit)
    patterned = await _grants(tx, _fitting(path), later, limit=limit)
    return sorted([*named, *patterned], key=lambda one: (one.scope, one.subject))[:limit]


async def patterns_for(tx: Reader, path: str, limit: int) -> Sequence[str]:
    """The first patterns, by name, that fit a repository and by which somebody was given something on it."""
    rows = await tx.rows(select(grant.c.scope).where(_fitting(path)).distinct().order_by(grant.c.scope).limit(limit))
    return [row.scope for row in rows]


def _fitting(path: str) -> ColumnElement[bool]:
    """On a pattern that fits the repository."""
    organization = path.partition("/")[0]
    inside = and_(grant.c.scope > f"{organization}/", grant.c.scope < f"{organization}0")  # "0" follows "/"
    return and_(grant.c.pattern.is_not(None), literal(path).like(grant.c.pattern, escape=ESCAPE), inside)


async def grants_under(tx: Reader, organization: str) -> int:
    """How many there are on an organization and on what is in it: those that `remove_scope` takes away."""
    return int(await tx.value(select(func.count()).select_from(grant).where(_under(organization))))


async def grants_on(tx: Reader, scope: str, kind: str) -> Sequence[Grant]:
    """The grants on `scope` of subjects that start with `kind` (`user:`, `domain:` …), by subject."""
    return await _grants(tx, grant.c.scope == scope, grant.c.subject.startswith(kind, autoescape=True))


async def _grants(tx: Reader, *conditions: ColumnElement[bool], limit: int | None = None) -> Sequence[Grant]:
    rows = await tx.rows(
        select(grant.c.scope, grant.c.subject, grant.c.level, grant.c.expires_at)
        .where(*conditions)
        .order_by(grant.c.scope, grant.c.subject)
        .limit(limit)
    )
    return [Grant(row.scope, row.subject, Level(row.level), row.expires_at) for row in rows]
