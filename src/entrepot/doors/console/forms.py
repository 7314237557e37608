"""What a form sent: URL-encoded fields, each bounded, read once."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import parse_qsl

from entrepot.values.errors import ParameterInvalid, worded

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
_FIELDS_MAX: Final = 2_000
_A_DAY: Final = timedelta(days=1)
_TRUE: Final = frozenset({"on", "true", "1"})


class Form:
    """Fields by name; one that was not sent is empty."""

    def __init__(self, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        self._fields = fields or {}

    def __bool__(self) -> bool:
        return bool(self._fields)

    def text(self, name: str) -> str:
        """The field without spaces around it."""
        return self.secret(name).strip()

    def shown(self, name: str, value: object) -> object:
        """What a field of a page shows: what was sent, also when that is nothing; else `value`, as it is kept."""
        return self.text(name) if name in self._fields else value

    def secret(self, name: str) -> str:
        """The field exactly as it was typed."""
        values = self._fields.get(name, ())
        return values[-1] if values else ""

    def flag(self, name: str) -> bool:
        """Whether a box was ticked."""
        return self.text(name) in _TRUE

    def many(self, name: str) -> Sequence[str]:
        """All values of a field that may be sent several times."""
        return tuple(self._fields.get(name, ()))

    def number(self, name: str) -> int | None:
        """A whole number, None when the field is empty. Raises ParameterInvalid."""
        text = self.text(name)
        if not text:
            return None
        if not text.isascii() or not text.lstrip("-").isdigit() or len(text) > 18:
            raise ParameterInvalid(worded("{name} is a whole number.", name=name), field=name)
        return int(text)

    def end_of_day(self, name: str) -> datetime | None:
        """The end of a day in UTC, as fields of the type date say it; None when the field is empty.

        Raises ParameterInvalid.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            return datetime.combine(date.fromisoformat(text) + _A_DAY, time(), UTC)
        except (ValueError, OverflowError) as error:
            raise ParameterInvalid("A day is written as 2027-01-31.", field=name) from error


def last_day(end: datetime | None) -> str:
    """The day that ends with, or has in it, this time, as fields of the type date take it; empty without one."""
    return "" if end is None else (end - timedelta(microseconds=1)).date().isoformat()


def parse_form(body: bytes, media_type: str) -> Form:
    """The form a browser sent. Raises ParameterInvalid."""
    if body and media_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise ParameterInvalid(worded("A form is sent as {media_type}.", media_type=MEDIA_TYPE))
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MAX, encoding="utf-8", errors="strict"
        )
    except ValueError as error:  # not UTF-8, or too many fields
        raise ParameterInvalid(
            worded("The form cannot be read: it is UTF-8 and has at most {fields_max} fields.", fields_max=_FIELDS_MAX)
        ) from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        if "\0" in value:
            raise ParameterInvalid("A form holds text; no null character is text.", field=name)
        fields.setdefault(name, []).append(value)
    return Form(fields)
