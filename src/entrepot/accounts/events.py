"""What this room tells others."""

from dataclasses import dataclass
from typing import Any, ClassVar

from entrepot.jobs.events import Event


@dataclass(frozen=True, slots=True)
class UserCreated(Event):
    type: ClassVar[str] = "user.created"
    user_id: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class UserChanged(Event):
    """`change`: `password`, `enabled` or `disabled`."""

    type: ClassVar[str] = "user.changed"
    user_id: str
    change: str


@dataclass(frozen=True, slots=True)
class UserUpdated(Event):
    type: ClassVar[str] = "user.updated"
    user_id: str
    name: str
    is_admin: bool
    expires_at: str | None
    before: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UserDeleted(Event):
    type: ClassVar[str] = "user.deleted"
    user_id: str


@dataclass(frozen=True, slots=True)
class GroupCreated(Event):
    type: ClassVar[str] = "group.created"
    group_id: str
    description: str


@dataclass(frozen=True, slots=True)
class GroupChanged(Event):
    type: ClassVar[str] = "group.changed"
    group_id: str
    name: str
    description: str
    before: dict[str, str]


@dataclass(frozen=True, slots=True)
class GroupDeleted(Event):
    type: ClassVar[str] = "group.deleted"
    group_id: str


@dataclass(frozen=True, slots=True)
class GroupMemberAdded(Event):
    type: ClassVar[str] = "group.member-added"
    group_id: str
    user: str
    user_id: str


@dataclass(frozen=True, slots=True)
class GroupMemberRemoved(Event):
    type: ClassVar[str] = "group.member-removed"
    group_id: str
    user: str
    user_id: str


@dataclass(frozen=True, slots=True)
class RobotCreated(Event):
    """`rights`: pairs of a scope and the level on it."""

    type: ClassVar[str] = "robot.created"
    robot_id: str
    rights: list[list[str | int]]
    expires_at: str | None


@dataclass(frozen=True, slots=True)
class RobotChanged(Event):
    type: ClassVar[str] = "robot.changed"
    robot_id: str
    description: str
    rights: list[list[str | int]]
    expires_at: str | None
    before: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RobotRotated(Event):
    """A new secret. `old_until`: the one before works until then; None: it ended."""

    type: ClassVar[str] = "robot.rotated"
    robot_id: str
    old_until: str | None


@dataclass(frozen=True, slots=True)
class RobotEnabled(Event):
    """`owner`: by whose right it works from now on."""

    type: ClassVar[str] = "robot.enabled"
    robot_id: str
    owner: str


@dataclass(frozen=True, slots=True)
class RobotDisabled(Event):
    type: ClassVar[str] = "robot.disabled"
    robot_id: str


@dataclass(frozen=True, slots=True)
class RobotDeleted(Event):
    type: ClassVar[str] = "robot.deleted"
    robot_id: str


@dataclass(frozen=True, slots=True)
class TokenCreated(Event):
    """A personal token of a user. `bounds`: pairs of a scope and the level on it; None: as far as its user."""

    type: ClassVar[str] = "token.created"
    token_id: str
    user_id: str
    bounds: list[list[str | int]] | None
    expires_at: str | None


@dataclass(frozen=True, slots=True)
class TokenDeleted(Event):
    type: ClassVar[str] = "token.deleted"
    token_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class DomainCreated(Event):
    """`admin`: the name of its first administrator."""

    type: ClassVar[str] = "domain.created"
    domain_id: str
    admin: str


@dataclass(frozen=True, slots=True)
class DomainDeleted(Event):
    type: ClassVar[str] = "domain.deleted"
    domain_id: str


@dataclass(frozen=True, slots=True)
class KeyCreated(Event):
    """The subject is the access key; its secret is nowhere but with its user."""

    type: ClassVar[str] = "key.created"
    user_id: str


@dataclass(frozen=True, slots=True)
class KeyChanged(Event):
    type: ClassVar[str] = "key.changed"
    user_id: str
    is_enabled: bool
    description: str
    before: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeyDeleted(Event):
    type: ClassVar[str] = "key.deleted"
    user_id: str


@dataclass(frozen=True, slots=True)
class LoginCreated(Event):
    """A docker login for a time; the subject is its user."""

    type: ClassVar[str] = "login.created"
    login_id: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class SessionBegun(Event):
    type: ClassVar[str] = "session.begun"
    session_id: str


@dataclass(frozen=True, slots=True)
class SessionEnded(Event):
    """Somebody ended it; what only runs out is not told."""

    type: ClassVar[str] = "session.ended"
    session_id: str


@dataclass(frozen=True, slots=True)
class AgencyCreated(Event):
    """The domain of this id lets triggers act on its clusters."""

    type: ClassVar[str] = "agency.created"
