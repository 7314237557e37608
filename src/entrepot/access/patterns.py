"""Patterns over names: `acme/team-*`. A `*` stands for any characters, also for none and for slashes.

The same pattern decides in SQL (`like_of`) and in Python (`fits`).
"""

import re

from sqlalchemy import ColumnElement, func, literal

from entrepot.values.errors import ParameterInvalid, quoted, worded

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
            worded(
                "A pattern is ORGANIZATION/NAME with at most {stars_max} of `*` in NAME, at most "
                "{chars_max} characters long; not {text}.",
                stars_max=_STARS_MAX,
                chars_max=_CHARS_MAX,
                text=quoted(text),
            ),
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
    """Whether the whole name is like the pattern: each part between stars stands as far left as it can."""
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first):
        return False
    *middle, last = rest
    at = len(first)
    for part in middle:
        at = name.find(part, at) + len(part)
        if at < len(part):
            return False
    return len(name) - len(last) >= at and name.endswith(last)


def containing(column: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """A condition: `part` stands in the name, in upper or lower case. Empty, it fits all."""
    return func.lower(column).like(f"%{escaped(part.lower())}%", escape=ESCAPE) if part else literal(True)
