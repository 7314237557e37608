"""What this room tells others."""

from dataclasses import dataclass
from typing import ClassVar

from entrepot.jobs.events import Event


@dataclass(frozen=True, slots=True)
class UserCreated(Event):
    type: ClassVar[str] = "user.created"
    user_id: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class UserChanged(Event):
    type: ClassVar[str] = "user.changed"
    user_id: str
    change: str
