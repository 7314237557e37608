"""What somebody wants to see of a list: which rows, in which order."""

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class WantedRepositories:
    """Which repositories a list is about; what is None does not matter. Parts match in any case of letters.

    `path_part` may have a slash in it: then it is looked for in the whole path, else in what follows the organization.
    """

    organization: str | None = None
    organization_id: int | None = None
    organization_part: str | None = None
    name_part: str | None = None
    path_part: str | None = None
    category: str | None = None
    is_public: bool | None = None


class RepositoryOrder(Enum):
    """What a list of repositories can be sorted by."""

    CREATED = auto()
    UPDATED = auto()
    NAME = auto()
    TAGS = auto()
    ORGANIZATION = auto()
    VISIBILITY = auto()


class WalkOrder(Enum):
    """What a list of repositories that goes on by key can be sorted by: what has an index."""

    UPDATED = auto()
    NAME = auto()
    PATH = auto()


class TagOrder(Enum):
    """What a list of tags can be sorted by. UPDATED: when the tag was last moved."""

    UPDATED = auto()
    NAME = auto()


@dataclass(frozen=True, slots=True)
class WantedShared:
    """Which shared repositories a list is about: those our domain gave, or those it was given.

    What is None does not matter. `domain` owns the repository; `is_valid`: the share has not ended (of those given
    to us).
    """

    is_given: bool
    organization: str | None = None
    organization_part: str | None = None
    name_part: str | None = None
    domain: str | None = None
    is_valid: bool | None = None


class SharedOrder(Enum):
    """What a list of shared repositories can be sorted by."""

    UPDATED = auto()
    NAME = auto()
    TAGS = auto()
    ORGANIZATION = auto()
    DOMAIN = auto()
