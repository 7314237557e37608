"""Regular expressions that users give us: any of them is matched in time that is linear in the text.

Python's own engine backtracks, so that one hostile expression could hold a process for hours. RE2 does not, and its
memory is bounded (docs/decisions/0014-regular-expressions-by-re2.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import re2

from entrepot.values.errors import ParameterInvalid, quoted, worded

CHARS_MAX: Final = 512
_MEMORY_BYTES_MAX: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression in RE2's syntax: as Perl's, without back-references and look-around."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """Raises ParameterInvalid."""
        if len(text) > CHARS_MAX:
            raise ParameterInvalid(
                worded(
                    "A regular expression has at most {chars_max} characters; this one has {count}.",
                    chars_max=CHARS_MAX,
                    count=len(text),
                )
            )
        try:
            _compiled(text)
        except (re2.error, UnicodeEncodeError) as error:
            raise ParameterInvalid(
                worded("{text} is not a regular expression: {error}.", text=quoted(text), error=_why(error))
            ) from None
        return cls(text)

    def fits(self, text: str) -> bool:
        """Whether it matches the whole of `text`."""
        return _compiled(self.text).fullmatch(text) is not None

    def matcher(self) -> Callable[[str], bool]:
        """`fits`, for who asks it a million times: the expression is looked up once."""
        match = _compiled(self.text).fullmatch
        return lambda text: match(text) is not None


def _compiled(text: str) -> re2._Regexp:
    """By RE2's own cache, which keeps the last ones used."""
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES_MAX
    options.never_capture = True
    options.log_errors = False
    return re2.compile(text, options)


def _why(error: Exception) -> str:
    """What RE2 says of it, without the part of the text that it repeats."""
    said = error.args[0] if isinstance(error, re2.error) else b"it holds half of a character"
    return str(said.decode("utf-8", "replace") if isinstance(said, bytes) else said).partition(":")[0]
