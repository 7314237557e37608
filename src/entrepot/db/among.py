"""Conditions on long lists of values, as one parameter each: the statement is the same however many there are.

`IN` with a parameter for each value is written, read and planned anew for every other number of values.
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Boolean, ColumnElement, Dialect, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Values = Collection[int] | Collection[str] | str


def among(column: ColumnElement[Any], values: Values) -> ColumnElement[bool]:
    """A condition: the column is one of `values`; a `str` names the parameter that they will come in."""
    return _Among(column, _parameter(column, values))


def not_among(column: ColumnElement[Any], values: Values) -> ColumnElement[bool]:
    """A condition: the column is none of `values`."""
    return _NotAmong(column, _parameter(column, values))


class _Many(TypeDecorator[Collection[Any]]):
    """A list of values: an array, or JSON where there are none."""

    impl = String
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(String())
        from sqlalchemy.dialects.postgresql import ARRAY  # here, because the dialect takes its time

        return dialect.type_descriptor(ARRAY(self.item))

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        return list(value or ()) if dialect.name == "postgresql" else json.dumps(list(value or ()))


class _Among(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> "_Among":
        """As it is: SQLite would be told `(…) = 1`, and find no index for that."""
        return self


class _NotAmong(_Among):
    inherit_cache = True


def _parameter(column: ColumnElement[Any], values: Values) -> BindParameter[Any]:
    kind = _Many(BigInteger() if column.type.python_type is int else String())
    return bindparam(values, type_=kind) if isinstance(values, str) else bindparam(None, values, type_=kind)


@compiles(_Among, "postgresql")
def _among_postgres(element: _Among, compiler: Any, **more: Any) -> str:
    column, values = _parts(element, compiler, more)
    return f"{column} = ANY ({values})"


@compiles(_Among, "sqlite")
def _among_sqlite(element: _Among, compiler: Any, **more: Any) -> str:
    column, values = _parts(element, compiler, more)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # compiled parts


@compiles(_NotAmong, "postgresql")
def _not_among_postgres(element: _NotAmong, compiler: Any, **more: Any) -> str:
    column, values = _parts(element, compiler, more)
    return f"{column} NOT IN (SELECT unnest({values}))"  # looked up by hash, where `<> ALL` compares with each


@compiles(_NotAmong, "sqlite")
def _not_among_sqlite(element: _NotAmong, compiler: Any, **more: Any) -> str:
    column, values = _parts(element, compiler, more)
    return f"{column} NOT IN (SELECT value FROM json_each({values}))"  # noqa: S608  # compiled parts


def _parts(element: _Among, compiler: Any, more: dict[str, Any]) -> list[str]:
    return [compiler.process(part, **more) for part in element.clauses]
