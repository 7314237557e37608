"""What the console says: every message of its templates, its code, of events, and of errors people may see."""

import ast
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from entrepot.doors.console.phrases import FAMILIES, PHRASES
from entrepot.values import errors

CONSOLE = Path(str(files("entrepot.doors.console")))
LOCALE = CONSOLE / "locale"
SOURCE = Path(str(files("entrepot")))
# What only programs, operators at a shell, or logs read.
_ENGLISH_ONLY = (
    "cli/",
    "migrations/",
    "blobs/",
    "backups/",
    "edge/",
    "doors/edges/",
    "doors/manage/",
    "doors/oci/",
    "listening.py",
    "serving.py",
    "safekeeping.py",
    "asgi.py",
)
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
    found |= dict.fromkeys([*PHRASES.values(), *FAMILIES.values()])
    for kind in _kinds(errors.EntrepotError):
        if kind.__module__.startswith(errors.__name__):
            found[kind.default_message] = None
    found |= dict.fromkeys(_sentences_of_errors())
    return list(found)


def translations(language: str) -> Iterator[tuple[str, Any, Any]]:
    """File, message and translation of everything in the catalogs of a language."""
    for file in sorted((LOCALE / language).glob("*.po")):
        with file.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:
                    yield file.name, message.id, message.string


def _sentences_of_errors() -> Iterator[str]:
    """What rooms and shared doors give errors to say, as written in the code: sentences, and templates of `worded`."""
    for _place, one in _given_to_errors():
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value:
            yield one.value


def unworded_errors() -> list[str]:
    """Where an error is given a sentence that no catalog can know, as it is put together on the spot."""
    return [place for place, one in _given_to_errors() if isinstance(one, ast.JoinedStr | ast.BinOp)]


def _given_to_errors() -> Iterator[tuple[str, ast.expr]]:
    trees = {file.relative_to(SOURCE).as_posix(): ast.parse(file.read_text()) for file in sorted(SOURCE.rglob("*.py"))}
    kinds = _names_of_errors(trees.values()) | {"worded"}
    for file, tree in trees.items():
        if file.startswith(_ENGLISH_ONLY):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and _last_name(node.func) in kinds:
                given = node.args[0]
                for one in (given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,):
                    yield f"{file}:{one.lineno}", one


def _names_of_errors(trees: Iterable[ast.Module]) -> set[str]:
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    names, before = {errors.EntrepotError.__name__}, 0
    while len(names) > before:
        before = len(names)
        names |= {one.name for one in classes if any(_last_name(base) in names for base in one.bases)}
    return names


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _kinds(family: type[errors.EntrepotError]) -> Iterator[type[errors.EntrepotError]]:
    yield family
    for kind in family.__subclasses__():
        yield from _kinds(kind)
