"""Which events are asked for, and where a list of them goes on."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from entrepot.jobs.feed import Position
from entrepot.values.errors import ParameterInvalid, quoted, worded
from entrepot.values.names import OrganizationName

_CURSOR = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)


class Result(StrEnum):
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Events that fit all that is given.

    `type` is exact or a family (`grant.*`), each of `types` and `without` is exact. `actor` is a user's name, or a
    subject as the event has it (`user:ID`, `*` for nobody, `system`). `since` belongs to the span, `until` does not.
    """

    organization: OrganizationName | None = None
    subject: str | None = None
    actor: str | None = None
    type: str | None = None
    types: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    address: str | None = None
    credential: str | None = None
    result: Result | None = None
    since: datetime | None = None
    until: datetime | None = None


def result_of(event_type: str) -> Result:
    """Whether something was done or refused: the names of events say it."""
    return Result.REFUSED if event_type.endswith(".refused") else Result.DONE


def cursor_of(position: Position) -> str:
    return f"{position.xid}-{position.seq}"


def parse_cursor(text: str | None) -> Position | None:
    """A place that a list gave; None for its beginning. Raises ParameterInvalid."""
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise ParameterInvalid(worded("This is no marker that a list gave: {text}.", text=quoted(text)), kind="marker")
    return Position(int(found[1]), int(found[2]))
