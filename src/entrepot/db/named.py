"""Rows of the raw drivers, with the names and types that their statement gives them."""

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Dialect, Select

Named = Callable[[Sequence[Any]], Any]


def naming(statement: Select[Any], dialect: Dialect) -> Named:
    """What makes a row of the statement, as the driver gave it, one with named fields, as transactions have them."""
    columns = list(statement.selected_columns)
    kind = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]  # known when it runs
    read = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]

    def named(row: Sequence[Any]) -> Any:
        return kind(*[value if turn is None else turn(value) for turn, value in zip(read, row, strict=True)])

    return named
