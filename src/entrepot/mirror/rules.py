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
_PAUSE_GROWTH: Final = 3.0
_PAUSE_SECONDS_MAX: Final = 3_600.0
_ACCOUNT_CHARS_MAX: Final = {"username": 255, "password": 8_192, "authority": 65_536}


class Status(StrEnum):
    """Of a copy. `existed`: another image has the name there, and was not to be replaced."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCEL = "cancel"
    EXISTED = "existed"


class Work(StrEnum):
    """What is done with a tag; a deletion is of what was copied before."""

    COPY = "copy"
    DELETE = "delete"


UNDER_WAY: Final = frozenset({Status.WAITING, Status.RUNNING})
_AGAIN: Final = frozenset({Status.FAILED, Status.TIMEOUT, Status.CANCEL, Status.EXISTED})
"""What somebody may have tried again."""


def pause_seconds(failures: int, first_seconds: float, asked_for: float | None = None) -> float:
    """How long a copy that broke off `failures` times in a row waits; at least as long as the region asked for."""
    grown = first_seconds * _PAUSE_GROWTH ** min(max(failures - 1, 0), 20)
    return min(max(grown, asked_for or 0.0), _PAUSE_SECONDS_MAX)


def check_again(status: Status) -> None:
    """Pass when a copy of this status may be tried again. Raises ParameterInvalid."""
    if status not in _AGAIN:
        raise ParameterInvalid(
            worded(
                "Only a copy that did not succeed, and has ended, is tried again; this one is {status}.", status=status
            ),
            kind="state",
        )


def check_cancel(status: Status) -> None:
    """Pass when a copy of this status may be called off. Raises ParameterInvalid."""
    if status not in UNDER_WAY:
        raise ParameterInvalid(worded("The copy has ended already: it is {status}.", status=status), kind="state")


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


def check_account(username: str, password: str, authority: str) -> None:
    """Pass for who we are at a region; whether `authority` can be read is not looked at. Raises ParameterInvalid."""
    given = {"username": username, "password": password, "authority": authority}
    for name, text in given.items():
        if len(text) > _ACCOUNT_CHARS_MAX[name]:
            raise ParameterInvalid(
                worded("{name} has at most {limit} characters.", name=name, limit=_ACCOUNT_CHARS_MAX[name]), kind=name
            )
    if ":" in username or not username.isprintable():
        raise ParameterInvalid("A username at a region is text without a colon.", kind="username")
    if password and not username:
        raise ParameterInvalid("A password at a region needs a username.", kind="username")


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
