"""Places in the feed compared in SQL, so that both databases go straight there in an index.

The feed's order is (`xid`, `seq`), see `feed.py`. SQLite does not take a pair with a row's own number for a place in an
index: it would read everything up to there. But there every `xid` is 0.
"""

from typing import Any, ClassVar

from sqlalchemy import Boolean, ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from entrepot.jobs.tables import event


class _Compared(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True
    sign: ClassVar[str]

    def self_group(self, against: Any = None) -> Any:
        """As it is: SQLAlchemy would make `(…) = 1` of it for SQLite, and no index knows that."""
        return self


class _After(_Compared):
    inherit_cache = True
    sign = ">"


class _From(_Compared):
    inherit_cache = True
    sign = ">="


class _Before(_Compared):
    inherit_cache = True
    sign = "<"


class _UpTo(_Compared):
    inherit_cache = True
    sign = "<="


@compiles(_Compared, "sqlite")
def _by_number(element: _Compared, compiler: SQLCompiler, **options: Any) -> str:
    xid, seq, _, other = (compiler.process(one, **options) for one in element.clauses)
    return f"({xid} = 0 AND {seq} {element.sign} {other})"


@compiles(_Compared, "postgresql")
def _by_both(element: _Compared, compiler: SQLCompiler, **options: Any) -> str:
    xid, seq, *others = (compiler.process(one, **options) for one in element.clauses)
    return f"(({xid}, {seq}) {element.sign} ({', '.join(others)}))"


def after(xid: Any, seq: Any) -> ColumnElement[bool]:
    """Events behind this place. What is compared may be values or columns."""
    return _compared(_After, xid, seq)


def from_(xid: Any, seq: Any) -> ColumnElement[bool]:
    return _compared(_From, xid, seq)


def before(xid: Any, seq: Any) -> ColumnElement[bool]:
    return _compared(_Before, xid, seq)


def up_to(xid: Any, seq: Any) -> ColumnElement[bool]:
    return _compared(_UpTo, xid, seq)


def _compared(kind: type[_Compared], xid: Any, seq: Any) -> ColumnElement[bool]:
    return kind(event.c.xid, event.c.seq, _value(xid, event.c.xid), _value(seq, event.c.seq))


def _value(value: Any, column: ColumnElement[Any]) -> ColumnElement[Any]:
    return value if isinstance(value, ColumnElement) else literal(value, column.type)
