"""What a policy of an organization may say: rules richer than the contract's. Values in, value or error out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from entrepot.access.patterns import fits
from entrepot.plumbing.expressions import Expression
from entrepot.registry.rules import check_description
from entrepot.upkeep.clauses import Clause
from entrepot.upkeep.rules import Selector, SelectorKind
from entrepot.values.errors import ParameterInvalid, TooMany, quoted, worded

POLICIES_MAX: Final = 20
"""Of one organization: all of them are looked at for each of its repositories."""
RULES_MAX: Final = 10
PATTERNS_MAX: Final = 20
NEWEST_MAX: Final = 1_000
DAYS_MAX: Final = 3_650
DESCRIPTION_CHARS_MAX: Final = 500
_CHARS_MAX: Final = 255
_STARS_MAX: Final = 4
_REPOSITORIES: Final = re.compile(r"[a-z0-9._/*-]+", re.ASCII)
_TAGS: Final = re.compile(r"[A-Za-z0-9._*-]+", re.ASCII)
_ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class WideRule:
    """About tags like any of `tags`, all without one, but those like any of `exclusions`, which are kept.

    Of them it keeps the `newest` so many, those pushed within `pushed_days`, and those pulled or pushed within
    `pulled_days`; with `signed` also what is signed. A pattern is a name in which `*` stands for any characters, or
    between two slashes a regular expression.
    """

    tags: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    newest: int | None = None
    pushed_days: int | None = None
    pulled_days: int | None = None
    signed: bool = False

    @classmethod
    def parse(
        cls,
        tags: Sequence[str] = (),
        exclusions: Sequence[str] = (),
        newest: int | None = None,
        pushed_days: int | None = None,
        pulled_days: int | None = None,
        signed: bool = False,
    ) -> "WideRule":
        """Raises ParameterInvalid."""
        about, excepted = _patterns(tags, "tags"), _patterns(exclusions, "exclusions")
        _check_number(newest, NEWEST_MAX, "newest")
        _check_number(pushed_days, DAYS_MAX, "pushed_days")
        _check_number(pulled_days, DAYS_MAX, "pulled_days")
        if newest is None and pushed_days is None and pulled_days is None:
            raise ParameterInvalid(
                worded(
                    "A rule says what it keeps: newest, pushed_days or pulled_days. This one would delete everything "
                    "it is about, also what was pushed a moment ago."
                ),
                kind="retention-rule",
            )
        about = () if _ALL in about else about
        contradicting = [one for one in excepted if one == _ALL or one in about]
        if contradicting:
            raise ParameterInvalid(
                worded(
                    "A rule cannot be about {pattern} and except it: it would be about nothing.",
                    pattern=contradicting[0],
                ),
                kind="retention-rule",
            )
        return cls(about, excepted, newest, pushed_days, pulled_days, signed)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "WideRule":
        """The rule a document of ours stands for."""
        patterns = tuple(document["tags"]), tuple(document["exclusions"])
        return cls(*patterns, document["newest"], document["pushed_days"], document["pulled_days"], document["signed"])

    @property
    def document(self) -> dict[str, Any]:
        """The rule as the feed and the API tell it."""
        return {
            "tags": list(self.tags),
            "exclusions": list(self.exclusions),
            "newest": self.newest,
            "pushed_days": self.pushed_days,
            "pulled_days": self.pulled_days,
            "signed": self.signed,
        }

    def clause(self, policy_id: int) -> Clause:
        """What it comes to; `policy` in its document says of which policy of the organization."""
        return Clause(
            0,
            {"policy": policy_id, **self.document},
            tuple(map(_selector, self.tags)),
            tuple(map(_selector, self.exclusions)),
            self.newest,
            self.pushed_days,
            self.pulled_days,
            self.signed,
        )


@dataclass(frozen=True, slots=True)
class WidePolicy:
    """Rules for the repositories of an organization that are like `repositories`, named as within it.

    `untagged_days`: images that never had a tag, pushed by digest alone, go so many days after their push.
    """

    repositories: str
    rules: tuple[WideRule, ...]
    untagged_days: int | None = None
    description: str = ""
    is_enabled: bool = True

    @classmethod
    def parse(
        cls,
        repositories: str,
        rules: Sequence[WideRule],
        untagged_days: int | None = None,
        description: str = "",
        is_enabled: bool = True,
    ) -> "WidePolicy":
        """Raises ParameterInvalid, or BodyTooLarge for a description that is too long."""
        if (
            len(repositories) > _CHARS_MAX
            or repositories.count("*") > _STARS_MAX
            or not _REPOSITORIES.fullmatch(repositories)
        ):
            words = {"stars": _STARS_MAX, "limit": _CHARS_MAX, "pattern": quoted(repositories)}
            raise ParameterInvalid(
                worded(
                    "A pattern is a name with at most {stars} of `*`, at most {limit} characters long; not {pattern}.",
                    **words,
                ),
                field="repositories",
            )
        _check_number(untagged_days, DAYS_MAX, "untagged_days")
        if not rules and untagged_days is None:
            raise ParameterInvalid(
                worded("A policy has a rule, or says untagged_days; this one would do nothing."), kind="retention-rule"
            )
        if len(rules) > RULES_MAX:
            raise ParameterInvalid(
                worded("A policy has at most {limit} rules, not {count}.", limit=RULES_MAX, count=len(rules)),
                kind="retention-rule",
            )
        _check_distinct(rules)
        checked = check_description(description, DESCRIPTION_CHARS_MAX)
        return cls(repositories, tuple(rules), untagged_days, checked, is_enabled)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "WidePolicy":
        """The policy a document of ours stands for."""
        rules = tuple(WideRule.of(one) for one in document["rules"])
        return cls(
            document["repositories"],
            rules,
            document["untagged_days"],
            document["description"],
            document["enabled"],
        )

    @property
    def document(self) -> dict[str, Any]:
        return {
            "repositories": self.repositories,
            "rules": [one.document for one in self.rules],
            "untagged_days": self.untagged_days,
            "description": self.description,
            "enabled": self.is_enabled,
        }

    def reaches(self, repository: str) -> bool:
        """Whether it is carried out in a repository, by its name in the organization."""
        return self.is_enabled and fits(self.repositories, repository)


def check_policies_count(count: int) -> None:
    """Pass when one more policy of an organization fits. Raises TooMany."""
    if count >= POLICIES_MAX:
        raise TooMany(worded("An organization has at most {limit} retention policies.", limit=POLICIES_MAX))


def check_pulls_known(policy: WidePolicy, accounting_days: int) -> None:
    """Pass when it is kept for long enough when tags were pulled. Raises ParameterInvalid."""
    days = max((rule.pulled_days or 0 for rule in policy.rules), default=0)
    if days > accounting_days:
        raise ParameterInvalid(
            worded(
                "Pulls are known for {known} days (accounting_days): pulled_days cannot be {days}.",
                known=accounting_days,
                days=days,
            ),
            kind="retention-rule",
        )


def _check_distinct(rules: Sequence[WideRule]) -> None:
    """A tag that any rule keeps is kept: of two about the same tags, one may undo what the other is for."""
    seen: dict[frozenset[str], int] = {}
    for number, rule in enumerate(rules, 1):
        before = seen.setdefault(frozenset(rule.tags), number)
        if before != number:
            raise ParameterInvalid(
                worded(
                    "Rules {first} and {second} are about the same tags, and what either keeps is kept: make one rule "
                    "of them that says all that is kept.",
                    first=before,
                    second=number,
                ),
                kind="retention-rule",
            )


def _check_number(number: int | None, most: int, name: str) -> None:
    if number is not None and not 1 <= number <= most:
        raise ParameterInvalid(worded("{name} is from 1 to {most}.", name=name, most=most), field=name)


def _patterns(given: Sequence[str], field: str) -> tuple[str, ...]:
    if len(given) > PATTERNS_MAX:
        raise ParameterInvalid(
            worded("A rule has at most {limit} patterns of tags, and of exclusions.", limit=PATTERNS_MAX), field=field
        )
    for one in given:
        if _is_expression(one):
            _check_expression(one[1:-1], field)
        elif len(one) > _CHARS_MAX or one.count("*") > _STARS_MAX or not _TAGS.fullmatch(one):
            words = {"stars": _STARS_MAX, "limit": _CHARS_MAX, "pattern": quoted(one)}
            raise ParameterInvalid(
                worded(
                    "A pattern is a tag with at most {stars} of `*`, at most {limit} characters long, or a regular "
                    "expression between two slashes; not {pattern}.",
                    **words,
                ),
                field=field,
            )
    return tuple(dict.fromkeys(given))


def _check_expression(text: str, field: str) -> None:
    try:
        Expression.parse(text)
    except ParameterInvalid as error:
        raise ParameterInvalid(error.message, field=field) from error


def _is_expression(pattern: str) -> bool:
    return len(pattern) > 1 and pattern[0] == pattern[-1] == "/"


def _selector(pattern: str) -> Selector:
    if _is_expression(pattern):
        return Selector(SelectorKind.REGEXP, pattern[1:-1])
    if "*" in pattern:
        return Selector(SelectorKind.REGEXP, ".*".join(re.escape(part) for part in pattern.split("*")))
    return Selector(SelectorKind.LABEL, pattern)
