"""Words of a short list: what a caller wrote becomes a member of an enumeration, or a sentence that names them all."""

from enum import StrEnum
from typing import TypeVar

from entrepot.values.errors import ParameterInvalid, quoted, worded

_Word = TypeVar("_Word", bound=StrEnum)


def one_of(words: type[_Word], text: str, field: str) -> _Word:
    """The member of `words` that `text` names. Raises ParameterInvalid, which calls it `field`."""
    try:
        return words(text)
    except ValueError:
        raise ParameterInvalid(
            worded("{field} is one of {words}; not {text}.", field=field, words=", ".join(words), text=quoted(text))
        ) from None
