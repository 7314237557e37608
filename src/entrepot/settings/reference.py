"""The table of settings, printed: as the reference page and as an example file."""

import textwrap
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from entrepot.settings.model import Settings
from entrepot.settings.showing import show

INTRODUCTION = """\
# Settings

<!-- Printed by `entrepot config reference` from src/entrepot/settings/model.py; `make docs` writes it again. -->

A setting named `token_seconds` is given as the environment variable `ENTREPOT_TOKEN_SECONDS`, or as the key
`token_seconds` of the TOML file that `--config` or `ENTREPOT_CONFIG` names; the most common ones are also flags of
`entrepot serve`. A flag wins over the environment, the environment over the file, the file over the default.
`entrepot config show` prints what is in effect and where it came from. An empty variable counts as not given.

Durations are whole seconds, or written `90s`, `15m`, `24h`, `30d`, `1h30m`; sizes are bytes, or written `512KiB`,
`4MiB`, `10GB`. `DATA` stands for the value of `data`.
"""

DATA = str(Settings.model_fields["data"].default)

FILE_INTRODUCTION = """\
# Settings of entrepot, each at its default. Printed by `entrepot config example`.
# Use it with `entrepot serve --config FILE`; remove the # of a line to change it.
"""


def settings_page() -> str:
    """The reference page, in Markdown."""
    lines = [INTRODUCTION]
    for title, names in sections().items():
        lines += [f"## {title}", "", "| setting | default | what it is |", "|---|---|---|"]
        lines += [_row(name, Settings.model_fields[name]) for name in names]
        lines.append("")
    return "\n".join(lines)


def example_file() -> str:
    """A TOML file with every setting, commented out."""
    lines = [FILE_INTRODUCTION]
    for title, names in sections().items():
        lines += [f"# --- {title} ---", ""]
        for name in names:
            if name != "config":
                lines += [*_comment(Settings.model_fields[name]), f"# {name} = {_toml(name)}", ""]
    return "\n".join(lines)


def sections() -> dict[str, list[str]]:
    """Names of settings by the heading they stand under."""
    found: dict[str, list[str]] = {}
    for name, field in Settings.model_fields.items():
        found.setdefault(_about(field)["section"], []).append(name)
    return dict(sorted(found.items(), key=lambda section: "config" in section[1]))


def _row(name: str, field: FieldInfo) -> str:
    default = _default(name, field)
    shown = default if default == "not set" else f"`{default}`"
    text = " ".join([field.description or "", *_limits(name, field)]).replace("|", "\\|")
    return f"| `{name}` | {shown} | {text} |"


def _default(name: str, field: FieldInfo) -> str:
    return _about(field)["shown"] or show(name, field.default)


def _limits(name: str, field: FieldInfo) -> Iterator[str]:
    if get_origin(field.annotation) is Literal:
        yield f"One of {', '.join(f'`{choice}`' for choice in get_args(field.annotation))}."
    low = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    if high is not None:
        yield f"Between {show(name, low)} and {show(name, high)}."
    elif low:
        yield f"At least {show(name, low)}."


def _comment(field: FieldInfo) -> list[str]:
    return textwrap.wrap(field.description or "", 110, initial_indent="# ", subsequent_indent="# ")


def _toml(name: str) -> str:
    field = Settings.model_fields[name]
    if shown := _about(field)["shown"]:
        return f'"{shown.replace("DATA", DATA)}"'
    match field.default:
        case bool() as value:
            return str(value).lower()
        case int() as value if show(name, value) == str(value):
            return str(value)
        case value:
            return f'"{show(name, value) if value else ""}"'


def _about(field: FieldInfo) -> dict[str, Any]:
    about = field.json_schema_extra
    assert isinstance(about, dict), "every setting is declared under a section"
    return about
