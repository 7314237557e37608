"""Which repositories somebody may read, as SQL that lists drive from.

`visible` in `access/check.py` says the same of one row. Asked of a hundred thousand rows that costs too
much, so lists begin at the grants: the organizations they open, and the single repositories. A
domain's administrators manage all its organizations (contract §17), so theirs are found by domain.

What is few is asked for first and said to the database by value: it then knows how few they are, and walks an
index to each, or leaves out conditions that hold for every row. What is many stays a question inside the question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, false, func, or_, select, true

from entrepot.access.actor import Actor, admins_of
from entrepot.access.check import alive, grants_held, holding, patterns_held, scopes_held, within
from entrepot.access.levels import Level
from entrepot.access.patterns import ESCAPE
from entrepot.access.tables import grant
from entrepot.db.among import among, not_among
from entrepot.db.transaction import Reader
from entrepot.registry.tables import organization, repository

FEW: Final = 1_000
_JUST_ENOUGH: Final = FEW + 1  # to know that there are more


# Found by the index for each grant, however many rows the planner expects.
_opened = select(organization.c.id).where(organization.c.name == grant.c.scope).scalar_subquery().label("opened")
_HELD = grants_held(grant.c.scope, grant.c.pattern, _opened).limit(_JUST_ENOUGH)


def _is_of_others(own: Any) -> ColumnElement[bool]:
    """As a range: an index then leads to the domains that are not one's own."""
    return or_(organization.c.domain_id < own, organization.c.domain_id > own)


_OTHERS = select(organization.c.name, organization.c.id).where(_is_of_others(bindparam("own"))).limit(_JUST_ENOUGH)


@dataclass(frozen=True, slots=True)
class _Held:
    """What the actor's grants are on; `names` and `organizations` are None where they are more than a few."""

    names: Sequence[str] | None
    patterns: Sequence[str]
    organizations: Sequence[int] | None = None
    """Those that are open; for administrators those that are not."""


class Readable:
    """What one actor may read, or may do more with. Made by `of`."""

    def __init__(self, actor: Actor, counting: ColumnElement[bool], held: _Held) -> None:
        self._actor = actor
        self._counting = counting
        self._held = held
        self.is_bounded = actor.bounds is not None
        self.is_administrator = _is_administrator(actor)
        self.is_everything = self.is_administrator and held.organizations == [] and not self.is_bounded

    @classmethod
    async def of(cls, tx: Reader, actor: Actor, least: Level = Level.READ) -> "Readable":
        """Asks what the actor holds by grants of `least` or more.

        Bounds of a credential are looked at as for reading: who asks for more looks at their levels, row by row.
        """
        counting = and_(alive(tx.now), grant.c.level >= int(least))
        rows = await tx.rows(_HELD, holding(_subjects(actor), actor.subject, least, tx.now))
        if len(rows) > FEW:
            found = await tx.rows(patterns_held(_subjects(actor), actor.subject, counting))
            return cls(actor, counting, _Held(None, [row.pattern for row in found]))
        names = [row.scope for row in rows if row.pattern is None]
        patterns = [row.pattern for row in rows if row.pattern is not None]
        opened: Sequence[int] | None = list({row.opened for row in rows if row.opened is not None})
        if _is_administrator(actor):
            others = await tx.rows(_OTHERS, {"own": actor.domain_id})
            opened = [row.id for row in others if row.name not in names] if len(others) <= FEW else None
        return cls(actor, counting, _Held(names, patterns, opened))

    @cached_property
    def _scopes(self) -> Select[Any]:
        """Found once for each statement, however often it asks."""
        every = scopes_held(_subjects(self._actor), self._actor.subject, self._counting)
        return select(every.cte("held").prefix_with("MATERIALIZED").c.scope)

    def parts(self, *columns: ColumnElement[Any]) -> tuple[Select[Any], Select[Any]]:
        """Two SELECTs of `columns` that share no row: from organizations that are open, and single repositories."""
        inside = select(*columns).where(self._is_open(repository), within(self._actor, repository.c.path))
        return inside, select(*columns).where(self._is_single(repository))

    def closed(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """SELECT of `columns` from organizations that are not open to an administrator."""
        return select(*columns).where(self._is_gathered(repository.c.organization_id))

    def condition(self) -> ColumnElement[bool]:
        """The same as a condition on repositories, for walking an index of all of them: where most rows pass."""
        if self.is_everything:
            return true()
        single = select(_OTHER.c.id).where(self._is_single(_OTHER))
        # In a function: else SQLite gathers all rows by these two and sorts them.
        organization_id, own_id = func.coalesce(repository.c.organization_id, 0), func.coalesce(repository.c.id, 0)
        readable = or_(self._in_open(organization_id), own_id.in_(single))
        return and_(readable, within(self._actor, repository.c.path))

    def _gathered(self) -> Select[Any]:
        """SELECT of the organizations that are open, or of those that are not: whichever are fewer."""
        opened = self._is_held(organization.c.name)
        others = _is_of_others(self._actor.domain_id)
        return select(organization.c.id).where(and_(others, ~opened) if self.is_administrator else opened)

    def _is_gathered(self, organization_id: ColumnElement[int]) -> ColumnElement[bool]:
        if self._held.organizations is None:
            return organization_id.in_(self._gathered())
        return among(organization_id, self._held.organizations) if self._held.organizations else false()

    def _is_open(self, table: FromClause) -> ColumnElement[bool]:
        return self._in_open(table.c.organization_id)

    def _in_open(self, organization_id: ColumnElement[int]) -> ColumnElement[bool]:
        if not self.is_administrator:
            return self._is_gathered(organization_id)
        return self._is_not_gathered(organization_id)

    def _is_not_gathered(self, organization_id: ColumnElement[int]) -> ColumnElement[bool]:
        if self._held.organizations is None:
            return organization_id.not_in(self._gathered())
        return not_among(organization_id, self._held.organizations) if self._held.organizations else true()

    def _is_held(self, name: ColumnElement[str]) -> ColumnElement[bool]:
        if self._held.names is None:
            return name.in_(self._scopes)
        return among(name, self._held.names) if self._held.names else false()

    def _is_single(self, table: FromClause) -> ColumnElement[bool]:
        fitting = [table.c.path.like(pattern, escape=ESCAPE) for pattern in self._held.patterns]
        is_closed = self._is_gathered if self.is_administrator else self._is_not_gathered
        return and_(
            or_(self._is_held(table.c.path), *fitting),
            is_closed(table.c.organization_id),
            within(self._actor, table.c.path),
        )


_OTHER = repository.alias("other")


def _is_administrator(actor: Actor) -> bool:
    return admins_of(actor.domain_id) in actor.subjects


def _subjects(actor: Actor) -> list[str]:
    """Without the one whose grants a domain says as well."""
    return [one for one in actor.subjects if one != admins_of(actor.domain_id)]
