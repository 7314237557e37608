"""Which repositories somebody may read, as SQL that lists drive from.

`visible` in `access/check.py` says the same of one row. Asked of a hundred thousand rows that costs too
much, so lists begin at the grants: the organizations they open, and the single repositories. A
domain's administrators manage all its organizations (contract §17), so theirs are found by domain.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, func, or_, select

from entrepot.access.actor import Actor, admins_of
from entrepot.access.check import patterns_held, scopes_held, within
from entrepot.access.patterns import ESCAPE
from entrepot.db.transaction import Reader
from entrepot.registry.tables import organization, repository

_OTHER = repository.alias("other")


class Readable:
    """What one actor may read. Made by `of`."""

    def __init__(self, actor: Actor, now: datetime, patterns: Sequence[str]) -> None:
        self._actor = actor
        self._patterns = patterns
        # Found once for each statement, however often it asks.
        held = scopes_held(_subjects(actor), actor.subject, now).cte("held").prefix_with("MATERIALIZED")
        self._scopes = select(held.c.scope)
        self.is_bounded = actor.bounds is not None
        self.is_administrator = admins_of(actor.domain_id) in actor.subjects
        opened = organization.c.name.in_(self._scopes)
        # Of an administrator's organizations there are many, of the others few: whichever is fewer is gathered.
        self._organizations = select(organization.c.id).where(
            and_(organization.c.domain_id != actor.domain_id, ~opened) if self.is_administrator else opened
        )

    @classmethod
    async def of(cls, tx: Reader, actor: Actor) -> "Readable":
        """Asks for the actor's patterns first: few have any, and lists are cheaper when it is known."""
        found = await tx.rows(patterns_held(_subjects(actor), actor.subject, tx.now))
        return cls(actor, tx.now, [row.pattern for row in found])

    def parts(self, *columns: ColumnElement[Any]) -> tuple[Select[Any], Select[Any]]:
        """Two SELECTs of `columns` that share no row: from organizations that are open, and single repositories."""
        inside = select(*columns).where(self._is_open(repository), within(self._actor, repository.c.path))
        return inside, select(*columns).where(self._is_single(repository))

    def closed(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """SELECT of `columns` from organizations that are not open to an administrator."""
        return select(*columns).where(repository.c.organization_id.in_(self._organizations))

    def condition(self) -> ColumnElement[bool]:
        """The same as a condition on repositories, for walking an index of all of them: where most rows pass."""
        single = select(_OTHER.c.id).where(self._is_single(_OTHER))
        # In a function: else SQLite gathers all rows by these two and sorts them.
        organization_id, own_id = func.coalesce(repository.c.organization_id, 0), func.coalesce(repository.c.id, 0)
        readable = or_(self._in_open(organization_id), own_id.in_(single))
        return and_(readable, within(self._actor, repository.c.path))

    def _is_open(self, table: FromClause) -> ColumnElement[bool]:
        return self._in_open(table.c.organization_id)

    def _in_open(self, organization_id: ColumnElement[int]) -> ColumnElement[bool]:
        if self.is_administrator:
            return organization_id.not_in(self._organizations)
        return organization_id.in_(self._organizations)

    def _is_single(self, table: FromClause) -> ColumnElement[bool]:
        fitting = [table.c.path.like(pattern, escape=ESCAPE) for pattern in self._patterns]
        return and_(
            or_(table.c.path.in_(self._scopes), *fitting),
            ~self._is_open(table),
            within(self._actor, table.c.path),
        )


def _subjects(actor: Actor) -> list[str]:
    """Without the one whose grants a domain says as well."""
    return [one for one in actor.subjects if one != admins_of(actor.domain_id)]
