"""The question every verb asks first: may this actor do this here?

`require` for one thing, `visible` for many. Nothing is cached: a change of a grant holds from the
next request on, in every process.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from entrepot.access.actor import Actor
from entrepot.access.levels import NEEDS, Action, Level
from entrepot.access.tables import grant
from entrepot.db.transaction import Reader
from entrepot.values.errors import AccessDenied, Unauthenticated

# The token scope that opens the blobs of every repository the account may read, to be mounted elsewhere.
BLOBS = "registry:blobs"
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


def level_query(subjects: tuple[str, ...], name: str) -> Select[Any]:
    """SELECT of the highest level that any of `subjects` holds on `name`; NULL for none."""
    return select(func.max(grant.c.level)).where(grant.c.scope.in_(scopes_of(name)), grant.c.subject.in_(subjects))


async def level_of(tx: Reader, actor: Actor, name: str) -> Level:
    """The actor's effective level on an organization or repository: the highest that applies (contract §17)."""
    return Level(await tx.value(level_query(actor.subjects, name)) or 0)


async def require(tx: Reader, actor: Actor, action: Action, name: str) -> Level:
    """Return the actor's level on `name` when it allows `action`.

    Raises Unauthenticated when signing in could help (nobody signed in, or a token without this
    scope), AccessDenied otherwise. It says whether the actor may at least read, so that what the actor
    may not even see can be hidden.
    """
    level = await level_of(tx, actor, name)
    if level >= NEEDS[action]:
        _require_token_scope(actor, action, name)
        return level
    if actor.is_anonymous:
        raise Unauthenticated
    raise AccessDenied(
        f"{actor.name} may not do {action} on {name}: that needs level {NEEDS[action].name.lower()}.",
        readable=level >= Level.READ,
    )


def _require_token_scope(actor: Actor, action: Action, name: str) -> None:
    if actor.limits is None:
        return
    if _TOKEN_ACTION.get(action, "*") not in actor.limits.get(name, frozenset()):
        raise Unauthenticated(f"The token does not carry {action} for {name}.", insufficient_scope=True)


def require_admin(actor: Actor) -> None:
    """Pass when the actor administers their domain. Raises Unauthenticated or AccessDenied."""
    if actor.is_anonymous:
        raise Unauthenticated
    if not actor.is_admin or actor.limits is not None:
        raise AccessDenied(f"{actor.name} is not an administrator of the domain.", readable=False)


def require_account(actor: Actor) -> None:
    """Pass unless the actor has only a docker token, which carries repositories and not all there are.

    Raises AccessDenied.
    """
    if actor.limits is not None:
        raise AccessDenied("A registry token does not reach management calls.", readable=False)


def visible(actor: Actor, path: ColumnElement[str], organization: ColumnElement[str]) -> ColumnElement[bool]:
    """A condition for lists of repositories: the actor may read the row's `path`.

    The database gathers the actor's scopes once, however many rows it looks at.
    """
    scopes = select(grant.c.scope).where(grant.c.subject.in_(actor.subjects))
    return or_(path.in_(scopes), organization.in_(scopes))


def pullable(actor: Actor, path: ColumnElement[str], organization: ColumnElement[str]) -> ColumnElement[bool]:
    """A condition on few rows: the actor may take blobs from the row's `path`, with the credential at hand."""
    held = grant.c.scope.in_([path, organization]) & grant.c.subject.in_(actor.subjects)
    readable = exists(select(grant.c.id).where(held))
    if actor.limits is None or BLOBS in actor.limits:
        return readable
    needed = _TOKEN_ACTION[Action.REPOSITORY_PULL]
    return and_(readable, path.in_([name for name, actions in actor.limits.items() if needed in actions]))


def repository_scope_like(organization: str) -> str:
    """A LIKE pattern for the scopes of all repositories of an organization."""
    escaped = organization.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}/%"
