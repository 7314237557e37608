"""SQL behind the lists of repositories. Only the page itself is counted and summed, not what it skips."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Select,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from entrepot.access.actor import Actor
from entrepot.access.check import NOW, asking, held_level
from entrepot.access.patterns import ESCAPE, escaped
from entrepot.accounts.tables import domain, user
from entrepot.db.among import among
from entrepot.db.gathered import gathered
from entrepot.db.transaction import Reader
from entrepot.registry.counted_tables import pull_total
from entrepot.registry.queries.labels import has_label
from entrepot.registry.queries.names import IS_PUBLIC, REPOSITORY
from entrepot.registry.queries.readable import FEW, Readable
from entrepot.registry.tables import blob, organization, repository, repository_blob, tag
from entrepot.registry.wanted import RepositoryOrder, WalkOrder, WantedRepositories

TAGS = (
    select(func.count())
    .where(tag.c.repository_id == repository.c.id, tag.c.valid_until.is_(None))
    .scalar_subquery()
    .label("tags")
)
_ORGANIZATION_NAME = (
    select(organization.c.name).where(organization.c.id == repository.c.organization_id).scalar_subquery()
)
_SIZE = (
    select(func.coalesce(func.sum(blob.c.size), 0))
    .join_from(repository_blob, blob)
    .where(repository_blob.c.repository_id == repository.c.id)
    .scalar_subquery()
)
_PULLS = select(pull_total.c.pulls).where(pull_total.c.repository_id == repository.c.id).scalar_subquery()
# With what is shown of it; `size`: bytes of the blobs linked in it.
_ROWS = (
    select(
        *REPOSITORY,
        TAGS,
        _SIZE.label("size"),
        func.coalesce(_PULLS, 0).label("pulls"),
        func.coalesce(user.c.name, "").label("creator_name"),
        domain.c.name.label("domain_name"),
    )
    .join(organization, organization.c.id == repository.c.organization_id)
    .join(domain, domain.c.id == organization.c.domain_id)
    .join(user, user.c.id == repository.c.creator_id, isouter=True)
)
_TAG_NAMES_MAX: Final = 100  # of each repository in a list
_newest = (
    select(tag.c.name)
    .where(tag.c.repository_id == repository.c.id, tag.c.valid_until.is_(None))
    .order_by(tag.c.pushed_at.desc(), tag.c.id.desc())
    .limit(_TAG_NAMES_MAX)
)
_TAG_NAMES = gathered(_newest).label("tag_names")
_REACHED = _ROWS.add_columns(held_level(NOW).scalar_subquery().label("level")).where(
    repository.c.path == bindparam("path")
)
_BY_PATHS = _ROWS.where(among(repository.c.path, "paths"))
_BY_PATHS_WITH_TAGS = _BY_PATHS.add_columns(_TAG_NAMES)
_BY_IDS = _ROWS.where(among(repository.c.id, "ids"))
_BY_IDS_WITH_TAGS = _BY_IDS.add_columns(_TAG_NAMES)
_ALL = select(func.count()).select_from(repository)
_ORDERS: Final[Mapping[RepositoryOrder, ColumnElement[Any]]] = {
    RepositoryOrder.CREATED: repository.c.id,  # numbers grow with time, and have an index
    RepositoryOrder.UPDATED: repository.c.updated_at,
    RepositoryOrder.NAME: repository.c.name,
    RepositoryOrder.TAGS: TAGS,
    RepositoryOrder.ORGANIZATION: _ORGANIZATION_NAME,
    RepositoryOrder.VISIBILITY: IS_PUBLIC,
}
# What a walk goes by: the columns of an index, the path last, so that no two repositories have the same.
WALKS: Final[Mapping[WalkOrder, Sequence[Column[Any]]]] = {
    WalkOrder.UPDATED: (repository.c.updated_at, repository.c.path),
    WalkOrder.NAME: (repository.c.name, repository.c.path),
    WalkOrder.PATH: (repository.c.path,),
}


async def repositories_page(
    tx: Reader,
    actor: Actor,
    wanted: WantedRepositories,
    order: RepositoryOrder,
    descending: bool,
    offset: int,
    limit: int,
) -> tuple[Sequence[Row[Any]], int]:
    """In the wanted order, then by path, with their `tag_names`; and how many there are on all pages."""
    readable = await Readable.of(tx, actor)
    conditions = await _conditions(tx, wanted)
    column = _ORDERS[order]
    keys: Sequence[ColumnElement[Any]]
    # Rows are found by their paths, which the indexes that lists walk have.
    if readable.is_administrator and wanted.is_by_part:
        # An index may know the part: all that fit are found first, and not looked for along the order.
        fitting = select(repository.c.path, column.label("key")).where(readable.condition(), *conditions)
        named = fitting.cte("named").prefix_with("MATERIALIZED", dialect="postgresql")
        found, keys = select(named.c.path), (named.c.key, named.c.path)
    elif readable.is_administrator:
        # Most rows pass: an index is walked in order.
        found, keys = select(repository.c.path).where(readable.condition(), *conditions), (column, repository.c.path)
    else:
        columns = (repository.c.path, column.label("key"))
        few = union_all(*[part.where(*conditions) for part in readable.parts(*columns)]).subquery()
        found, keys = select(few.c.path), (few.c.key, few.c.path)
    if conditions or not readable.is_administrator:
        # One pass finds both; of all that an administrator reads the count has a shorter way.
        page = _sorted(found, keys, descending).add_columns(func.count().over().label("total"))
        numbered = await tx.rows(page.offset(offset).limit(limit))
        total = numbered[0].total if numbered else await _count(tx, readable, conditions) if offset else 0
        paths = [row.path for row in numbered]
    else:
        total = await _count(tx, readable, conditions)
        paths = await _nearest(tx, found, keys, descending, offset, limit, total)
    return await _rows_of(tx, paths, _BY_PATHS_WITH_TAGS), total


async def _rows_of(tx: Reader, paths: Sequence[str], found: Select[Any] = _BY_PATHS) -> Sequence[Row[Any]]:
    """The rows of those repositories that are there, in the order of their paths as given."""
    rows = {row.path: row for row in await tx.rows(found, {"paths": paths})}
    return [rows[one] for one in paths if one in rows]


def _sorted(
    found: Select[Any], keys: Sequence[ColumnElement[Any]], descending: bool, reverse: bool = False
) -> Select[Any]:
    column, path = keys
    return found.order_by(column.desc() if descending is not reverse else column, path.desc() if reverse else path)


async def _nearest(
    tx: Reader,
    found: Select[Any],
    keys: Sequence[ColumnElement[Any]],
    descending: bool,
    offset: int,
    limit: int,
    total: int,
) -> list[str]:
    """The paths of a page, counted from whichever end is nearer."""
    behind = total - offset - limit
    if behind >= offset or behind < 0:
        return [row.path for row in await tx.rows(_sorted(found, keys, descending).offset(offset).limit(limit))]
    rows = await tx.rows(_sorted(found, keys, descending, reverse=True).offset(behind).limit(limit))
    return [row.path for row in reversed(rows)]


async def _count(tx: Reader, readable: Readable, conditions: Sequence[ColumnElement[bool]]) -> int:
    if readable.is_everything and not conditions:
        return int(await tx.value(_ALL))
    inside, single = (part.where(*conditions) for part in readable.parts(func.count().label("number")))
    if readable.is_administrator and not conditions and not readable.is_bounded:
        everything = int(await tx.value(_ALL))
        return everything - int(await tx.value(readable.closed(func.count()))) + int(await tx.value(single))
    counts = union_all(inside, single).subquery()
    return int(await tx.value(select(func.sum(counts.c.number))))


async def repositories_after(
    tx: Reader, actor: Actor, wanted: WantedRepositories, after_id: int, limit: int
) -> Sequence[Row[Any]]:
    """By id, those after `after_id`."""
    readable = await Readable.of(tx, actor)
    following = (repository.c.id > after_id, *await _conditions(tx, wanted))
    if readable.is_administrator:
        ids = select(repository.c.id).where(readable.condition(), *following).order_by(repository.c.id).limit(limit)
    else:
        few = union_all(*[part.where(*following) for part in readable.parts(repository.c.id)]).subquery()
        ids = select(few.c.id).order_by(few.c.id).limit(limit)
    return await repository_rows(tx, [row.id for row in await tx.rows(ids)])


async def repositories_from(
    tx: Reader,
    actor: Actor,
    wanted: WantedRepositories,
    order: WalkOrder,
    descending: bool,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """In the wanted order, then by path, those after the keys `after`: a walk along the order's index."""
    readable = await Readable.of(tx, actor)
    conditions = await _conditions(tx, wanted)
    columns = WALKS[order]
    if after is not None:
        given = tuple_(*[literal(value, column.type) for value, column in zip(after, columns, strict=True)])
        conditions.append(tuple_(*columns) < given if descending else tuple_(*columns) > given)
    keys: Sequence[ColumnElement[Any]] = columns
    if readable.is_administrator:
        found = select(repository.c.path).where(readable.condition(), *conditions)
    else:
        few = union_all(*[part.where(*conditions) for part in readable.parts(*columns)]).subquery()
        found, keys = select(few.c.path), [few.c[column.name] for column in columns]
    ordered = found.order_by(*[key.desc() if descending else key for key in keys]).limit(limit)
    return await _rows_of(tx, [row.path for row in await tx.rows(ordered)])


