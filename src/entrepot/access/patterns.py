"""Patterns over names: `acme/team-*`. A `*` stands for any characters, also for none and for slashes.

The same pattern decides in SQL (`like_of`) and in Python (`fits`).
"""

import re
from functools import lru_cache

from sqlalchemy import ColumnElement, func, literal

from entrepot.values.errors import ParameterInvalid, quoted

ESCAPE = "\\"
_GRAMMAR = re.compile(r"[a-z][a-z0-9._-]*/[a-z0-9._/*-]+")
_CHARS_MAX = 320
_STARS_MAX = 4  # each multiplies what matching may cost


def is_pattern(scope: str) -> bool:
    return "*" in scope


def parse_pattern(text: str) -> str:
    """A pattern over the repositories of one organization, as it was written. Raises ParameterInvalid."""
    if len(text) > _CHARS_MAX or text.count("*") > _STARS_MAX or not _GRAMMAR.fullmatch(text):
        raise ParameterInvalid(
            f"A pattern is ORGANIZATION/NAME with at most {_STARS_MAX} of `*` in NAME, "
            f"at most {_CHARS_MAX} characters long; not {quoted(text)}.",
            kind="pattern",
        )
    return text


def like_of(pattern: str) -> str:
    """The pattern as SQL's LIKE takes it, with `ESCAPE`. Names have no upper case, so databases agree on it."""
    return escaped(pattern).replace("*", "%")


def escaped(text: str) -> str:
    """Text that LIKE, with `ESCAPE`, takes as it stands."""
    for char in (ESCAPE, "%", "_"):
        text = text.replace(char, ESCAPE + char)
    return text


def fits(pattern: str, name: str) -> bool:
    return _compiled(pattern).fullmatch(name) is not None


def containing(column: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """A condition: `part` stands in the name, in upper or lower case. Empty, it fits all."""
    return func.lower(column).like(f"%{escaped(part.lower())}%", escape=ESCAPE) if part else literal(True)


@lru_cache(maxsize=1_024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
