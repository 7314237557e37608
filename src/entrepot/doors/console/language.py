"""Languages: which one a visitor reads, its words, and how it writes dates, numbers and sizes."""

import gettext
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_datetime, format_timedelta, get_timezone
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

COOKIE: Final = "entrepot_language"
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "zh_CN": "简体中文"}
"""Languages of the console by the name of their locale; each says its own name."""
_DEFAULT: Final = "en"
_PACKAGE: Final = "entrepot.doors.console"
_ACCEPTED_MAX: Final = 20
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


class Language:
    """One language of the console."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.locale = Locale.parse(name)
        self.translations = _catalog(name)

    @property
    def is_default(self) -> bool:
        """Whether it is the one that everything is written in."""
        return self.name == _DEFAULT

    @property
    def tag(self) -> str:
        """As HTML names it (BCP 47)."""
        return self.name.replace("_", "-")

    def say(self, text: str, /, **values: object) -> str:
        """The text in this language, with `values` for its `%(name)s`."""
        found = self.translations.gettext(text)
        return found % values if values else found

    def say_number(self, one: str, many: str, n: int, /, **values: object) -> str:
        """The text that fits `n`, which it may show as `%(num)s`."""
        return self.translations.ngettext(one, many, n) % {"num": self.number(n), **values}

    def number(self, value: float) -> str:
        return format_decimal(value, locale=self.locale)

    def size(self, count: int) -> str:
        """Bytes in the largest binary unit that leaves at least one: `12.3 MiB`."""
        value, unit = float(count), _UNITS[0]
        for unit in _UNITS:  # noqa: B007  # the last one looked at is used
            if value < 1024:
                break
            value /= 1024
        else:
            value *= 1024
        shown = format_decimal(value, format="#,##0.#" if unit != "B" and value < 100 else "#,##0", locale=self.locale)
        return f"{shown} {unit}"

    def day(self, value: date) -> str:
        return format_date(value, format="medium", locale=self.locale)

    def moment(self, value: datetime) -> str:
        """A time to the second, in UTC."""
        return format_datetime(value, format="medium", tzinfo=get_timezone("UTC"), locale=self.locale) + " UTC"

    def ago(self, value: datetime, now: datetime) -> str:
        """How long ago, or in how long: `3 days ago`."""
        return format_timedelta(value - now, add_direction=True, threshold=1.2, locale=self.locale)


def choose(cookie: str, accepted: str) -> Language:
    """The language a visitor chose, else the first of those their browser accepts that we have, else English."""
    if cookie in LANGUAGES:
        return _language(cookie)
    wanted = [_as_locale(tag) for tag in _by_preference(accepted)]
    return _language(negotiate_locale(wanted, list(LANGUAGES)) or _DEFAULT)


def _as_locale(tag: str) -> str:
    """`zh`, `zh-CN` and `zh-Hans-CN` all read what we have of Chinese."""
    language = tag.partition("-")[0].lower()
    return "zh_CN" if language == "zh" else language


def _by_preference(accepted: str) -> list[str]:
    """The tags of an Accept-Language header, the most wanted first (RFC 9110 §12.5.4)."""
    weighed: list[tuple[float, str]] = []
    for part in accepted.split(",")[:_ACCEPTED_MAX]:
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if tag and weight > 0:
            weighed.append((-weight, tag))
    return [tag for _, tag in sorted(weighed, key=lambda one: one[0])]


@cache
def _language(name: str) -> Language:
    return Language(name)


def _catalog(name: str) -> gettext.NullTranslations:
    """The words of a language, read from its catalogs as translators write them."""
    if name == _DEFAULT:
        return gettext.NullTranslations()
    catalog = Catalog(locale=name)
    for source in sorted(files(_PACKAGE).joinpath("locale", name).iterdir(), key=lambda one: one.name):
        if source.name.endswith(".po"):
            for message in read_po(BytesIO(source.read_bytes()), locale=name):
                catalog[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
