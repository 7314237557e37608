"""JSON documents from strangers: bounded before they are parsed, and read by fields that know their path.

A body is scanned before `json` sees it, so neither deep nesting nor a flood of tiny values costs stack or memory.
Whatever is wrong becomes ManifestInvalid, which names the place (`layers[3].digest`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn

from entrepot.values.errors import Json, ManifestInvalid, quoted, worded

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"?')
_NOT_SHAPE = bytes(byte for byte in range(256) if byte not in b"[]{},")
_OPENERS = b"[{"
_INT64_END = 1 << 63


def load_document(body: bytes, *, depth_max: int, values_max: int) -> object:
    """The JSON value in `body`: UTF-8, no byte order mark, no NaN or Infinity, no key twice in one object.

    A key given twice is refused because readers disagree which one counts, and what is scanned or signed must be what
    runs. Raises ManifestInvalid.
    """
    _check_shape(body, depth_max, values_max)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestInvalid(worded("the body is not UTF-8: byte {start} is wrong", start=error.start)) from None
    try:
        document: object = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ManifestInvalid(
            worded("the body is not JSON: {msg} at character {pos}", msg=error.msg, pos=error.pos)
        ) from None
    except ValueError:
        # What remains is Python's own guard against quadratic work: an integer of thousands of digits.
        raise ManifestInvalid("the body has a number with too many digits") from None
    return document


def _check_shape(body: bytes, depth_max: int, values_max: int) -> None:
    """Bound depth and number of values without building any.

    Escapes go first, then strings; what is left of brackets and commas is the shape. Text that is not JSON may be
    misjudged only behind its first mistake, where the parser stops anyway.
    """
    if b"\\" in body:
        body = _ESCAPE.sub(b"", body)
    shape = _STRING.sub(b"", body).translate(None, _NOT_SHAPE)
    values = shape.count(b",") + shape.count(b"[") + shape.count(b"{")
    if values > values_max:
        raise ManifestInvalid(
            worded("the body has more than {values_max} values", values_max=values_max), limit=values_max
        )
    depth = 0
    for byte in shape.translate(None, b","):
        depth += 1 if byte in _OPENERS else -1
        if depth > depth_max:
            raise ManifestInvalid(
                worded("the body is nested more than {depth_max} levels deep", depth_max=depth_max), limit=depth_max
            )
        if depth < 0:
            return


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ManifestInvalid(worded("the key {twice} is given twice in one object", twice=quoted(twice)))
    return fields


def _refuse_constant(constant: str) -> NoReturn:
    raise ManifestInvalid(worded("the body is not JSON: {constant} is not a number", constant=constant))


def invalid(path: str, problem: str, **detail: Json) -> ManifestInvalid:
    """The error for a document that is wrong at `path`; an empty path is the document itself."""
    return ManifestInvalid(
        worded("{path}: {problem}", path=path or "the manifest", problem=problem), path=path, **detail
    )


class Fields:
    """The fields of one JSON object, read with their type checked. A null field is an absent one, as Go writes it."""

    __slots__ = ("_fields", "_path")

    def __init__(self, value: object, path: str) -> None:
        """Raises ManifestInvalid if `value` is not an object."""
        if not isinstance(value, dict):
            raise invalid(path, "must be an object")
        self._fields: dict[str, object] = value
        self._path = path

    def at(self, key: str) -> str:
        """The path of a field, as messages name it."""
        return f"{self._path}.{key}" if self._path else key

    def has(self, key: str) -> bool:
        return self._fields.get(key) is not None

    def get(self, key: str) -> object:
        """The field as it is; None when absent."""
        return self._fields.get(key)

    def check_spelling(self, known: Mapping[str, str]) -> None:
        """Refuse a key that differs from a known one in case only; `known` maps folded keys to their spelling.

        Go's decoder takes `Layers` for `layers`, we would not: one document, two readings. Raises ManifestInvalid.
        """
        for key in self._fields:
            spelling = known.get(key.casefold())
            if spelling is not None and key != spelling:
                raise invalid(self._path, f"the key {quoted(key)} must be written '{spelling}'")

    def text(self, key: str) -> str:
        """A string that must be there. Raises ManifestInvalid."""
        value = self.optional_text(key)
        if value is None:
            raise invalid(self.at(key), "is missing")
        return value

    def optional_text(self, key: str) -> str | None:
        """A string, or None when absent. Raises ManifestInvalid."""
        value = self._fields.get(key)
        return None if value is None else check_text(value, self.at(key))

    def size(self, key: str) -> int:
        """A number of bytes that must be there: a whole number below 2^63. Raises ManifestInvalid."""
        value = self._fields.get(key)
        if value is None:
            raise invalid(self.at(key), "is missing")
        if type(value) is not int or not 0 <= value < _INT64_END:  # bool is an int to isinstance, but not to JSON
            raise invalid(self.at(key), "must be a whole number, not negative and below 2^63")
        return value

    def items(self, key: str) -> list[object]:
        """The items of an array; none when absent. Raises ManifestInvalid."""
        value = self._fields.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid(self.at(key), "must be an array")
        return value

    def required_items(self, key: str) -> list[object]:
        """The items of an array that must be there; null counts as an empty one. Raises ManifestInvalid."""
        if key not in self._fields:
            raise invalid(self.at(key), "is missing")
        return self.items(key)

    def annotations(self, key: str = "annotations") -> dict[str, str]:
        """A map of strings to strings; empty when absent. Raises ManifestInvalid."""
        value = self._fields.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise invalid(self.at(key), "must be an object")
        for name, text in value.items():
            path = f"{self.at(key)}[{quoted(name)}]"
            check_text(name, path)
            check_text(text, path)
        return value


def known_keys(*keys: str) -> Mapping[str, str]:
    """The table `check_spelling` reads."""
    return {key.casefold(): key for key in keys}


def check_text(value: object, path: str) -> str:
    """`value`, if it is a string that databases and UTF-8 can hold: no NUL, no lone surrogate. Else ManifestInvalid."""
    if not isinstance(value, str):
        raise invalid(path, "must be a string")
    if "\0" in value:
        raise invalid(path, "must not hold a NUL character")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise invalid(path, "must not hold half of a surrogate pair") from None
    return value
