"""Which member of a virtual organization answers for a name. Values in, decision out.

A name that a local member holds is never looked up elsewhere, whatever the order and the rules say, and one that was
answered by a member stays with it: so nobody takes a name over who publishes it at a registry that is merged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from entrepot.access.patterns import fits
from entrepot.mirror.upstream_rules import DOCKER_HUB, upstream_name
from entrepot.values.errors import ParameterInvalid, quoted, worded
from entrepot.values.names import REPOSITORY_CHARS_MAX, OrganizationName, RepositoryName

MEMBERS_MAX: Final = 32
PATTERNS_MAX: Final = 64
"""Of one list."""
QUARANTINE_SECONDS_MAX: Final = 365 * 86_400
_GRAMMAR: Final = re.compile(r"[a-z0-9._/*-]+")
_CHARS_MAX: Final = 255
_STARS_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class Rules:
    """Patterns over names without their organization: `library/*`. What `deny` fits is refused, and so is what no
    pattern of `allow` fits, if there is any."""

    allow: Sequence[str] = ()
    deny: Sequence[str] = ()

    def refusing(self, *names: str) -> str:
        """The rule that refuses what is called by all of `names`, as people read it; empty: none does."""
        for pattern in self.deny:
            if any(fits(pattern, name) for name in names):
                return f"deny {pattern}"
        if self.allow and not any(fits(pattern, name) for pattern in self.allow for name in names):
            return f"allow {', '.join(self.allow)}"
        return ""


@dataclass(frozen=True, slots=True)
class Member:
    """An organization that is merged. `host`: what clients call the registry that it mirrors; empty: it holds its own.

    `holds`: the name that is asked for is among its repositories.
    """

    id: int
    name: OrganizationName
    host: str = ""
    rules: Rules = field(default_factory=Rules)
    holds: bool = False

    @property
    def is_mirror(self) -> bool:
        return bool(self.host)

    def path(self, name: str) -> RepositoryName:
        return RepositoryName(f"{self.name}/{name}")

    def refusing(self, every: Rules, name: str) -> str:
        """The rule by which it does not give the name; empty: it may. `every`: the rules for all members.

        Docker Hub knows `nginx` and `library/nginx` for one: what refuses either refuses both.
        """
        names = [name]
        if self.host == DOCKER_HUB:
            there = upstream_name(self.host, self.path(name))
            names += [there] if there != name else [name.removeprefix("library/")]
        return Rules(deny=every.deny).refusing(*names) or self.rules.refusing(*names)


@dataclass(frozen=True, slots=True)
class Bound:
    """A name belongs to a member, by its id."""

    member_id: int
    since: datetime


class Why(StrEnum):
    """What decided: a local member `holds` the name; it `belongs` to a member; members are asked in `order`.

    Or it is refused: by a rule `of_all`, by a rule of the member that holds it (`of_holder`) or that it belongs to
    (`of_owner`), by those of all mirrors (`of_mirrors`); or the member that it belongs to is gone (`owner_gone`).
    `nobody`: no member is a mirror, and none holds it.
    """

    HOLDS = "holds"
    BELONGS = "belongs"
    ORDER = "order"
    OF_ALL = "of_all"
    OF_HOLDER = "of_holder"
    OF_OWNER = "of_owner"
    OF_MIRRORS = "of_mirrors"
    OWNER_GONE = "owner_gone"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Decision:
    """`asked`: who answers, or mirrors in the order in which they are asked; nobody, when a rule refuses.

    `rule`: the one that does. `member`: whose that is, or to whom the name belongs.
    """

    why: Why
    asked: Sequence[Member] = ()
    rule: str = ""
    member: Member | None = None

    @property
    def is_refused(self) -> bool:
        return not self.asked and self.why is not Why.NOBODY

    @property
    def is_settled(self) -> bool:
        """Whether one member answers, and nobody else is asked after it."""
        return self.why in (Why.HOLDS, Why.BELONGS)


def decide(name: str, rules: Rules, members: Sequence[Member], bound: Bound | None) -> Decision:
    """Who answers for a name, given what `members`, in order, hold of it and to whom it belongs already."""
    if rule := rules.refusing(name):
        return Decision(Why.OF_ALL, rule=rule)
    holders = [one for one in members if one.holds and not one.is_mirror]
    if holders:
        passing = [one for one in holders if not one.refusing(rules, name)]
        if passing:
            return Decision(Why.HOLDS, passing[:1], member=passing[0])
        return Decision(Why.OF_HOLDER, rule=holders[0].refusing(rules, name), member=holders[0])
    if bound is not None:
        owner = next((one for one in members if one.id == bound.member_id), None)
        if owner is None:
            return Decision(Why.OWNER_GONE)
        if rule := owner.refusing(rules, name):
            return Decision(Why.OF_OWNER, rule=rule, member=owner)
        return Decision(Why.BELONGS, [owner], member=owner)
    # A name may be too long together with that of a member.
    mirrors = [one for one in members if one.is_mirror and len(one.path(name)) <= REPOSITORY_CHARS_MAX]
    passing = [one for one in mirrors if not one.refusing(rules, name)]
    if passing:
        return Decision(Why.ORDER, passing)
    if mirrors:
        return Decision(Why.OF_MIRRORS, rule=mirrors[0].refusing(rules, name), member=mirrors[0])
    return Decision(Why.NOBODY)


@dataclass(frozen=True, slots=True)
class Age:
    """`seen_at`: when its digest was first known here. `created_at`: what its configuration says, which anybody can
    write; None: nothing."""

    seen_at: datetime
    created_at: datetime | None = None

    @property
    def counts_from(self) -> datetime:
        """The later one: an image can be made to look old, but not to have been here."""
        return max(self.seen_at, self.created_at or self.seen_at)

    def free_at(self, quarantine_seconds: int) -> datetime:
        """From when on it is old enough."""
        try:
            return self.counts_from + timedelta(seconds=quarantine_seconds)
        except OverflowError:  # it says that it is from the year 9999
            return self.counts_from


def to_second(moment: datetime) -> str:
    """A time in UTC, as precise as people need it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rules(allow: Sequence[str], deny: Sequence[str]) -> Rules:
    """Raises ParameterInvalid."""
    return Rules(_patterns(allow, "allow"), _patterns(deny, "deny"))


