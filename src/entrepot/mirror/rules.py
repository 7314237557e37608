"""What synchronisation may say (contract §10). Values in, value or error out."""

from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from entrepot.values.errors import ParameterInvalid, TooMany, quoted, worded

RULES_MAX: Final = 100
"""Of one repository."""
WAITING_MAX: Final = 1_000
"""Copies of one repository that wait at once."""
_URL_CHARS_MAX: Final = 255


class Status(StrEnum):
    """Of a copy. `existed`: another image has the name there, and was not to be replaced."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCEL = "cancel"
    EXISTED = "existed"


def parse_url(text: str) -> str:
    """The address of another installation, without a slash at its end. Raises ParameterInvalid."""
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, has_host = urlsplit(""), False
    is_plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= _URL_CHARS_MAX
    beside = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not has_host or beside or not is_plain:
        raise ParameterInvalid(
            worded(
                "The address of a region is http:// or https:// with a host and nothing after it, as "
                "https://images.example.com; not {text}.",
                text=quoted(text),
            )
        )
    return f"{parts.scheme}://{parts.netloc}"


def check_rules(count: int) -> None:
    """Pass when a repository with `count` rules may have one more. Raises TooMany."""
    if count >= RULES_MAX:
        raise TooMany(
            worded("A repository has at most {rules_max} rules of synchronisation.", rules_max=RULES_MAX),
            limit=RULES_MAX,
        )


def check_waiting(count: int) -> None:
    """Pass when a repository may have `count` copies waiting. Raises TooMany."""
    if count > WAITING_MAX:
        raise TooMany(
            worded(
                "At most {waiting_max} copies of a repository wait at once; {count} would.",
                waiting_max=WAITING_MAX,
                count=count,
            ),
            limit=WAITING_MAX,
        )
