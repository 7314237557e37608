"""What somebody wants to see of a list: which rows, in which order."""

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class WantedRepositories:
    """Which repositories a list is about; what is None does not matter. Parts match in any case of letters."""

    organization: str | None = None
    organization_part: str | None = None
    name_part: str | None = None
    category: str | None = None
    is_public: bool | None = None


class RepositoryOrder(Enum):
    """What a list of repositories can be sorted by."""

    UPDATED = auto()
    NAME = auto()
    TAGS = auto()
    ORGANIZATION = auto()
    VISIBILITY = auto()


class TagOrder(Enum):
    """What a list of tags can be sorted by. UPDATED: when the tag was last moved."""

    UPDATED = auto()
    NAME = auto()
