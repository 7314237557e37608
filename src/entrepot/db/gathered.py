"""The rows of a question inside another one, as a list in one column: none of its own is read for each."""

import json
from typing import Any

from sqlalchemy import Dialect, Select, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Texts(TypeDecorator[list[str]]):
    """A list of texts: an array, or JSON where there are none."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(String())
        from sqlalchemy.dialects.postgresql import ARRAY  # here, because the dialect takes its time

        return dialect.type_descriptor(ARRAY(String))

    def process_result_value(self, value: Any, dialect: Dialect) -> list[str]:
        found: list[str] = value if dialect.name == "postgresql" else json.loads(value)
        return found


class gathered(FunctionElement[list[str]]):  # noqa: N801  # reads as a function in SQL
    """The texts that a SELECT of one column finds, in its order."""

    inherit_cache = True
    type = _Texts()

    def __init__(self, found: Select[Any]) -> None:
        (column,) = found.selected_columns
        super().__init__(found.with_only_columns(column.label("one")).scalar_subquery())


@compiles(gathered, "postgresql")
def _array(element: gathered, compiler: Any, **more: Any) -> str:
    (found,) = element.clauses
    return f"ARRAY{compiler.process(found, **more)}"


@compiles(gathered, "sqlite")
def _json(element: gathered, compiler: Any, **more: Any) -> str:
    (found,) = element.clauses
    return f"(SELECT json_group_array(one) FROM {compiler.process(found, **more)})"  # noqa: S608  # compiled parts
