"""Wanting: copies and deletions that follow from a rule of our own wait, each once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Writer
from entrepot.mirror.queries import copies
from entrepot.mirror.queries import wide as queries
from entrepot.mirror.rules import Work
from entrepot.mirror.wide_rules import WANTED_MAX, Direction, WideRule

_KEYS: Final = ("region", "remote_organization", "place", "tag", "action")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tag to be copied, or deleted where it was copied to. `place`: its repository's name at the region; `digest`, of
    a deletion: what was copied.
    """

    region: str
    place: str
    tag: str
    action: Work = Work.COPY
    digest: str = ""


async def let_wait(
    tx: Writer,
    row: Row[Any],
    rule: WideRule,
    repository_id: int,
    wanted: Sequence[Wanted],
    at: datetime,
    beside: Collection[str],
) -> int:
    """Let what a rule (`row`) wants of a repository wait until its window is open; how many do. What is of one of the
    statuses `beside` already is not doubled. Hold the repository's lock of copies.

    Beyond `wide_rules.WANTED_MAX` of a rule, the rest is left to its next run.
    """
    if not wanted:
        return 0
    known = {
        (one.region, one.remote_organization, one.place, one.tag, one.action)
        for one in await queries.under_way(tx, row.id, repository_id, beside)
    }
    rows = [_waiting(row, rule, repository_id, one, at) for one in dict.fromkeys(wanted)]
    new = [one for one in rows if tuple(one[key] for key in _KEYS) not in known]
    free = WANTED_MAX - await queries.under_way_count(tx, row.id)
    new = new[: max(free, 0)]
    if new:
        await copies.save_copies(tx, new)
    return len(new)


def _waiting(row: Row[Any], rule: WideRule, repository_id: int, wanted: Wanted, at: datetime) -> Mapping[str, Any]:
    # A copy to a region goes by the name that its repository has when it is carried out.
    is_named = rule.direction is Direction.PULL or wanted.action is Work.DELETE
    place = (wanted.region, wanted.place.partition("/")[0])
    waiting = copies.waiting(repository_id, *place, wanted.tag, rule.overrides, row.creator_id, at)
    return waiting | {
        "wide_rule_id": row.id,
        "direction": rule.direction.value,
        "action": wanted.action.value,
        "place": wanted.place if is_named else "",
        "digest": wanted.digest,
        "next_at": rule.when.opening(at),
    }
