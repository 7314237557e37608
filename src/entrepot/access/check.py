"""The question every verb asks first: may this actor do this here?

`require` for one thing, `visible` for many. Nothing is cached: a change of a grant, of a group or of
a deadline holds from the next request on, in every process. `explain.py` shows the same evaluation.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from entrepot.access.actor import Actor, Bound
from entrepot.access.levels import FOR_PEOPLE, NEEDS, Action, Level
from entrepot.access.patterns import ESCAPE, fits, like_of
from entrepot.access.tables import grant, membership
from entrepot.db.schema import UtcTime
from entrepot.db.transaction import Reader
from entrepot.values.errors import AccessDenied, Unauthenticated, worded

# The token scope that opens the blobs of every repository the account may read, to be mounted elsewhere.
BLOBS = "registry:blobs"
SUBJECTS_MAX = 4  # that an actor has
NOW = bindparam("now", type_=UtcTime)
_LEAST = bindparam("least", type_=Integer)
_SUBJECTS = tuple(f"subject{number}" for number in range(SUBJECTS_MAX))
# What a docker token must say before its bearer may do the action (token scope specification).
_TOKEN_ACTION = {
    Action.REPOSITORY_PULL: "pull",
    Action.REPOSITORY_PUSH: "push",
    Action.REPOSITORY_DELETE_CONTENT: "delete",
}


def scopes_of(name: str) -> tuple[str, ...]:
    """The names whose grants hold for `name`: the organization, and the repository when it is one."""
    organization, slash, _ = name.partition("/")
    return (organization, name) if slash else (organization,)


def reaching(subjects: Sequence[Any], member: Any) -> ColumnElement[bool]:
    """A condition on grants: given to one of `subjects`, or to a group that `member` belongs to.

    In one list: of two joined by OR, SQLite looks for grants in the order of all of a subject's.
    """
    groups = select(membership.c.group).where(membership.c.member == member)
    return grant.c.subject.in_(union_all(*[select(_typed(one)) for one in subjects], groups))


def _typed(subject: Any) -> ColumnElement[Any]:
    return literal(subject, grant.c.subject.type) if isinstance(subject, str) else subject


def alive(now: Any) -> ColumnElement[bool]:
    """A condition on grants: not past their end at `now`."""
    return or_(grant.c.expires_at.is_(None), grant.c.expires_at > now)


def applying(
    columns: Sequence[ColumnElement[Any]], whose: ColumnElement[bool], scopes: Sequence[Any], name: Any, now: Any
) -> CompoundSelect[Any]:
    """SELECT of `columns` of every grant that counts for `name` (contract §17): the one evaluation.

    The arguments may be values, or parameters of a statement that is made once.
    """
    named = select(*columns).where(grant.c.scope.in_(scopes), whose, alive(now))
    fitting = literal(name) if isinstance(name, str) else name
    patterned = select(*columns).where(
        grant.c.pattern.is_not(None), fitting.like(grant.c.pattern, escape=ESCAPE), whose, alive(now)
    )
    return union_all(named, patterned)


def grants_held(*columns: ColumnElement[Any]) -> CompoundSelect[Any]:
    """SELECT of `columns` of every grant of a level or more that an account holds; its parameters: see `holding`.

    For statements that are made once.
    """
    return _of_grants(columns, _named_subjects(), bindparam("member"), and_(alive(NOW), grant.c.level >= _LEAST))


def scopes_held(subjects: Sequence[str], member: str, counting: ColumnElement[bool]) -> CompoundSelect[Any]:
    """SELECT of the scopes of every grant that reaches `subjects` or a group of `member`."""
    return _of_grants((grant.c.scope,), subjects, member, counting)


def patterns_held(subjects: Sequence[str], member: str, counting: ColumnElement[bool]) -> CompoundSelect[Any]:
    """SELECT of the patterns among those scopes, as LIKE takes them."""
    return _of_grants((grant.c.pattern,), subjects, member, and_(grant.c.pattern.is_not(None), counting))


def _of_grants(
    columns: Sequence[ColumnElement[Any]], subjects: Sequence[Any], member: Any, condition: ColumnElement[bool]
) -> CompoundSelect[Any]:
    """In two halves, each found by an index."""
    joined = grant.join(membership, membership.c.group == grant.c.subject)
    mine = select(*columns).where(grant.c.subject.in_(subjects), condition)
    return union_all(mine, select(*columns).select_from(joined).where(membership.c.member == member, condition))


def held_by(actor: Actor) -> ColumnElement[bool]:
    """A condition on grants: the actor's, however they reach them."""
    return reaching(actor.subjects, actor.subject)


