"""Surveys: a rule of our own looks for what differs between here and its regions, when it is due.

What differs is to be copied; what the rule copied before and is gone where it came from is to be deleted, if the rule
does that. It waits as soon as a repository was looked at, so that copying begins while the survey goes on.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor, house_of
from entrepot.access.levels import Level
from entrepot.jobs.closing import check_open
from entrepot.mirror.attempts import open_region
from entrepot.mirror.copying import check_account
from entrepot.mirror.differing import Differing, Sides, differing
from entrepot.mirror.kept import keep
from entrepot.mirror.own_shelf import OwnShelf
from entrepot.mirror.queries import sync
from entrepot.mirror.queries import wide as queries
from entrepot.mirror.reasons import Place, ending_of
from entrepot.mirror.room import Mirror
from entrepot.mirror.rules import UNDER_WAY, Work
from entrepot.mirror.secrets import unseal_region
from entrepot.mirror.sync import lock_of_copies
from entrepot.mirror.wanting import Wanted, let_wait
from entrepot.mirror.wide_following import gone
from entrepot.mirror.wide_rules import Direction, WideRule
from entrepot.plumbing.logging import get_logger
from entrepot.registry import charging, reach
from entrepot.registry.queries import names
from entrepot.remote.lists import list_repositories, list_tags
from entrepot.remote.manifests import digest_of
from entrepot.remote.referrers import list_referrers
from entrepot.remote.session import Remote, pull_scope, push_scope
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    Elsewhere,
    EntrepotError,
    NameInvalid,
    RepositoryUnknown,
    TagInvalid,
    worded,
)
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference

_PAGE: Final = 500
_AGAIN: Final = timedelta(minutes=10)
"""A survey that could not look at everything is made again after so long, if the rule is not due before."""
_NOWHERE: Final = worded("None of the rule's regions is known any more.")
_TOO_LONG: Final = worded("It took longer than a copy may take, and was broken off.")

_log = get_logger()


class RuleChanged(EntrepotError):
    """The rule says something else by now, or is gone: what it wanted does not count."""


class NoOrganization(EntrepotError):
    """There is nowhere for what a region has."""


@dataclass(slots=True)
class Result:
    """`error`: the first thing that went wrong, as a sentence of ours; what it was not about was looked at."""

    looked_at: int = 0
    wanted: int = 0
    left_alone: int = 0
    error: str = ""

    def add(self, found: Differing) -> None:
        self.looked_at += found.looked_at
        self.left_alone += found.left_alone

    def fail(self, error: EntrepotError, place: Place) -> None:
        self.error = self.error or ending_of(error, place).error


async def survey(mirror: Mirror, row: Row[Any]) -> None:
    """Look for what differs, let it wait, and write down how it went and when the rule is due again."""
    rule, result = WideRule.of(row.document), Result()
    try:
        async with asyncio.timeout(mirror.settings.sync_seconds_max):
            await _look(mirror, row, rule, result)
    except RuleChanged:
        return
    except TimeoutError:
        result.error = result.error or _TOO_LONG
    async with mirror.db.writing() as tx:
        await check_open(tx)
        now = mirror.clock.now()
        due = rule.when.next_due(now)
        if result.error:
            again = rule.when.opening(now + _AGAIN)
            due = again if due is None else min(due, again)
        values = {"looked_at": result.looked_at, "wanted": result.wanted, "left_alone": result.left_alone}
        await queries.set_ran(tx, row, due, ran_at=now, error=keep(result.error), **values)
    _log.info("a rule of synchronisation was looked after", rule=row.name, error=result.error, **values)


async def _look(mirror: Mirror, row: Row[Any], rule: WideRule, result: Result) -> None:
    async with mirror.db.reading() as tx:
        known = (await queries.regions_of(tx, [row.id]))[row.id]
        regions = [found for one in known if (found := await sync.region_by_name(tx, one)) is not None]
    if not regions:
        result.error = _NOWHERE
    for region in regions:
        place = Place(region.name, "", RepositoryName(rule.repositories[0]), rule.direction is Direction.PULL)
        try:
            secrets = unseal_region(mirror.sealer, region.name, region.sealed)
            place = replace(place, username=secrets.username)
            async with await open_region(mirror, region.url, secrets) as remote:
                await check_account(remote)
                looking = _Looking(mirror, row, rule, remote, place, result)
                await (looking.pull() if rule.direction is Direction.PULL else looking.push())
        except RuleChanged:
            raise
        except EntrepotError as error:
            result.fail(error, place)


@dataclass(frozen=True, slots=True)
class _Looking:
    """A survey at one region."""

    mirror: Mirror
    row: Row[Any]
    rule: WideRule
    remote: Remote
    place: Place
    result: Result

    async def push(self) -> None:
        """From here to the region."""
        after = ""
        while True:
            async with self.mirror.db.reading() as tx:
                rows = await queries.repositories_like(tx, self.rule.repositories, after, _PAGE)
            for row in rows:
                async with self._counted(self.rule.other_side(RepositoryName(row.path))) as name:
                    await self._push_one(row, name)
            if len(rows) < _PAGE:
                return
            after = rows[-1].path

    async def _push_one(self, repository: Row[Any], name: RepositoryName) -> None:
        path = RepositoryName(repository.path)
        house = house_of("sync", repository.organization_id, path.organization, Level.READ)
        own = OwnShelf(self.mirror.registry, house, path)
        there = partial(digest_of, self.remote, name, scopes=push_scope(name))
        tags = {tag: Digest.parse(digest) for tag, digest in (await self._tags(repository.id)).items()}
        found = await differing(Sides(tags, own.digest, there, own.referrers), self.rule)
        await self._let_wait(repository.id, name, found)

    async def pull(self) -> None:
        """From the region to here."""
        async for text in self._names_there():
            try:
                path = RepositoryName.parse(text)
                RepositoryName.parse(self.rule.other_side(path))
            except NameInvalid:
                continue  # no name that a repository can have here
            async with self._counted(path) as name:
                await self._pull_one(name, RepositoryName(self.rule.other_side(name)))

    async def _names_there(self) -> AsyncIterator[str]:
        """Repositories of the region that the rule is about. Without patterns, it need not tell all it has."""
        if all("*" not in one for one in self.rule.repositories):
            for one in self.rule.repositories:
                yield one
            return
        async for one in list_repositories(self.remote):
            if self.rule.is_about(one):
                yield one

    async def _pull_one(self, name: RepositoryName, path: RepositoryName) -> None:
        listed = {tag: None async for tag in list_tags(self.remote, name) if _is_tag(tag)}
        async with self.mirror.db.reading() as tx:
            organization_id = await queries.organization_id(tx, path.organization)
            if organization_id is None:
                raise NoOrganization(
                    worded(
                        "There is no organization {organization} here for what comes from {name}.",
                        organization=path.organization,
                        name=name,
                    )
                )
            if await names.filled_elsewhere(tx, path.organization) is not None:
                raise NoOrganization(
                    worded(
                        "What is in {organization} comes from elsewhere: images are pulled into one of your own.",
                        organization=path.organization,
                    )
                )
        house = house_of("sync", organization_id, path.organization, Level.EDIT)
        own = OwnShelf(self.mirror.registry, house, path)
        there = partial(digest_of, self.remote, name, scopes=pull_scope(name))
        referrers = partial(list_referrers, self.remote, name, tags=listed)
        found = await differing(Sides(listed, there, partial(_here, own), referrers), self.rule)
        self.result.add(found)
        if found.wanted:
            repository_id = await self._repository(house, path)
            await self._save(repository_id, [Wanted(self.place.region, name, tag) for tag in found.wanted])
        if self.rule.deletes:
            await self._delete_here(name, listed)

    async def _delete_here(self, name: RepositoryName, listed: Collection[str]) -> None:
        """What was copied from a repository of the region and is no tag of it any more."""
        async with self.mirror.db.reading() as tx:
            copied = await queries.copied_from(tx, self.row.id, self.place.region, name)
        for repository_id in sorted({one.repository_id for one in copied}):
            lost = [one for one in copied if one.repository_id == repository_id and one.tag not in listed]
            await self._save(
                repository_id, [Wanted(one.region, one.place, one.tag, Work.DELETE, one.digest) for one in lost]
            )

    async def _let_wait(self, repository_id: int, name: RepositoryName, found: Differing) -> None:
        self.result.add(found)
        region = self.place.region
        wanted = [Wanted(region, name, tag) for tag in found.wanted]
        if self.rule.deletes:
            async with self.mirror.db.reading() as tx:
                wanted += [one for one in await gone(tx, self.row, repository_id) if one.region == region]
        await self._save(repository_id, wanted)

    async def _save(self, repository_id: int, wanted: list[Wanted]) -> None:
        if not wanted:
            return
        async with self.mirror.db.writing() as tx:
            await check_open(tx)
            await tx.lock(lock_of_copies(repository_id))
            row = await queries.rule_by_id(tx, self.row.id)
            if row is None or row.changed_at != self.row.changed_at:
                raise RuleChanged
            now = self.mirror.clock.now()
            self.result.wanted += await let_wait(tx, row, self.rule, repository_id, wanted, now, beside=UNDER_WAY)

    async def _repository(self, house: Actor, path: RepositoryName) -> int:
        """The repository here that copies stand with; it is made by the first of them."""
        async with self.mirror.db.writing() as tx:
            repository, is_new = await reach.writable(tx, house, path, self.mirror.clock.now())
            await charging.take(tx, repository, repositories=is_new)
            return int(repository.id)

    async def _tags(self, repository_id: int) -> Mapping[str, str]:
        tags: dict[str, str] = {}
        after = ""
        while True:
            async with self.mirror.db.reading() as tx:
                rows = await queries.tags_of(tx, repository_id, after, _PAGE)
            tags |= {row.name: row.digest for row in rows}
            if len(rows) < _PAGE:
                return tags
            after = rows[-1].name

    @asynccontextmanager
    async def _counted(self, name: str) -> AsyncIterator[RepositoryName]:
        """What is wrong with one repository does not keep the rule from the others; a region that is away does."""
        place = replace(self.place, name=RepositoryName(name))
        try:
            yield RepositoryName.parse(name)
        except (RuleChanged, Elsewhere):
            raise
        except EntrepotError as error:
            self.result.fail(error, place)


async def _here(own: OwnShelf, reference: Reference) -> Digest | None:
    try:
        return await own.digest(reference)
    except RepositoryUnknown:
        return None


def _is_tag(text: str) -> bool:
    try:
        TagName.parse(text)
    except TagInvalid:
        return False
    return True
