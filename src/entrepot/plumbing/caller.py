"""Where the request at hand comes from: told by doors, written down with every event."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """`address`: the client's, as far as it is trusted. `credential`: what it showed, as `password` or `key:AK`.

    `domain_id`: of whoever it speaks for.
    """

    address: str = ""
    credential: str = ""
    domain_id: str = ""


NOBODY = Caller()

caller: ContextVar[Caller] = ContextVar("caller", default=NOBODY)
