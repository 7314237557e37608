"""Label: what an image says about itself, a key and a value; and how people write in a search which ones they want.

In a search stand `label:KEY`, `label:KEY=VALUE` and `label:KEY=BEGINNING*`. A key or value with spaces is put in
quotation marks, in which a backslash goes before a quotation mark or a backslash; what is quoted is meant as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

KEY_CHARS_MAX: Final = 128
VALUE_BYTES_LIMIT: Final = 2_000
"""The most that a limit of values can be set to: more has no place in a database's index."""

_LETTER: Final = r'(?:[^"\\]|\\["\\])'
_find_terms: Final = re.compile(
    rf'(?<!\S)label:(?P<key>"{_LETTER}+"|[^\s"=][^\s=]*)(?P<equals>=(?P<value>"{_LETTER}*"|[^\s"]\S*)?)?(?!\S)'
)
_is_plain: Final = re.compile(r'[^\s"=*\\]+').fullmatch
_match_escaped: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WantedLabel:
    """`value`: None for any; with `is_beginning` the value begins so."""

    key: str
    value: str | None = None
    is_beginning: bool = False


@dataclass(frozen=True, slots=True)
class LabelLimits:
    """How much of its labels a search knows of one manifest."""

    labels_max: int = 64
    value_bytes_max: int = 1_024


def split_labels(text: str) -> tuple[tuple[WantedLabel, ...], str]:
    """The labels that a search asks for, and what it asks for besides; each label once."""
    wanted = dict.fromkeys(map(_wanted, _find_terms.finditer(text)))
    return tuple(wanted), " ".join(_find_terms.sub(" ", text).split()) if wanted else text


def label_term(key: str, value: str) -> str:
    """How a search asks for exactly this label."""
    return f"label:{_written(key)}={_written(value) if value else ''}"


def searchable(labels: Iterable[tuple[str, str]], limits: LabelLimits) -> tuple[tuple[str, str], ...]:
    """Those of the labels that a search knows: the first ones that are not too long, each once."""
    fitting = dict.fromkeys(label for label in labels if _fits(*label, limits))
    return tuple(fitting)[: limits.labels_max]


def _fits(key: str, value: str, limits: LabelLimits) -> bool:
    # No database takes the null character.
    if not 0 < len(key) <= KEY_CHARS_MAX or "\0" in key or "\0" in value:
        return False
    return len(value.encode("utf-8", "replace")) <= min(limits.value_bytes_max, VALUE_BYTES_LIMIT)


def _wanted(term: re.Match[str]) -> WantedLabel:
    key, value = _read(term["key"]), term["value"]
    if not term["equals"]:
        return WantedLabel(key)
    if value is None:
        return WantedLabel(key, "")
    if value.startswith('"') or not value.endswith("*"):
        return WantedLabel(key, _read(value))
    return WantedLabel(key, value[:-1], is_beginning=True) if len(value) > 1 else WantedLabel(key)


def _read(word: str) -> str:
    return _match_escaped.sub(r"\1", word[1:-1]) if word.startswith('"') else word


def _written(word: str) -> str:
    return word if _is_plain(word) else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
