"""The three families, and what every error has: a message and a detail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

_SENTENCE_END = re.compile(r"\.(?:\s|\Z)")
_QUOTED_CHARS_MAX = 80


def quoted(text: str) -> str:
    """What a caller sent, as a message may show it: in quotes, printable and never long.

    Control characters and lone surrogates come out escaped, so the result can always be encoded and logged.
    """
    if len(text) > _QUOTED_CHARS_MAX:
        return f"{text[:_QUOTED_CHARS_MAX]!r}… ({len(text)} characters)"
    return repr(text)


class EntrepotError(Exception):
    """Something went wrong."""

    default_message: ClassVar[str] = "Something went wrong"

    message: str
    detail: dict[str, Json]

    def __init__(self, message: str | None = None, **detail: Json) -> None:
        self.message = self.default_message if message is None else message
        self.detail = detail
        super().__init__(self.message)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # `python -OO` strips docstrings; the name of the condition is the next best words.
        text = " ".join((cls.__doc__ or cls.__name__).split())
        cls.default_message = _SENTENCE_END.split(text, maxsplit=1)[0]

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders as pickles; some constructors have keywords that must be given.
        return _revive, (type(self), self.args), self.__dict__


def _revive(kind: type[EntrepotError], args: tuple[Any, ...]) -> EntrepotError:
    return kind.__new__(kind, *args)


class Refused(EntrepotError):
    """The request cannot be accepted as it is."""


class Elsewhere(EntrepotError):
    """A service this registry depends on did not answer. `retry_after` is in seconds; None when nobody can say."""

    def __init__(self, message: str | None = None, *, retry_after: float | None = None, **detail: Json) -> None:
        super().__init__(message, **detail)
        self.retry_after = retry_after


class Broken(EntrepotError):
    """The registry failed."""
