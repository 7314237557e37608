"""Levels and what they allow (contract §17): the one table.

7 manage, 3 edit, 1 read; 0 is none. A higher level includes the lower ones.
"""

from enum import IntEnum, StrEnum

from entrepot.values.errors import ParameterInvalid, quoted, worded


class Level(IntEnum):
    NONE = 0
    READ = 1
    EDIT = 3
    MANAGE = 7

    @classmethod
    def parse(cls, text: str | int) -> "Level":
        """A level that can be given, from its name (`read`, `edit`, `manage`) or number. Raises ParameterInvalid."""
        for level in (cls.READ, cls.EDIT, cls.MANAGE):
            if text == level if isinstance(text, int) else text.upper() == level.name:
                return level
        given = text if isinstance(text, int) else quoted(text)
        raise ParameterInvalid(
            worded("A level is read (1), edit (3) or manage (7), not {given}.", given=given), kind="level"
        )


class Action(StrEnum):
    """What somebody wants to do, as `thing:verb`."""

    ORGANIZATION_READ = "organization:read"
    ORGANIZATION_MANAGE = "organization:manage"
    ORGANIZATION_NOTIFY = "organization:notify"
    REPOSITORY_CREATE = "repository:create"
    REPOSITORY_PULL = "repository:pull"
    REPOSITORY_PUSH = "repository:push"
    REPOSITORY_TAG = "repository:tag"
    REPOSITORY_DELETE_CONTENT = "repository:delete-content"
    REPOSITORY_UPDATE = "repository:update"
    REPOSITORY_DELETE = "repository:delete"
    REPOSITORY_GRANT = "repository:grant"
    REPOSITORY_AUTOMATE = "repository:automate"
    REPOSITORY_RETAIN = "repository:retain"
    REPOSITORY_NOTIFY = "repository:notify"


NEEDS: dict[Action, Level] = {
    Action.ORGANIZATION_READ: Level.READ,
    Action.ORGANIZATION_MANAGE: Level.MANAGE,
    Action.ORGANIZATION_NOTIFY: Level.MANAGE,  # webhooks: what happens here is told elsewhere
    Action.REPOSITORY_CREATE: Level.EDIT,
    Action.REPOSITORY_PULL: Level.READ,
    Action.REPOSITORY_PUSH: Level.EDIT,
    Action.REPOSITORY_TAG: Level.EDIT,
    Action.REPOSITORY_DELETE_CONTENT: Level.MANAGE,
    Action.REPOSITORY_UPDATE: Level.EDIT,
    Action.REPOSITORY_DELETE: Level.MANAGE,
    Action.REPOSITORY_GRANT: Level.MANAGE,
    Action.REPOSITORY_AUTOMATE: Level.EDIT,  # triggers and synchronisation
    Action.REPOSITORY_RETAIN: Level.MANAGE,  # what a retention policy does is deleting
    Action.REPOSITORY_NOTIFY: Level.MANAGE,
}

FOR_PEOPLE = frozenset({Action.ORGANIZATION_MANAGE, Action.REPOSITORY_GRANT})
"""What no robot does, whatever its level: it works with content, and decides about nobody."""
