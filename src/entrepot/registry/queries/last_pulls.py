"""SQL about who pulled last."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import FromClause, Row, Select, func, select

from entrepot.accounts.tables import domain, user
from entrepot.db.among import among
from entrepot.db.transaction import Reader
from entrepot.registry.counted_tables import pull_last
from entrepot.registry.tables import repository

_newest = pull_last.alias("newest")


async def last_pulls(tx: Reader, repository_id: int, tags: Collection[str]) -> Sequence[Row[Any]]:
    """Of each of the tags; those never pulled are absent."""
    return await tx.rows(_pulls(repository_id).where(pull_last.c.tag.in_(tags)))


async def last_pull(tx: Reader, repository_id: int) -> Row[Any] | None:
    """Of anything in the repository."""
    return await tx.row(_pulls(repository_id).order_by(pull_last.c.pulled_at.desc()).limit(1))


async def newest_pulls(tx: Reader, repository_ids: Collection[int]) -> dict[int, Row[Any]]:
    """Of anything in each of the repositories; those never pulled are absent."""
    newest = (
        select(func.max(_newest.c.pulled_at)).where(_newest.c.repository_id == repository.c.id).correlate(repository)
    )
    joined = _with_names(
        repository.join(
            pull_last,
            (pull_last.c.repository_id == repository.c.id) & (pull_last.c.pulled_at == newest.scalar_subquery()),
        )
    )
    rows = await tx.rows(joined.where(among(repository.c.id, repository_ids)))
    return {row.repository_id: row for row in rows}  # of several at the same moment any one


def _pulls(repository_id: int) -> Select[Any]:
    return _with_names(pull_last).where(pull_last.c.repository_id == repository_id)


def _with_names(pulls: FromClause) -> Select[Any]:
    """With the account's name, its domain and that one's name; NULL when it is gone, or was nobody's."""
    columns = (
        pull_last.c.repository_id,
        pull_last.c.tag,
        pull_last.c.pulled_at,
        pull_last.c.pulled_by,
        user.c.name,
        user.c.domain_id,
    )
    return (
        select(*columns, domain.c.name.label("domain_name"))
        .select_from(pulls)
        .join(user, user.c.id == pull_last.c.pulled_by, isouter=True)
        .join(domain, domain.c.id == user.c.domain_id, isouter=True)
    )
