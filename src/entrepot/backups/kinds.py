"""Kinds of columns, and how a row becomes a line of JSON and a row again, whichever database it is from or for.

Times are text of ISO 8601 in UTC. Bytes are `u` and the text that they are in UTF-8, as manifests are, or `b` and
base64.
"""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Float, Integer, LargeBinary, String
from sqlalchemy.types import TypeEngine

from entrepot.db.schema import Json, UtcTime

_TEXT, _BASE64 = "u", "b"

TYPES: Final[dict[str, TypeEngine[Any]]] = {
    "time": UtcTime(),
    "json": JSON(none_as_null=True),
    "bytes": LargeBinary(),
    "date": Date(),
    "bool": Boolean(),
    "int": BigInteger(),
    "float": Float(),
    "text": String(),
}
_OF: Final = (
    (UtcTime, "time"),
    (Json, "json"),
    (LargeBinary, "bytes"),
    (Date, "date"),
    (Boolean, "bool"),
    (Integer, "int"),
    (Float, "float"),
    (String, "text"),
)


def kind_of(column: Column[Any]) -> str:
    """Raises TypeError for a type that no dump has held so far: give it a kind above."""
    for type_, kind in _OF:
        if isinstance(column.type, type_):
            return kind
    raise TypeError(f"{column} has the type {column.type!r}, which has no kind")


def line_of(row: Sequence[Any]) -> bytes:
    """A row as a line. A JSON document may hold half a character (a lone surrogate), which stays escaped."""
    text = _encoder.encode(tuple(row))
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(tuple(row), separators=(",", ":"), default=_plain).encode() + b"\n"


def rows_of(lines: bytes, kinds: Sequence[str]) -> list[list[Any]]:
    """The rows of a piece. Raises ValueError for lines that `line_of` did not make."""
    rows: list[list[Any]] = [json.loads(line) for line in lines[:-1].split(b"\n")] if lines else []
    readers = [(place, _READERS[kind]) for place, kind in enumerate(kinds) if kind in _READERS]
    for row in rows:
        if len(row) != len(kinds):
            raise ValueError("a row has too few or too many fields")
        for place, reader in readers:
            if row[place] is not None:
                row[place] = reader(row[place])
    return rows


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        content = bytes(value)
        try:
            return _TEXT + content.decode()
        except UnicodeDecodeError:
            return _BASE64 + base64.b64encode(content).decode()
    raise TypeError(f"a dump cannot hold {type(value)}")


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def _bytes(text: str) -> bytes:
    return text[1:].encode() if text.startswith(_TEXT) else base64.b64decode(text[1:], validate=True)


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "time": datetime.fromisoformat,
    "date": date.fromisoformat,
    "bytes": _bytes,
}
