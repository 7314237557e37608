"""Settings as text for people: amounts in their largest unit, secrets never."""

import re
from typing import Any

from pydantic import SecretStr

from entrepot.plumbing.units import show_bytes, show_seconds
from entrepot.settings.model import Settings

MASK = "********"
# Up to the last @: a password that should have been quoted, and was not, is a secret all the same.
_PASSWORD = re.compile(r"(://[^:/@?]*:).*@")
_PARAMETER = re.compile(r"([?&][^=&]*(?:secret|password|token|key)[^=&]*=)[^&]*", re.IGNORECASE)


def show(name: str, value: Any) -> str:
    """The value of the setting `name` as a person would write it; what must stay secret is masked."""
    match value:
        case None | "":
            return "not set"
        case SecretStr():
            return MASK
        case bool():
            return str(value).lower()
        case int() if "seconds" in Settings.model_fields[name].metadata:
            return show_seconds(value)
        case int() if "bytes" in Settings.model_fields[name].metadata:
            return show_bytes(value)
        case str() if "url" in Settings.model_fields[name].metadata:
            return mask_url(value)
        case _:
            return str(value)


def plain(name: str, value: Any) -> str | int | bool | None:
    """The same for programs: numbers stay numbers."""
    return value if value is None or isinstance(value, int) else show(name, value)


def mask_url(url: str) -> str:
    """`url` without the password and the secret parameters in it."""
    return _PARAMETER.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1{MASK}@", url))