def held_level(now: ColumnElement[Any]) -> Select[Any]:
    """SELECT of the highest level that an account holds on a name; NULL for none. Its parameters are those of `asking`.

    For statements that are made once.
    """
    scopes: list[BindParameter[str]] = [bindparam("organization"), bindparam("path")]
    whose = reaching(_named_subjects(), bindparam("member"))
    held = applying([grant.c.level], whose, scopes, bindparam("path"), now).subquery()
    return select(func.max(held.c.level))


def asking(actor: Actor, name: str, now: datetime) -> dict[str, Any]:
    """What `held_level` is asked with: the organization or repository called `name`, for the actor's account."""
    return {"path": name, "organization": name.partition("/")[0], **_said(actor.subjects, actor.subject, now)}


def holding(subjects: Sequence[str], member: str, least: Level, now: datetime) -> dict[str, Any]:
    """What `grants_held` is asked with: grants of `least` or more to `subjects` or a group of `member`."""
    return {"least": int(least), **_said(subjects, member, now)}


def _said(subjects: Sequence[str], member: str, now: datetime) -> dict[str, Any]:
    return {
        "member": member,
        "now": now,
        **dict.fromkeys(_SUBJECTS, ""),
        **dict(zip(_SUBJECTS, subjects, strict=False)),
    }


def _named_subjects() -> list[BindParameter[str]]:
    return [bindparam(name, type_=String) for name in _SUBJECTS]


_HELD_LEVEL = held_level(NOW)


async def level_of(tx: Reader, actor: Actor, name: str) -> Level:
    """The actor's effective level on an organization or repository: the highest that applies, within their bounds."""
    return effective(actor, name, await tx.value(_HELD_LEVEL, asking(actor, name, tx.now)))


def effective(actor: Actor, name: str, held: int | None) -> Level:
    """What the actor's bounds leave of the level that `held_level` found."""
    if actor.is_house:
        return level_within(actor.bounds, name)
    return min(Level(held or 0), level_within(actor.bounds, name))


def level_within(bounds: Sequence[Bound] | None, name: str) -> Level:
    """The highest level that a credential's bounds leave on `name`; without bounds all."""
    if bounds is None:
        return Level.MANAGE
    return max((bound.level for bound in bounds if fits(bound.pattern, name)), default=Level.NONE)


async def require(tx: Reader, actor: Actor, action: Action, name: str) -> Level:
    """Return the actor's level on `name` when it allows `action`.

    Raises Unauthenticated when signing in could help (nobody signed in, or a token without this
    scope), AccessDenied otherwise. It says whether the actor may at least read, so that what the actor
    may not even see can be hidden.
    """
    return allowed(actor, action, name, await level_of(tx, actor, name))


def allowed(actor: Actor, action: Action, name: str, level: Level) -> Level:
    """The same where the actor's effective level is known."""
    if is_enough(actor, action, level):
        _require_token_scope(actor, action, name)
        return level
    if actor.is_anonymous:
        raise Unauthenticated
    level_needed = worded("level {level}", level=NEEDS[action].name.lower())
    needed = worded("a person") if is_left_to_people(actor, action) else level_needed
    raise AccessDenied(
        worded(
            "{name} may not do {action} on {scope}: that needs {needed}.",
            name=actor.name,
            action=action,
            scope=name,
            needed=needed,
        ),
        readable=level >= Level.READ,
        action=action,
        scope=name,
    )


def is_enough(actor: Actor, action: Action, level: Level) -> bool:
    """Whether the actor, who has `level`, may do `action` with it."""
    return level >= NEEDS[action] and not is_left_to_people(actor, action)


