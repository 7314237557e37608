"""What somebody wants to see of a list: which rows, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from entrepot.values.label import WantedLabel


@dataclass(frozen=True, slots=True)
class WantedRepositories:
    """Which repositories a list is about; what is None does not matter. Parts match in any case of letters.

    `labels`: for each of them there is a version that has it.
    `path_part` may have a slash in it: then it is looked for in the whole path, else in what follows the organization.
    """

    organization: str | None = None
    organization_id: int | None = None
    organization_part: str | None = None
    name_part: str | None = None
    path_part: str | None = None
    category: str | None = None
    is_public: bool | None = None
    labels: Sequence[WantedLabel] = ()

    @property
    def is_by_part(self) -> bool:
        """Whether a repository's own name must have a part."""
        return bool(self.name_part or self.path_part)


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
    """What a list of tags can be sorted by. UPDATED: when the tag was last pushed, or moved."""

    UPDATED = auto()
    NAME = auto()


@dataclass(frozen=True, slots=True)
class WantedTags:
    """Which tags of a repository, in which order: those whose name contains `part`, `limit` of them after `marker`."""

    part: str = ""
    order: TagOrder = TagOrder.UPDATED
    descending: bool = True
    marker: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class WantedShared:
    """Which shared repositories a list is about: those our domain gave, or those it was given.

    What is None does not matter. `domain` owns the repository; `is_valid`: the share has not ended (of those given
    to us). `category` and `labels` are told of shares that have not ended only; for each label there is a version that
    has it.
    """

    is_given: bool
    organization: str | None = None
    organization_part: str | None = None
    name_part: str | None = None
    domain: str | None = None
    is_valid: bool | None = None
    category: str | None = None
    labels: Sequence[WantedLabel] = ()


class SharedOrder(Enum):
    """What a list of shared repositories can be sorted by."""

    UPDATED = auto()
    NAME = auto()
    TAGS = auto()
    ORGANIZATION = auto()
    DOMAIN = auto()
