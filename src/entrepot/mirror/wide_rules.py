"""What our own rules of synchronisation may say: more than the contract's. Values in, value or error out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from entrepot.access.patterns import fits
from entrepot.mirror.times import When
from entrepot.values.errors import ParameterInvalid, TooMany, quoted, worded
from entrepot.values.names import OrganizationName, RegionName, RepositoryName

RULES_MAX: Final = 100
"""Of an installation: each is looked at for what is pushed."""
REGIONS_MAX: Final = 10
PATTERNS_MAX: Final = 20
WANTED_MAX: Final = 10_000
"""Copies of one rule that wait at once."""
_CHARS_MAX: Final = 255
_STARS_MAX: Final = 4
_RATE_MAX: Final = 1 << 50
_REPOSITORIES: Final = re.compile(r"[a-z0-9._/*-]+", re.ASCII)
_TAGS: Final = re.compile(r"[A-Za-z0-9._*-]+", re.ASCII)
_OF_DIGEST: Final = re.compile(r"(sha256|sha512)-([0-9a-f]{64,128})(?:\.(?:sig|att|sbom))?", re.ASCII)


class Direction(StrEnum):
    """From here to regions, or from a region to here."""

    PUSH = "push"
    PULL = "pull"


@dataclass(frozen=True, slots=True)
class WideRule:
    """Repositories like one of `repositories` (`ORGANIZATION/NAME`, where they come from), and of their tags those
    like one of `tags` (all without one) and none of `exclusions`.

    They go to the same name on the other side, or to `organization` there. `overrides`: another image of the name is
    replaced. `referrers`: signatures and the like come along. `deletes`: what the rule copied goes when it is deleted
    where it came from. `bytes_per_second`: all copies of the rule together; 0: as fast as it goes.
    """

    direction: Direction
    regions: tuple[str, ...]
    repositories: tuple[str, ...]
    tags: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    organization: str = ""
    overrides: bool = False
    referrers: bool = True
    deletes: bool = False
    when: When = field(default_factory=When)
    bytes_per_second: int = 0
    is_enabled: bool = True

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "WideRule":
        """The rule that a document of ours, or somebody's, stands for. Raises ParameterInvalid."""
        organization = document["organization"]
        rule = cls(
            _direction(document["direction"]),
            _regions(document["regions"]),
            parse_patterns(document["repositories"], _REPOSITORIES, "repositories"),
            parse_patterns(document["tags"], _TAGS, "tags"),
            parse_patterns(document["exclusions"], _TAGS, "exclusions"),
            OrganizationName.parse(organization) if organization else "",
            document["overrides"],
            document["referrers"],
            document["deletes"],
            When.parse(document["every_seconds"], document["at"], document["windows"]),
            document["bytes_per_second"],
            document["enabled"],
        )
        _check(rule)
        return rule

    @property
    def document(self) -> dict[str, Any]:
        """The rule as the feed and the API tell it."""
        return {
            "direction": self.direction.value,
            "regions": list(self.regions),
            "repositories": list(self.repositories),
            "tags": list(self.tags),
            "exclusions": list(self.exclusions),
            "organization": self.organization,
            "overrides": self.overrides,
            "referrers": self.referrers,
            "deletes": self.deletes,
            "every_seconds": self.when.every_seconds,
            "at": self.when.time_of_day,
            "windows": [str(one) for one in self.when.windows],
            "bytes_per_second": self.bytes_per_second,
            "enabled": self.is_enabled,
        }

    @property
    def follows(self) -> bool:
        """Whether it copies what is pushed here when it is pushed."""
        return self.is_enabled and self.direction is Direction.PUSH and self.when.is_at_each_change

    def is_about(self, path: str) -> bool:
        """Whether it copies from a repository, by its name where it comes from."""
        return any(fits(one, path) for one in self.repositories)

    def takes(self, tag: str) -> bool:
        """Whether it copies a tag for its own sake. Tags that name a digest belong to what that is."""
        if _OF_DIGEST.fullmatch(tag):
            return False
        wanted = not self.tags or any(fits(one, tag) for one in self.tags)
        return wanted and not any(fits(one, tag) for one in self.exclusions)

    @staticmethod
    def digest_meant(tag: str) -> str:
        """The digest of what is signed, or has a list of referrers, under a tag that is called by it; empty: none."""
        found = _OF_DIGEST.fullmatch(tag)
        return f"{found[1]}:{found[2]}" if found else ""

    def other_side(self, path: RepositoryName) -> str:
        """What a repository is called on the other side."""
        return f"{self.organization or path.organization}/{path.name}"

    def copies_the_same(self, other: "WideRule") -> bool:
        """Whether what waits of the one is what the other wants, too."""
        return replace(self, when=When(), bytes_per_second=0) == replace(other, when=When(), bytes_per_second=0)