async def repository_rows(tx: Reader, ids: Sequence[int], with_tag_names: bool = False) -> Sequence[Row[Any]]:
    """The rows of those repositories that are there, in the order of their ids as given."""
    found = _BY_IDS_WITH_TAGS if with_tag_names else _BY_IDS
    rows = {row.id: row for row in await tx.rows(found, {"ids": ids})}
    return [rows[one] for one in ids if one in rows]


async def repository_row(tx: Reader, actor: Actor, path: str) -> Row[Any] | None:
    """One of them, with the `level` that the actor's account holds on it; NULL for none."""
    return await tx.row(_REACHED, asking(actor, path, tx.now))


async def _conditions(tx: Reader, wanted: WantedRepositories) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.organization is not None:
        named = select(organization.c.id).where(organization.c.name == wanted.organization)
        conditions.append(repository.c.organization_id.in_(named))
    if wanted.organization_id is not None:
        conditions.append(repository.c.organization_id == wanted.organization_id)
    # Names have no upper case: lowering the part makes databases agree that compare letters differently.
    if wanted.organization_part:
        part = organization.c.name.contains(wanted.organization_part.lower(), autoescape=True)
        named = select(organization.c.id).where(part)
        few = [row.id for row in await tx.rows(named.limit(FEW + 1))]
        in_one = repository.c.organization_id.in_(named)
        conditions.append(in_one if len(few) > FEW else among(repository.c.organization_id, few))
    if wanted.name_part:
        conditions.append(has_name_part(wanted.name_part.lower()))
    if wanted.path_part:
        conditions.append(has_path_part(wanted.path_part.lower()))
    if wanted.category is not None:
        conditions.append(repository.c.category == wanted.category)
    if wanted.is_public is not None:
        conditions.append(IS_PUBLIC if wanted.is_public else ~IS_PUBLIC)
    conditions += [await has_label(tx, one) for one in wanted.labels]
    return conditions


def has_name_part(part: str) -> ColumnElement[bool]:
    """By the path, which the indexes that lists walk have: the part stands somewhere after a slash."""
    return repository.c.path.like(f"%/%{escaped(part)}%", escape=ESCAPE)


def has_path_part(part: str) -> ColumnElement[bool]:
    """With a slash in it the part stands anywhere in the path, else in what follows the organization."""
    return repository.c.path.like(f"%{escaped(part)}%", escape=ESCAPE) if "/" in part else has_name_part(part)
