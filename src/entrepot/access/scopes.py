"""Scopes of grants: an organization, one of its repositories, or a pattern over them.

Who gives rights on a scope must manage what it lies in, and that must stay until the rights are written down.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal, or_, select

from entrepot.access.actor import Actor
from entrepot.access.check import alive, held_by, level_of
from entrepot.access.levels import Level
from entrepot.access.patterns import is_pattern, parse_pattern
from entrepot.access.tables import grant
from entrepot.db.transaction import Reader, Writer
from entrepot.values.errors import AccessDenied, worded
from entrepot.values.names import OrganizationName, RepositoryName

Scope = str
"""Checked text: `acme`, `acme/app` or `acme/team-*`."""


def parse_scope(text: str) -> Scope:
    """Raises NameInvalid or ParameterInvalid."""
    if is_pattern(text):
        return parse_pattern(text)
    return RepositoryName.parse(text) if "/" in text else OrganizationName.parse(text)


def organizations_of(scopes: Iterable[Scope]) -> list[OrganizationName]:
    """The organizations that scopes lie in, each once, in order."""
    return sorted({OrganizationName(scope.partition("/")[0]) for scope in scopes})


async def lock_organization(tx: Writer, name: str, shared: bool) -> None:
    """Those who put something into an organization share the lock; who deletes it is alone."""
    await tx.lock(f"organization:{name}", shared=shared)


async def keep_organizations(tx: Writer, scopes: Iterable[Scope]) -> None:
    """Nothing that `scopes` lie in is deleted before the end of the transaction."""
    for name in organizations_of(scopes):
        await lock_organization(tx, name, shared=True)


def all_managed_by(actor: Actor, subject: ColumnElement[str], now: datetime) -> ColumnElement[bool]:
    """A condition: the row's `subject` was given something, and only in organizations that the actor manages."""
    given, organization = grant.alias("given"), grant.c.scope
    inside = and_(given.c.scope > organization + literal("/"), given.c.scope < organization + literal("0"))
    covering = select(grant.c.id).where(
        grant.c.level == Level.MANAGE,
        held_by(actor),
        alive(now),
        organization.not_like("%/%"),
        or_(organization == given.c.scope, inside),
    )
    of_subject = select(given.c.id).where(given.c.subject == subject)
    return and_(of_subject.exists(), ~of_subject.where(~covering.exists()).exists())


async def require_all(tx: Reader, actor: Actor, scopes: Iterable[Scope]) -> None:
    """Pass when the actor manages every organization that `scopes` lie in. Raises AccessDenied.

    It says the same of what is not there and of what the actor may not see.
    """
    for name in organizations_of(scopes):
        if await level_of(tx, actor, name) < Level.MANAGE:
            raise AccessDenied(
                worded("{name} does not manage an organization {organization}.", name=actor.name, organization=name),
                readable=False,
            )
