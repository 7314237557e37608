"""Planning: what retention would do in a repository, tag by tag, read in short transactions by pages.

The same way is gone for a dry run, before a run, and in the transaction that deletes.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Reader
from entrepot.registry.accessories import signature_tag
from entrepot.registry.immutability_rules import Immutability
from entrepot.registry.immutable import immutability_of
from entrepot.registry.queries import tags
from entrepot.upkeep.clauses import Clause, clause_of
from entrepot.upkeep.queries import facts, policies
from entrepot.upkeep.retention import Judge, Reason, TagFact, Verdict
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.rules import Rule
from entrepot.upkeep.trials import AS_KEPT, Trial
from entrepot.upkeep.wide_rules import WidePolicy
from entrepot.values.names import RepositoryName

PAGE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Tally:
    """What was judged, in numbers; what belongs to images is not counted."""

    looked_at: int = 0
    deleted: int = 0
    immutable: int = 0
    running: int = 0

    def plus(self, verdicts: Sequence[Verdict]) -> "Tally":
        reasons = Counter([one.reason for one in verdicts])
        return Tally(
            self.looked_at + len(verdicts) - reasons[Reason.ACCESSORY],
            self.deleted + reasons[Reason.EXPIRED],
            self.immutable + reasons[Reason.IMMUTABLE],
            self.running + reasons[Reason.RUNNING],
        )

    @property
    def kept(self) -> int:
        return self.looked_at - self.deleted


async def clauses_of(tx: Reader, repository: Row[Any], trial: Trial = AS_KEPT) -> Sequence[Clause]:
    """The rules that reach a repository: those of its own policy, then those of its organization's."""
    own = await policies.policy_of(tx, repository.id)
    rules = [] if own is None else [Rule.of(document) for document in own.rules]
    rules = rules if trial.own is None else list(trial.own)
    found = [clause_of(0 if own is None else own.id, rule) for rule in rules]
    return found + [
        rule.clause(row_id) for row_id, policy in await _wide(tx, repository, trial) for rule in policy.rules
    ]


async def untagged_days_of(tx: Reader, repository: Row[Any], trial: Trial = AS_KEPT) -> int | None:
    """After how many days images go that never had a tag: as the most careful policy says; None for never."""
    days = [
        policy.untagged_days for _, policy in await _wide(tx, repository, trial) if policy.untagged_days is not None
    ]
    return max(days, default=None)


async def _wide(tx: Reader, repository: Row[Any], trial: Trial) -> Sequence[tuple[int, WidePolicy]]:
    rows = await policies.wide_policies(tx, repository.organization_id)
    found = trial.among([(row.id, WidePolicy.of(row.document)) for row in rows])
    return [(row_id, policy) for row_id, policy in found if policy.reaches(repository.name)]


async def open_judge(upkeep: Upkeep, repository_id: int, clauses: Sequence[Clause], now: datetime) -> Judge:
    """A judge that has seen every tag, if it has to."""
    judge = Judge(clauses, now, upkeep.settings.accounting_days)
    if judge.counts_newest:
        async for page in pages(upkeep, repository_id, judge):
            for fact in page:
                judge.see(fact)
    return judge


async def pages(
    upkeep: Upkeep, repository_id: int, judge: Judge, after: str = "", size: int = PAGE
) -> AsyncIterator[Sequence[TagFact]]:
    """The tags of a repository by name, each page as it was when it was read."""
    while True:
        async with upkeep.db.reading() as tx:
            rows = await facts.tags_after(tx, repository_id, after, size, judge.asks_pulls)
        if rows:
            yield [fact_of(row) for row in rows]
        if len(rows) < size:
            return
        after = rows[-1].name


def fact_of(row: Row[Any]) -> TagFact:
    """A row of `facts.tags_after`."""
    return TagFact._make(row)


async def verdicts_by_page(
    upkeep: Upkeep, repository: Row[Any], judge: Judge, after: str = "", size: int = PAGE
) -> AsyncIterator[Sequence[Verdict]]:
    """Every tag with its verdict, by name, those after `after`."""
    async for page in pages(upkeep, repository.id, judge, after, size):
        verdicts = [judge.judge(fact) for fact in page]
        if any(one.is_deleted for one in verdicts):
            async with upkeep.db.reading() as tx:
                immutability = await immutability_of(tx, repository)
                verdicts = await spared(tx, upkeep, repository, judge, verdicts, immutability)
        yield verdicts


async def spared(
    tx: Reader,
    upkeep: Upkeep,
    repository: Row[Any],
    judge: Judge,
    verdicts: Sequence[Verdict],
    immutability: Immutability,
) -> list[Verdict]:
    """The verdicts, with what is signed, running or immutable taken out of what would be deleted."""
    doomed = [one.fact for one in verdicts if one.is_deleted]
    digests = {fact.digest for fact in doomed}
    running = await upkeep.pins.running(tx, RepositoryName(repository.path), digests) if digests else ()
    signed = await _signed(tx, repository.id, digests) if judge.keeps_signed and digests else set()
    held = immutability.among(fact.name for fact in doomed)

    def final(verdict: Verdict) -> Verdict:
        fact = verdict.fact
        if fact.digest in signed and (clause := judge.signing_clause(fact.name)):
            return Verdict(fact, Reason.SIGNED, clause)
        if fact.digest in running:
            return verdict._replace(reason=Reason.RUNNING)
        return verdict._replace(reason=Reason.IMMUTABLE) if fact.name in held else verdict

    return [final(one) if one.is_deleted else one for one in verdicts]


async def _signed(tx: Reader, repository_id: int, digests: set[str]) -> set[str]:
    """By a referrer, or by a tag of cosign."""
    by_tag = {signature_tag(digest): digest for digest in digests if digest.startswith("sha256:")}
    found = await tags.digests_of(tx, repository_id, by_tag)
    return {by_tag[name] for name in by_tag if name in found} | await facts.signed_by_referrer(
        tx, repository_id, digests
    )
