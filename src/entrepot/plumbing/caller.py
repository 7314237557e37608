"""Where the request at hand comes from: told by doors, written down with every event."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """`address`: the client's, as far as it is trusted. `credential`: what it showed, `password`, `key:AK`, `token:ID` …"""

    address: str = ""
    credential: str = ""


caller: ContextVar[Caller] = ContextVar("caller", default=Caller())
