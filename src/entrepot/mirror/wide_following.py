"""What rules of our own want of what just happened: tags that were pushed or moved, and tags that are gone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import Recorded
from entrepot.mirror.queries import copies
from entrepot.mirror.queries import wide as queries
from entrepot.mirror.rules import Status, Work
from entrepot.mirror.wanting import Wanted, let_wait
from entrepot.mirror.wide_rules import WideRule
from entrepot.registry.events import ManifestDeleted, ManifestPushed, TagDeleted, TagMoved
from entrepot.values.names import RepositoryName

_PUSHES = (ManifestPushed.type, TagMoved.type)
_DELETIONS = (TagDeleted.type, ManifestDeleted.type)
_TAGS_MAX = 1_000
"""Of one image, that are copied again because something was attached to it."""


@dataclass(frozen=True, slots=True)
class Follows:
    """A rule, and what it is about of what happened, by repository."""

    row: Row[Any]
    rule: WideRule
    events: Mapping[int, Sequence[Recorded]]


def is_about_rules(event: Recorded) -> bool:
    return event.type in _PUSHES or event.type in _DELETIONS


async def followed(tx: Reader, events: Sequence[Recorded]) -> Sequence[Follows]:
    """The rules that want something of these events; without those, nothing needs to be written."""
    rows = await queries.following(tx)
    if not rows:
        return ()
    rules = [(row, WideRule.of(row.document)) for row in rows]
    paths = {one.subject for one in events if any(_is_about(rule, row, one) for row, rule in rules)}
    here = await queries.repositories_at(tx, paths) if paths else {}
    found = []
    for row, rule in rules:
        about: dict[int, list[Recorded]] = defaultdict(list)
        for one in events:
            if one.subject in here and _is_about(rule, row, one):
                about[here[one.subject].id].append(one)
        if about:
            found.append(Follows(row, rule, about))
    return found


async def let_follow(tx: Writer, followed: Sequence[Follows], at: datetime) -> None:
    """Let wait what follows. Hold the locks of copies of all their repositories."""
    for one in followed:
        known = (await queries.regions_of(tx, [one.row.id]))[one.row.id]
        for repository_id, events in one.events.items():
            tags: dict[str, None] = {}
            for event in events:
                if event.type in _PUSHES:
                    tags |= dict.fromkeys(await _tags_of(tx, one, repository_id, event))
            place = one.rule.other_side(RepositoryName(events[0].subject))
            wanted = [Wanted(region, place, tag) for region in known for tag in tags if one.rule.takes(tag)]
            deleted = {tag for event in events for tag in _deleted(event)}
            if deleted:
                wanted += [lost for lost in await gone(tx, one.row, repository_id) if lost.tag in deleted]
            # One that waits already copies what the tag names when it is begun.
            await let_wait(tx, one.row, one.rule, repository_id, wanted, at, beside=(Status.WAITING,))


async def gone(tx: Reader, row: Row[Any], repository_id: int) -> list[Wanted]:
    """Deletions of what a rule copied from a repository of ours, and is no tag of it any more."""
    return [
        Wanted(one.region, one.place, one.tag, Work.DELETE, one.digest)
        for one in await queries.copied_and_gone(tx, row.id, repository_id)
    ]


def _is_about(rule: WideRule, row: Row[Any], event: Recorded) -> bool:
    """What was there before the rule was, its first run copies."""
    if event.type in _DELETIONS and not rule.deletes:
        return False
    return is_about_rules(event) and event.time >= row.created_at and rule.is_about(event.subject)


def _deleted(event: Recorded) -> Sequence[str]:
    if event.type == TagDeleted.type:
        return [event.data["tag"]]
    tags: Sequence[str] = event.data["tags"] if event.type == ManifestDeleted.type else ()
    return tags


async def _tags_of(tx: Reader, one: Follows, repository_id: int, event: Recorded) -> Sequence[str]:
    """The tags that moved; for a signature or the like that is to come along, those of what it is about."""
    if event.type == TagMoved.type:
        return [event.data["tag"], *await _signed(tx, one.rule, repository_id, [event.data["tag"]])]
    tags: list[str] = event.data["tags"]
    if not one.rule.referrers:
        return tags
    about = await copies.tags_with(tx, repository_id, event.data["digest"], None, _TAGS_MAX)
    return [*tags, *about, *await _signed(tx, one.rule, repository_id, tags)]


async def _signed(tx: Reader, rule: WideRule, repository_id: int, tags: Sequence[str]) -> Sequence[str]:
    """For tags of cosign's among these, which are called by a digest: the tags of what has it."""
    if not rule.referrers:
        return ()
    digests = [digest for tag in tags if (digest := rule.digest_meant(tag))]
    found: list[str] = []
    for digest in digests:
        found += await copies.tags_naming(tx, repository_id, digest, _TAGS_MAX)
    return found
