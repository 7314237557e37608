"""What rules of immutability say and whether one holds for a tag. Values in, value or error out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from entrepot.access.patterns import fits
from entrepot.registry.rules import check_description
from entrepot.values.errors import ParameterInvalid, TagImmutable, TooMany, Worded, quoted, worded

RULES_MAX: Final = 50
"""Of one organization: all of them are looked at when a tag is to move."""
EXCLUSIONS_MAX: Final = 20
DESCRIPTION_CHARS_MAX: Final = 500
_CHARS_MAX: Final = 255
_STARS_MAX: Final = 4
_NAMED_MAX: Final = 3  # tags that a refusal names
_REPOSITORIES: Final = re.compile(r"[a-z0-9._/*-]+", re.ASCII)
_TAGS: Final = re.compile(r"[A-Za-z0-9._*-]+", re.ASCII)
# Tags in which clients keep what belongs to an image (`reference.fallback_tag`, cosign): lists that grow.
_KEPT_BY_CLIENTS: Final = re.compile(r"sha(?:256|512)-[0-9a-f]{64,128}(?:\.[a-z]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rule:
    """Tags that fit `tags` and no exclusion stay where they are, in repositories whose name fits `repositories`.

    Patterns, in which `*` stands for any characters, also for none and for slashes. Names of repositories are those
    within the organization.
    """

    repositories: str
    tags: str
    exclusions: tuple[str, ...] = ()
    description: str = ""
    is_enabled: bool = True

    @classmethod
    def parse(
        cls,
        repositories: str,
        tags: str,
        exclusions: Iterable[str] = (),
        description: str = "",
        is_enabled: bool = True,
    ) -> "Rule":
        """Raises ParameterInvalid, or BodyTooLarge for a description that is too long."""
        _check(repositories, _REPOSITORIES, "repositories")
        _check(tags, _TAGS, "tags")
        excluded = tuple(dict.fromkeys(exclusions))
        if len(excluded) > EXCLUSIONS_MAX:
            raise ParameterInvalid(
                worded("A rule has at most {limit} exclusions.", limit=EXCLUSIONS_MAX), field="exclusions"
            )
        for one in excluded:
            _check(one, _TAGS, "exclusions")
        return cls(repositories, tags, excluded, check_description(description, DESCRIPTION_CHARS_MAX), is_enabled)

    @property
    def document(self) -> dict[str, Any]:
        """The rule as the feed and the API tell it."""
        return {
            "repositories": self.repositories,
            "tags": self.tags,
            "exclusions": list(self.exclusions),
            "description": self.description,
            "enabled": self.is_enabled,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Rule":
        """The rule a document of ours stands for."""
        excluded = tuple(document["exclusions"])
        return cls(document["repositories"], document["tags"], excluded, document["description"], document["enabled"])

    def changed(self, changes: Mapping[str, Any]) -> "Rule":
        """The rule with what `changes`, in the words of a document, says otherwise. Raises as `parse` does."""
        said = {**self.document, **changes}
        return Rule.parse(said["repositories"], said["tags"], said["exclusions"], said["description"], said["enabled"])

    def reaches(self, repository: str) -> bool:
        """Whether it holds for tags of a repository, by its name in the organization."""
        return self.is_enabled and fits(self.repositories, repository)

    def holds(self, tag: str) -> bool:
        """Whether it holds for a tag of a repository that it reaches."""
        return fits(self.tags, tag) and not any(fits(one, tag) for one in self.exclusions)


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule that stands in an organization under its number; `set_by`: who said last what it says, "" when gone."""

    id: int
    organization: str
    rule: Rule
    set_by: str

    @property
    def said(self) -> Worded:
        """The rule as a sentence names it."""
        words = {
            "number": self.id,
            "organization": self.organization,
            "tags": self.rule.tags,
            "repositories": self.rule.repositories,
        }
        if not self.set_by:
            return worded("rule {number} of {organization} (tags {tags} of {repositories})", **words)
        return worded(
            "rule {number} of {organization} (tags {tags} of {repositories}, set by {name})", **words, name=self.set_by
        )


@dataclass(frozen=True, slots=True)
class Immutability:
    """The rules that reach one repository, the oldest first."""

    rules: Sequence[Standing] = ()

    def rule_of(self, tag: str) -> Standing | None:
        """The rule by which a tag is immutable. None is, in which clients keep signatures and other referrers."""
        if not self.rules or _KEPT_BY_CLIENTS.fullmatch(tag):
            return None
        return next((one for one in self.rules if one.rule.holds(tag)), None)

    def among(self, tags: Iterable[str]) -> dict[str, Standing]:
        """Those of the tags that are immutable, in their order, each with its rule."""
        return {tag: rule for tag in tags if (rule := self.rule_of(tag)) is not None}


def check_rules_count(count: int) -> None:
    """Pass when one more rule of an organization fits. Raises TooMany."""
    if count >= RULES_MAX:
        raise TooMany(worded("An organization has at most {limit} rules of immutability.", limit=RULES_MAX))


def unmoved(path: str, tag: str, rule: Standing) -> TagImmutable:
    """Why a tag does not come to name something else."""
    said = worded(
        "The tag {tag} of {path} is immutable by {rule}: it stays where it is. Choose another, or disable the rule.",
        tag=tag,
        path=path,
        rule=rule.said,
    )
    return TagImmutable(said, **_detail(rule), tags=[tag])


def undeleted(path: str, found: Mapping[str, Standing], are_more: bool = False) -> TagImmutable:
    """Why what immutable tags name is not deleted, nor their repository, nor taken from its name."""
    first = next(iter(found.values()))
    words = {
        "path": path,
        "count": f"{len(found)}+" if are_more else len(found),
        "tags": ", ".join(list(found)[:_NAMED_MAX]) + (", …" if len(found) > _NAMED_MAX else ""),
        "rule": first.said,
        "command": disabling(first),
    }
    if len(found) == 1:
        said = worded(
            "The tag {tags} of {path} is immutable by {rule}: it is not deleted. Disable the rule first: {command}",
            **words,
        )
    else:
        said = worded(
            "The repository {path} holds {count} immutable tags ({tags}) by {rule}. Disable the rule first: {command}",
            **words,
        )
    return TagImmutable(said, **_detail(first), tags=list(found)[:_NAMED_MAX], count=len(found))


def disabling(rule: Standing) -> str:
    """The command that lets tags move and go again."""
    return f"entrepot immutable update {rule.organization} {rule.id} --disable"


def _detail(rule: Standing) -> dict[str, Any]:
    return {"gate": "immutability", "rule": rule.id, "organization": rule.organization, "set_by": rule.set_by}


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
