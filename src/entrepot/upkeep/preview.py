"""Preview: what would be deleted if rules were in force that are not yet, in numbers and with the first tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from entrepot.access.actor import Actor
from entrepot.registry.deletion import TAGS_MAX, freed_bytes
from entrepot.upkeep.dry_run import Planned, Summary, plan
from entrepot.upkeep.retention import Verdict
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.safety import Stop, Stopped
from entrepot.upkeep.trials import Trial
from entrepot.upkeep.wide_rules import check_pulls_known
from entrepot.values.names import OrganizationName, RepositoryName

SHOWN_MAX: Final = 50
"""Versions, and images, that a preview names when nothing else is said."""
_HOLDING: Final = frozenset({Stop.CLOSED, Stop.CLOCK})
"""What holds up a change of rules, too; what else speaks against a run does not."""


@dataclass(slots=True)
class Preview:
    """Of `looked_at` tags in `repositories` that rules reach, so many would be `deleted`.

    `untagged` images would go to garbage collection. `freed_bytes`: of what nothing else needs, in each repository,
    than the tags that would go; None when these are too many to look at. `going`: the first of them.
    `losing`: the first repositories that lose tags or images. `is_whole`: everything was looked at, which ends after
    `retention_preview_tags`. `held_by`: why nothing would be deleted for now all the same, in some repository.
    """

    looked_at: int = 0
    deleted: int = 0
    untagged: int = 0
    repositories: int = 0
    freed_bytes: int | None = 0
    going: list[tuple[str, Verdict]] = field(default_factory=list)
    losing: list[Summary] = field(default_factory=list)
    is_whole: bool = True
    held_by: Stopped | None = None

    def take(self, summary: Summary, shown: int) -> None:
        """Count what is said of one repository."""
        self.repositories += 1
        self.looked_at += summary.tally.looked_at
        self.deleted += summary.tally.deleted
        self.untagged += summary.untagged
        if (summary.tally.deleted or summary.untagged) and len(self.losing) < shown:
            self.losing.append(summary)
        if summary.stopped is not None and summary.stopped.by in _HOLDING:
            self.held_by = self.held_by or summary.stopped

    def name(self, path: str, verdicts: Sequence[Verdict], shown: int) -> None:
        """Keep the first that would go."""
        for one in verdicts:
            if one.is_deleted and len(self.going) < shown:
                self.going.append((path, one))


async def preview(
    upkeep: Upkeep, actor: Actor, place: RepositoryName | OrganizationName, trial: Trial, shown: int = SHOWN_MAX
) -> Preview:
    """What retention would delete now with what is tried, `shown` tags and repositories by name.

    For who may change the rules. Raises Unauthenticated, AccessDenied, RepositoryUnknown, OrganizationUnknown,
    RuleUnknown or ParameterInvalid.
    """
    if trial.policy is not None:
        check_pulls_known(trial.policy, upkeep.settings.accounting_days)
    found, seen, most = Preview(), 0, upkeep.settings.retention_preview_tags
    path, doomed = "", dict[str, str]()
    async for one in await plan(upkeep, actor, place, trial):
        if one.path != path and seen >= most:
            found.is_whole = False
            break
        path = one.path
        if isinstance(one, Planned):
            seen += len(one.verdicts)
            found.name(path, one.verdicts, shown)
            _gather(doomed, one.verdicts)
        else:
            found.take(one, shown)
            found.freed_bytes = await _freed(upkeep, found.freed_bytes, one, doomed)
            doomed = {}
    return found


def _gather(doomed: dict[str, str], verdicts: Sequence[Verdict]) -> None:
    """The tags that would go, with their digests; no more than it takes to know that they are too many."""
    for one in verdicts:
        if one.is_deleted and len(doomed) <= TAGS_MAX:
            doomed[one.fact.name] = one.fact.digest


async def _freed(upkeep: Upkeep, so_far: int | None, summary: Summary, doomed: Mapping[str, str]) -> int | None:
    if so_far is None or not doomed:
        return so_far
    async with upkeep.db.reading() as tx:
        more = await freed_bytes(tx, summary.repository_id, doomed)
    return None if more is None else so_far + more