def is_left_to_people(actor: Actor, action: Action) -> bool:
    return actor.is_robot and action in FOR_PEOPLE


def _require_token_scope(actor: Actor, action: Action, name: str) -> None:
    if actor.limits is None:
        return
    if _TOKEN_ACTION.get(action, "*") not in actor.limits.get(name, frozenset()):
        raise Unauthenticated(
            worded("The token does not carry {action} for {name}.", action=action, name=name), insufficient_scope=True
        )


def is_administrator(actor: Actor) -> bool:
    """Whether the actor administers their domain, and not by a credential made for less."""
    return actor.is_admin and actor.limits is None and actor.bounds is None


def require_admin(actor: Actor) -> None:
    """Pass when the actor administers their domain, and not by a credential made for less.

    Raises Unauthenticated or AccessDenied.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    if not is_administrator(actor):
        raise AccessDenied(worded("{name} is not an administrator of the domain.", name=actor.name), readable=False)


def require_account(actor: Actor) -> None:
    """Pass unless the actor has only a docker token, which carries repositories and not all there are.

    Raises AccessDenied.
    """
    if actor.limits is not None:
        raise AccessDenied("A registry token does not reach management calls.", readable=False)


def require_person(actor: Actor) -> None:
    """Pass for a person with their whole account: not for robots, registry tokens, or credentials made for less.

    Raises Unauthenticated or AccessDenied.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    if actor.is_robot or actor.bounds is not None:
        raise AccessDenied(
            worded("{name} may not do this with a robot or a limited token.", name=actor.name), readable=False
        )


def visible(
    actor: Actor, path: ColumnElement[str], organization: ColumnElement[str], now: datetime
) -> ColumnElement[bool]:
    """A condition for lists of repositories: the actor may read the row's `path`.

    The database gathers the actor's scopes once, however many rows it looks at.
    """
    counting = (held_by(actor), alive(now))
    scopes = scopes_held(actor.subjects, actor.subject, alive(now))
    patterns = (grant.c.pattern.is_not(None), *counting)
    fitting = and_(
        exists(select(grant.c.id).where(*patterns)),  # asked once; few have any
        exists(select(grant.c.id).where(*patterns, path.like(grant.c.pattern, escape=ESCAPE))),
    )
    return and_(or_(path.in_(scopes), organization.in_(scopes), fitting), within(actor, path))


def within(actor: Actor, path: ColumnElement[str]) -> ColumnElement[bool]:
    """A condition: the credential's bounds leave the row's `path` readable."""
    if actor.bounds is None:
        return literal(True)
    return or_(literal(False), *[path.like(like_of(bound.pattern), escape=ESCAPE) for bound in actor.bounds])


def reached(actor: Actor, organization: ColumnElement[str]) -> ColumnElement[bool]:
    """A condition: the credential's bounds leave the organization of the row, or something in it, readable."""
    if actor.bounds is None:
        return literal(True)
    firsts = [bound.pattern.partition("/")[0] for bound in actor.bounds]
    return or_(literal(False), *[organization.like(like_of(first), escape=ESCAPE) for first in firsts])


def pullable(
    actor: Actor, path: ColumnElement[str], organization: ColumnElement[str], now: datetime
) -> ColumnElement[bool]:
    """A condition on few rows: the actor may take blobs from the row's `path`, with the credential at hand."""
    counting = (held_by(actor), alive(now))
    readable = and_(
        or_(
            exists(select(grant.c.id).where(grant.c.scope.in_([path, organization]), *counting)),
            exists(
                select(grant.c.id).where(
                    grant.c.pattern.is_not(None), path.like(grant.c.pattern, escape=ESCAPE), *counting
                )
            ),
        ),
        within(actor, path),
    )
    if actor.limits is None or BLOBS in actor.limits:
        return readable
    needed = _TOKEN_ACTION[Action.REPOSITORY_PULL]
    return and_(readable, path.in_([name for name, actions in actor.limits.items() if needed in actions]))


def repository_scope_like(organization: str) -> str:
    """A LIKE pattern for the scopes of all repositories of an organization."""
    return like_of(f"{organization}/*")
