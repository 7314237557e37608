"""What a pin says, and which images it keeps. Values in, value or error out."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from entrepot.access.patterns import fits
from entrepot.values.errors import ParameterInvalid, TooMany, quoted, worded

PINS_MAX: Final = 100
"""Of one mirror: all of them are looked at for each image that is to be trimmed."""
_CHARS_MAX: Final = 255
_STARS_MAX: Final = 4
_REPOSITORIES: Final = re.compile(r"[a-z0-9._/*-]+", re.ASCII)
_TAGS: Final = re.compile(r"[A-Za-z0-9._*-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pin:
    """Images with a tag like `tags`, in repositories of a mirror whose name is like `repositories`, are not trimmed.

    Patterns, in which `*` stands for any characters, also for none and for slashes. Without `tags` all images are
    meant, also those that have no tag.
    """

    repositories: str
    tags: str = ""

    @classmethod
    def parse(cls, repositories: str, tags: str = "") -> "Pin":
        """Raises ParameterInvalid."""
        _check(repositories, _REPOSITORIES, "repositories")
        if tags:
            _check(tags, _TAGS, "tags")
        return cls(repositories, tags)

    def __str__(self) -> str:
        return f"{self.repositories}:{self.tags}" if self.tags else self.repositories

    def keeps(self, repository: str, tags: Collection[str]) -> bool:
        """Whether an image with these tags is meant, in a repository named as within its mirror."""
        return fits(self.repositories, repository) and (not self.tags or any(fits(self.tags, tag) for tag in tags))


def is_pinned(pins: Iterable[Pin], repository: str, tags: Collection[str]) -> bool:
    return any(pin.keeps(repository, tags) for pin in pins)


def check_pins_count(count: int) -> None:
    """Pass when one more pin of a mirror fits. Raises TooMany."""
    if count >= PINS_MAX:
        raise TooMany(worded("A mirror has at most {limit} pins. Patterns keep many images with one.", limit=PINS_MAX))


def _check(pattern: str, grammar: re.Pattern[str], field: str) -> None:
    if len(pattern) > _CHARS_MAX or pattern.count("*") > _STARS_MAX or not grammar.fullmatch(pattern):
        words = {"stars": _STARS_MAX, "limit": _CHARS_MAX, "pattern": quoted(pattern)}
        if field == "repositories":
            said = worded(
                "A pattern is a name with at most {stars} of `*`, at most {limit} characters long; not {pattern}.",
                **words,
            )
        else:
            said = worded(
                "A pattern is a tag with at most {stars} of `*`, at most {limit} characters long; not {pattern}.",
                **words,
            )
        raise ParameterInvalid(said, field=field)