DEFAULTS: Final[Mapping[str, Any]] = {
    key: value
    for key, value in WideRule(Direction.PUSH, (), ()).document.items()
    if key not in ("direction", "regions", "repositories")
}
"""What a rule says where nobody says anything."""


def check_count(count: int) -> None:
    """Pass when there may be one rule more. Raises TooMany."""
    if count >= RULES_MAX:
        raise TooMany(worded("There are at most {limit} rules of synchronisation.", limit=RULES_MAX), limit=RULES_MAX)


def _check(rule: WideRule) -> None:
    if not rule.repositories:
        raise ParameterInvalid("A rule names repositories, as acme/*.", field="repositories")
    if rule.direction is Direction.PULL:
        if len(rule.regions) > 1:
            raise ParameterInvalid(
                "A rule pulls from one region: two could have different images of one name.", field="regions"
            )
        if rule.when.is_at_each_change:
            raise ParameterInvalid(
                "A region does not tell when something changes there: a rule that pulls says every_seconds or at.",
                field="every_seconds",
            )
    elsewhere = {one.partition("/")[0] for one in rule.repositories}
    if rule.organization and (len(elsewhere) > 1 or any("*" in one for one in elsewhere)):
        raise ParameterInvalid(
            "Repositories of several organizations cannot go to one: two of them may have the same name.",
            field="organization",
        )
    if not 0 <= rule.bytes_per_second <= _RATE_MAX:
        raise ParameterInvalid(
            worded("bytes_per_second is from 0 to {most}.", most=_RATE_MAX), field="bytes_per_second"
        )


def _direction(text: str) -> Direction:
    try:
        return Direction(text)
    except ValueError:
        raise ParameterInvalid(
            worded("A direction is push or pull; not {text}.", text=quoted(text)), field="direction"
        ) from None


def _regions(given: Sequence[str]) -> tuple[str, ...]:
    if not 1 <= len(set(given)) <= REGIONS_MAX:
        raise ParameterInvalid(worded("A rule names 1 to {limit} regions.", limit=REGIONS_MAX), field="regions")
    return tuple(dict.fromkeys(RegionName.parse(one) for one in given))


def parse_patterns(given: Sequence[str], grammar: re.Pattern[str], field: str) -> tuple[str, ...]:
    """Names with stars, each once, of which `field` may have some. Raises ParameterInvalid."""
    if len(given) > PATTERNS_MAX:
        raise ParameterInvalid(
            worded("{field}: at most {limit} patterns.", field=field, limit=PATTERNS_MAX), field=field
        )
    for one in given:
        if len(one) > _CHARS_MAX or one.count("*") > _STARS_MAX or not grammar.fullmatch(one):
            words = {"stars": _STARS_MAX, "limit": _CHARS_MAX, "pattern": quoted(one)}
            raise ParameterInvalid(
                worded(
                    "A pattern is a name with at most {stars} of `*`, at most {limit} characters long; not {pattern}.",
                    **words,
                ),
                field=field,
            )
    return tuple(dict.fromkeys(given))