def _patterns(texts: Sequence[str], name: str) -> tuple[str, ...]:
    if len(texts) > PATTERNS_MAX:
        raise ParameterInvalid(
            worded(
                "There are at most {limit} patterns in {name}, not {count}.",
                limit=PATTERNS_MAX,
                name=name,
                count=len(texts),
            ),
            field=name,
        )
    return tuple(dict.fromkeys(parse_pattern(text, name) for text in texts))


def parse_pattern(text: str, name: str) -> str:
    """A pattern over names without their organization. Raises ParameterInvalid."""
    if len(text) > _CHARS_MAX or text.count("*") > _STARS_MAX or not _GRAMMAR.fullmatch(text):
        raise ParameterInvalid(
            worded(
                "A pattern is a name without its organization, with at most {stars} of `*` and {chars} characters, as "
                "library/*; not {text}.",
                stars=_STARS_MAX,
                chars=_CHARS_MAX,
                text=quoted(text),
            ),
            field=name,
        )
    return text


def check_quarantine(seconds: int) -> int:
    """Raises ParameterInvalid."""
    if not 0 <= seconds <= QUARANTINE_SECONDS_MAX:
        raise ParameterInvalid(
            worded(
                "{name} is 0 to {limit}, not {seconds}.",
                name="quarantine_seconds",
                limit=QUARANTINE_SECONDS_MAX,
                seconds=seconds,
            ),
            field="quarantine_seconds",
        )
    return seconds


def check_count(count: int) -> None:
    """Pass for so many members. Raises ParameterInvalid."""
    if not 1 <= count <= MEMBERS_MAX:
        raise ParameterInvalid(
            worded("A virtual organization has 1 to {limit} members, not {count}.", limit=MEMBERS_MAX, count=count),
            field="members",
        )
