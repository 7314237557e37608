"""Retention: whether a tag is kept, and why. Facts in, verdicts out; nothing here reads or removes.

All tags of a repository are shown to a `Judge` once (`see`), if a rule counts them, and then judged one by one. What
it remembers is bounded by the numbers in the rules, not by the number of tags.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from heapq import heappush, heappushpop
from typing import Final, NamedTuple

from entrepot.registry.accessories import subject_of
from entrepot.upkeep.clauses import Clause, Matcher, matcher
from entrepot.upkeep.rules import Selector


class TagFact(NamedTuple):
    """A tag as it is. `id` changes when it moves. `pushed_at`: last, or moved; `pulled_at`: last, by this name.

    Made a million times for a large repository: rows of `queries/facts.py` have their fields in this order.
    """

    name: str
    pushed_at: datetime
    id: int = 0
    digest: str = ""
    pulled_at: datetime | None = None


class Reason(StrEnum):
    """Why a tag is kept; or, `expired`, that it is deleted: a rule is about it, and nothing keeps it."""

    EXPIRED = "expired"
    NO_RULE = "no_rule"
    ACCESSORY = "accessory"
    EXCEPTED = "excepted"
    NEWEST = "newest"
    PUSHED = "pushed"
    PULLED = "pulled"
    SIGNED = "signed"
    RUNNING = "running"
    IMMUTABLE = "immutable"


class Verdict(NamedTuple):
    """`clause`: the rule that keeps the tag, or the first that is about one that is deleted."""

    fact: TagFact
    reason: Reason
    clause: Clause | None = None

    @property
    def is_deleted(self) -> bool:
        return self.reason is Reason.EXPIRED


_Key = tuple[datetime, str]
MatcherOf = Callable[[tuple[Selector, ...]], Matcher]
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final[Matcher] = frozenset[str]().__contains__


class _Scope:
    """One clause with what was seen of it: the newest tags that it counts."""

    def __init__(self, clause: Clause, now: datetime, pulls_days: int, match: MatcherOf) -> None:
        self.clause = clause
        self.is_about = match(clause.tags) if clause.tags else None
        self.excepts = match(clause.excepted) if clause.excepted else _NEVER
        self.newest: list[_Key] = []
        self.pushed_since = None if clause.pushed_days is None else _before(now, clause.pushed_days)
        self.pulled_since = None if clause.pulled_days is None else _before(now, clause.pulled_days)
        if clause.pulled_days is not None and clause.pulled_days > pulls_days:
            self.pulled_since = _EVER  # whether it was pulled since is not known: it is kept

    def see(self, fact: TagFact) -> None:
        most, key = self.clause.newest, (fact.pushed_at, fact.name)
        is_full = most is not None and len(self.newest) >= most
        # The cheap question first: of a million tags few are newer than the newest so far.
        if most is None or (is_full and key < self.newest[0]):
            return
        if self.excepts(fact.name) or (self.is_about and not self.is_about(fact.name)):
            return
        if is_full:
            heappushpop(self.newest, key)
        else:
            heappush(self.newest, key)

    def reason(self, fact: TagFact) -> Reason:
        """Why the clause keeps the tag; NO_RULE or EXPIRED when it does not."""
        if self.excepts(fact.name):
            return Reason.EXCEPTED
        if self.is_about and not self.is_about(fact.name):
            return Reason.NO_RULE
        most = self.clause.newest
        if most is not None and (len(self.newest) < most or (fact.pushed_at, fact.name) >= self.newest[0]):
            return Reason.NEWEST
        if self.pushed_since and fact.pushed_at >= self.pushed_since:
            return Reason.PUSHED
        if self.pulled_since:
            if fact.pulled_at is not None and fact.pulled_at >= self.pulled_since:
                return Reason.PULLED
            if fact.pushed_at >= self.pulled_since:
                return Reason.PUSHED
        return Reason.EXPIRED


class Judge:
    """Judges the tags of one repository by the clauses that reach it, as of one moment.

    Of tags pushed at the same moment those with the later names count as newer. Without a clause nothing is deleted.
    `pulls_days`: for how many days it is known when tags were pulled.
    """

    def __init__(self, clauses: Sequence[Clause], now: datetime, pulls_days: int) -> None:
        self.clauses = clauses
        match = cache(matcher)  # rules often have the same exceptions: they are asked for once
        self._scopes = [_Scope(clause, now, pulls_days, match) for clause in clauses]
        self.counts_newest = any(clause.newest is not None for clause in clauses)
        self.asks_pulls = any(clause.pulled_days is not None for clause in clauses)
        self.keeps_signed = any(clause.keeps_signed for clause in clauses)

    def see(self, fact: TagFact) -> None:
        """Count a tag. Every tag is to be seen once before any is judged, if the judge `counts_newest`."""
        if subject_of(fact.name) is None:
            for scope in self._scopes:
                scope.see(fact)

    def judge(self, fact: TagFact) -> Verdict:
        """By the rules alone: what is signed, running or immutable is looked up for those it would delete."""
        if subject_of(fact.name) is not None:
            return Verdict(fact, Reason.ACCESSORY)
        about: Clause | None = None
        for scope in self._scopes:
            reason = scope.reason(fact)
            if reason is Reason.EXPIRED:
                about = about or scope.clause
            elif reason is not Reason.NO_RULE:
                return Verdict(fact, reason, scope.clause)
        return Verdict(fact, Reason.EXPIRED if about else Reason.NO_RULE, about)

    def signing_clause(self, tag: str) -> Clause | None:
        """The clause that keeps a tag if it is signed."""
        about = (one for one in self._scopes if one.clause.keeps_signed and (not one.is_about or one.is_about(tag)))
        found = next(about, None)
        return found.clause if found else None

    @property
    def counted(self) -> frozenset[str]:
        """The tags that are kept as the newest: while they are there, the others are rightly judged."""
        return frozenset(name for scope in self._scopes for _, name in scope.newest)


def _before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)
