"""Lists that go on by key, in one of several orders; each walks an index, so a deep page costs what the first does.

A marker is text that stands for the last row of a page: its name, in other orders its moment and its name.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, FromClause, Row, Select, literal, tuple_

from entrepot.db.transaction import Reader
from entrepot.values.errors import ParameterInvalid

_NEVER: Final = "-"
_NAME_CHARS_MAX: Final = 255


class ListOrder(Enum):
    """What a list can be sorted by. ENDS: what has no end comes after all that have one. Equals are sorted by name."""

    NAME = auto()
    CREATED = auto()
    ENDS = auto()


class Listed(Protocol):
    """What a row must have for the orders that its list offers: `created_at` and `expires_at`, as columns are named."""

    @property
    def name(self) -> str: ...


_COLUMNS: Final = {ListOrder.CREATED: "created_at", ListOrder.ENDS: "expires_at"}


def marker_of(order: ListOrder, row: Listed) -> str:
    """The marker of what comes after a row."""
    if order is ListOrder.NAME:
        return row.name
    moment: datetime | None = getattr(row, _COLUMNS[order])
    return f"{moment.isoformat() if moment else _NEVER} {row.name}"


async def walk(
    tx: Reader,
    found: Select[Any],
    table: FromClause,
    order: ListOrder,
    descending: bool,
    marker: str,
    limit: int,
    prefix: str = "",
) -> Sequence[Row[Any]]:
    """Rows of a SELECT over `table`, in order, those after the marker; `prefix` is what its names begin with and
    markers leave out.

    Raises ParameterInvalid for a marker of another list.
    """
    name = table.c.name
    if order is ListOrder.NAME:
        after = [_beyond([name], [prefix + marker], descending)] if marker else []
        return await tx.rows(found.where(*after).order_by(_turned(name, descending)).limit(limit))
    key = table.c[_COLUMNS[order]]
    ordered = found.order_by(_turned(key, descending), _turned(name, descending))
    moment, last = _parsed(marker) if marker else (None, "")
    if not key.nullable:
        if marker and moment is None:
            raise _foreign()
        after = [_beyond([key, name], [moment, prefix + last], descending)] if marker else []
        return await tx.rows(ordered.where(*after).limit(limit))
    with_end = ordered.where(key.is_not(None))
    without = found.where(key.is_(None)).order_by(_turned(name, descending))
    if marker and moment is not None:
        with_end = with_end.where(_beyond([key, name], [moment, prefix + last], descending))
    elif marker:
        without = without.where(_beyond([name], [prefix + last], descending))
    parts = [without, with_end] if descending else [with_end, without]
    is_second = bool(marker) and (moment is None) is not descending
    rows: list[Row[Any]] = []
    for part in parts[1:] if is_second else parts:
        if len(rows) < limit:
            rows += await tx.rows(part.limit(limit - len(rows)))
    return rows


def _beyond(columns: Sequence[ColumnElement[Any]], keys: Sequence[Any], descending: bool) -> ColumnElement[bool]:
    given = tuple_(*[literal(key, column.type) for key, column in zip(keys, columns, strict=True)])
    return tuple_(*columns) < given if descending else tuple_(*columns) > given


def _turned(column: ColumnElement[Any], descending: bool) -> ColumnElement[Any]:
    return column.desc() if descending else column


def _parsed(marker: str) -> tuple[datetime | None, str]:
    moment, space, name = marker.partition(" ")
    try:
        at = None if moment == _NEVER else datetime.fromisoformat(moment)
    except ValueError:
        raise _foreign() from None
    if not space or not name or len(name) > _NAME_CHARS_MAX or (at is not None and at.tzinfo is None):
        raise _foreign()
    return at, name


def _foreign() -> ParameterInvalid:
    return ParameterInvalid("The marker is not one that this list gave.", kind="marker")
