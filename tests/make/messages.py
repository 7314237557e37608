"""What the console says: every message of its templates, its code, and of errors people may see."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from entrepot.values import errors

CONSOLE = Path(str(files("entrepot.doors.console")))
LOCALE = CONSOLE / "locale"
MessageId: TypeAlias = str | tuple[str, str]

_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext.babel_extract")]
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None, "say_number": (1, 2)}


def said_messages() -> list[MessageId]:
    """Every message once, in the order of the files."""
    found: dict[MessageId, None] = {}
    options = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
    for _file, _line, message, *_ in extract_from_dir(
        str(CONSOLE), method_map=_METHODS, options_map=options, keywords=_KEYWORDS
    ):
        found[(message[0], message[1]) if isinstance(message, tuple) else message] = None
    for kind in _kinds(errors.EntrepotError):
        if kind.__module__.startswith(errors.__name__):
            found[kind.default_message] = None
    return list(found)


def translations(language: str) -> Iterator[tuple[str, Any, Any]]:
    """File, message and translation of everything in the catalogs of a language."""
    for file in sorted((LOCALE / language).glob("*.po")):
        with file.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:
                    yield file.name, message.id, message.string


def _kinds(family: type[errors.EntrepotError]) -> Iterator[type[errors.EntrepotError]]:
    yield family
    for kind in family.__subclasses__():
        yield from _kinds(kind)
