"""Ranges of bytes: the ones asked for in `Range`, and the ones sent in `Content-Range` (RFC 9110 §14)."""

from __future__ import annotations

import re
from typing import Final

from entrepot.values.errors import RangeUnsatisfiable, UploadInvalid, quoted, worded

_FAR: Final = 1 << 63
"""Beyond the end of any content. A number with more digits than this is as good as this one."""

# [0-9], not \d: the latter also takes the digits of every other script.
_match_range = re.compile(r"([0-9]*)-([0-9]*)").fullmatch
_match_content_range = re.compile(r"(?:bytes[ =])?([0-9]+)-([0-9]+)(?:/([0-9]+|\*))?", re.IGNORECASE).fullmatch


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes asked for of a content of `size` bytes, as start and stop (exclusive); None for the whole.

    What RFC 9110 §14.2 lets a server ignore gives the whole as well: no header, another unit, bad syntax, several
    ranges; so does the end of an empty content, which no Content-Range could describe.

    Raises RangeUnsatisfiable if the range lies outside the content or ends before it starts.
    """
    unit, equals, ranges = (header or "").partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    wanted = [part for part in (piece.strip(" \t") for piece in ranges.split(",")) if part]
    found = _match_range(wanted[0]) if len(wanted) == 1 else None
    if found is None or wanted == ["-"]:
        return None
    first, last = found[1], found[2]
    if not first:
        return _suffix(_position(last), size)
    start = _position(first)
    stop = min(_position(last) + 1, size) if last else size
    # RFC 9110 calls a range that ends before it starts invalid, to be ignored; the OCI suites want it refused.
    if start >= size or (last and _position(last) < start):
        raise RangeUnsatisfiable(
            worded("there is no range {wanted} in {size} bytes", wanted=quoted(wanted[0]), size=size), size=size
        )
    return start, stop


def parse_content_range(header: str) -> tuple[int, int]:
    """First and last byte (inclusive) of a chunk: `0-99`, as the specification has it, or `bytes 0-99/200`.

    Raises UploadInvalid.
    """
    found = _match_content_range(header.strip(" \t"))
    if found is None:
        raise UploadInvalid(worded("{header} is not a Content-Range, as in 0-1023", header=quoted(header)))
    start, last = _position(found[1]), _position(found[2])
    total = _FAR if found[3] in (None, "*") else _position(found[3])
    if not start <= last < total:
        raise UploadInvalid(worded("the Content-Range {header} contradicts itself", header=quoted(header)))
    return start, last


def _suffix(length: int, size: int) -> tuple[int, int] | None:
    if length == 0:
        raise RangeUnsatisfiable("the range asks for the last 0 bytes", size=size)
    return (max(size - length, 0), size) if size else None


def _position(digits: str) -> int:
    """The number, or one beyond any content if it is too long: Python refuses to convert thousands of digits."""
    digits = digits.lstrip("0")
    return min(int(digits or "0"), _FAR) if len(digits) < 20 else _FAR
