"""What accounts accept: lengths, counts and ends."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from entrepot.access.levels import Level
from entrepot.access.scopes import Scope
from entrepot.values.errors import ParameterInvalid, worded

DESCRIPTION_CHARS_MAX: Final = 256
RIGHTS_MAX: Final = 20
GROUPS_MAX: Final = 10_000
"""In a domain."""
ROBOTS_MAX: Final = 10_000
"""In a domain."""
SESSIONS_MAX: Final = 50
"""Of a user."""
LOGINS_MAX: Final = 1_000
"""Docker logins for a time of a user, at once."""
TOKENS_MAX: Final = 100
"""Of a user."""
OVERLAP_MAX: Final = timedelta(days=90)


class Keep(Enum):
    """Stands for a value that stays as it is, where None is a value."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True)
class Right:
    """Up to a level on an organization, a repository or a pattern."""

    scope: Scope
    level: Level


def check_description(text: str) -> None:
    """Raises ParameterInvalid."""
    if len(text) > DESCRIPTION_CHARS_MAX:
        raise ParameterInvalid(
            worded(
                "A description has at most {description_chars_max} characters, not {count}.",
                description_chars_max=DESCRIPTION_CHARS_MAX,
                count=len(text),
            )
        )


def check_rights(rights: Collection[Right]) -> None:
    """Raises ParameterInvalid."""
    if not 1 <= len(rights) <= RIGHTS_MAX:
        raise ParameterInvalid(
            worded("Give 1 to {rights_max} rights, not {count}.", rights_max=RIGHTS_MAX, count=len(rights))
        )
    if len({right.scope for right in rights}) < len(rights):
        raise ParameterInvalid("Each scope is named once, with the most that is allowed there.")


def check_end(expires_at: datetime | Keep | None, now: datetime) -> None:
    """Raises ParameterInvalid for an end that is past already."""
    if isinstance(expires_at, datetime) and expires_at <= now:
        raise ParameterInvalid("The end lies in the past; name a later time, or none for no end.")


def check_overlap(old_until: datetime | None, now: datetime) -> None:
    """Raises ParameterInvalid unless the time until which two secrets work is soon, or there is none."""
    check_end(old_until, now)
    if old_until is not None and old_until > now + OVERLAP_MAX:
        raise ParameterInvalid(
            worded("An old secret works beside the new one for at most {days} days.", days=OVERLAP_MAX.days)
        )


def said(rights: Sequence[Right]) -> list[list[str | int]]:
    """Rights as events and claims say them."""
    return [[right.scope, int(right.level)] for right in sorted(rights, key=lambda one: one.scope)]
