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


class Worded(str):
    """A sentence that remembers what it was made of, so that another language can say it, too.

    `template` is the sentence with `{names}` in place of what differs, and what the catalogs of other languages know it
    by; `fields` are what stands there.
    """

    __slots__ = ("fields", "template")

    template: str
    fields: Mapping[str, str]

    def __new__(cls, template: str, fields: Mapping[str, str]) -> Worded:
        made = super().__new__(cls, template.format_map(fields))
        made.template, made.fields = template, fields
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Worded, (self.template, self.fields)


def worded(template: str, /, **fields: object) -> Worded:
    """The sentence of an error: `worded("There is no user named {name}.", name=name)`.

    The template is written out where it is used, for `tools/messages` to find it.
    """
    return Worded(template, {name: one if isinstance(one, Worded) else str(one) for name, one in fields.items()})


def as_said(text: str) -> Worded:
    """What was said as a sentence already, by another server: it stays as it is, also where it begins with a name."""
    return Worded("{said}", {"said": text})


def as_sentence(message: str) -> str:
    """A message as people read it: with a capital unless it begins with a name, and its full stop.

    What ends with a command to be run has no stop, which would be copied with it.
    """
    begins_with_name = isinstance(message, Worded) and message.template.startswith("{")
    is_word = message.partition(" ")[0].isalpha()  # and no address, no path
    said = message if begins_with_name or not is_word else message[:1].upper() + message[1:]
    return said if said.endswith((".", "?", "!", ")")) or ": entrepot " in said else f"{said}."


class EntrepotError(Exception):
    """Something went wrong."""

    default_message: ClassVar[str] = "Something went wrong"

    message: str
    detail: dict[str, Json]

    def __init__(self, message: str | None = None, **detail: Json) -> None:
        self.message = self.default_message if message is None else message
        self.detail = detail
        super().__init__(self.message)

    @property
    def sentence(self) -> str:
        """The message, as a sentence for people."""
        return as_sentence(self.message)

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
