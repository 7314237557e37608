"""Where settings come from: flags, over the environment, over a TOML file, over defaults.

Written here rather than with pydantic-settings: see docs/decisions/0007.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, ValidationError

from entrepot.settings.model import Settings
from entrepot.settings.showing import show

PREFIX = "ENTREPOT_"
# The command line's own, as a client: they say which server to talk to.
CLIENT_VARIABLES = frozenset({"ENTREPOT_URL", "ENTREPOT_USER", "ENTREPOT_PASSWORD"})

NAMES = tuple(Settings.model_fields)
# Kubernetes sets these in every pod beside a Service named `entrepot`. They are no settings, but one looks like it.
_SERVICE_LINKS = ("ENTREPOT_SERVICE_", "ENTREPOT_PORT_")
_SERVICE_LINK_VALUE = "tcp://"

# What a value of the wrong kind is told; other sentences are those of the model, or pydantic's own.
WISHES = {
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "int_parsing": "should be a whole number",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "path_type": "should be a path",
    "string_type": "should be a text",
}
_WISH_PREFIX = re.compile("^(?:Value error, |Input |String |Value )")


class SettingsInvalid(ValueError):
    """Settings that cannot be used; `problems` are sentences, each naming setting, value and source."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Loaded:
    """Effective settings; `origins` says for each name where its value came from."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...] = ()


_OF_EDGES: Final = {
    "edge_center": "--central",
    "edge_token": "--token",
    "edge_region": "--region",
    "edge_name": "--name",
    "edge_capacity_bytes": "--capacity",
    "edge_authority": "--authority",
    "external_url": "--url",
}


def load(overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """The settings of this process. `overrides` are flags by setting name, None where one was not given.

    Raises SettingsInvalid.
    """
    flags = {name: value for name, value in (overrides or {}).items() if value is not None}
    variables, warnings = _from_environment(os.environ if environ is None else environ)
    file = flags.get("config") or variables.get("config")
    keys = _from_file(Path(file)) if file else {}

    values = {**keys, **variables, **flags}
    origins = {
        **dict.fromkeys(NAMES, "default"),
        **dict.fromkeys(keys, f"file {file}"),
        **{name: f"environment {variable(name)}" for name in variables},
        **{name: f"flag {flag(name)}" for name in flags},
    }
    try:
        return Loaded(Settings.model_validate(values), origins, tuple(warnings))
    except ValidationError as error:
        raise SettingsInvalid(*_sentences(error, values, origins)) from None


def variable(name: str) -> str:
    """The environment variable of the setting `name`."""
    return PREFIX + name.upper()


def flag(name: str) -> str:
    """The command line's spelling of the setting `name`; what is about edges is said to `entrepot edge`."""
    return _OF_EDGES.get(name) or f"--{name.replace('_', '-')}"


def _from_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    values: dict[str, str] = {}
    warnings: list[str] = []
    for key, value in environ.items():
        if not key.startswith(PREFIX) or key in CLIENT_VARIABLES or not value:
            continue
        name = key.removeprefix(PREFIX).lower()
        if key.startswith(_SERVICE_LINKS) or (name == "port" and value.startswith(_SERVICE_LINK_VALUE)):
            continue
        if name in NAMES and key == variable(name):
            values[name] = value
        else:
            known = (variable(name) for name in NAMES)
            warnings.append(f"The environment variable {key} is no setting and has no effect.{_likely(key, known)}")
    return values, warnings


def _from_file(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            keys = tomllib.load(opened)
    except OSError as error:
        raise SettingsInvalid(f"The settings file {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"The settings file {file} is not TOML: {error}.") from error

    allowed = [name for name in NAMES if name != "config"]
    unknown = [key for key in keys if key not in allowed]
    if unknown:
        told = f"The settings file {file} has a key"
        raise SettingsInvalid(*(f"{told} {key}, which is no setting.{_likely(key, allowed)}" for key in unknown))
    return {key: value for key, value in keys.items() if value != ""}


def _likely(name: str, known: Iterable[str]) -> str:
    likely = difflib.get_close_matches(name, list(known), n=1)
    return f" Is {likely[0]} meant?" if likely else ""


def _sentences(error: ValidationError, values: Mapping[str, Any], origins: Mapping[str, str]) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_context=False):
        if problem["type"] == "default_factory_not_called":
            continue  # it follows from another problem, which is told
        wish = WISHES.get(problem["type"]) or _WISH_PREFIX.sub("", problem["msg"])
        if not problem["loc"]:
            yield f"{wish[0].upper()}{wish[1:]}."
            continue
        name = str(problem["loc"][0])
        if name in NAMES:
            given = show(name, _guarded(name, values[name])) if name in values else "by default"
            yield f"The setting {name}, {given} ({origins[name]}), {wish}."
        else:
            yield f"{name} ({origins[name]}) is no setting.{_likely(name, NAMES)}"


def _guarded(name: str, value: Any) -> Any:
    return SecretStr(str(value)) if "SecretStr" in str(Settings.model_fields[name].annotation) else value
