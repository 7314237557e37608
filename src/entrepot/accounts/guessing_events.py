"""What is told of guessed passwords."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from entrepot.jobs.events import Event


@dataclass(frozen=True, slots=True)
class LoginBlocked(Event):
    """After so many wrong passwords a user's account, or an address, waits for the longest time there is."""

    type: ClassVar[str] = "login.blocked"
    of: Literal["account", "address"]
    failures: int
    seconds: int


@dataclass(frozen=True, slots=True)
class LoginUnblocked(Event):
    type: ClassVar[str] = "login.unblocked"
