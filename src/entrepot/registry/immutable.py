"""The gate of immutability: what verbs ask before a tag moves or goes. Rules are made in `immutability.py`.

It holds for tags that are there already, from the next transaction on. Whoever moves or removes a tag shares a lock
with others who do, and whoever changes a rule is alone: of two at once, one comes after the other.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Reader, Writer
from entrepot.plumbing import metrics
from entrepot.registry.immutability_rules import Immutability, Rule, Standing, undeleted, unmoved
from entrepot.registry.queries import immutability, tags
from entrepot.values.errors import TagImmutable

GATE: Final = "immutability"
_COUNTED_MAX: Final = 1_000  # immutable tags that a refusal counts
_PAGE: Final = 5_000


async def immutability_of(tx: Reader, repository: Row[Any]) -> Immutability:
    """What is immutable in a repository, by its row. One query, whatever the number of tags."""
    rows = await immutability.rules_of(tx, repository.organization_id)
    rules = [standing(row, repository.organization) for row in rows]
    return Immutability([one for one in rules if one.rule.reaches(repository.name)])


def standing(row: Row[Any], organization: str) -> Standing:
    """The rule that a row stands for."""
    return Standing(row.id, organization, Rule.of(row.rule), row.set_by)


def lock_of(organization_id: int) -> str:
    return f"immutability:{organization_id}"


async def held(tx: Writer, repository: Row[Any]) -> Immutability:
    """The same for who changes tags in this transaction: no rule of the organization changes before its end."""
    await tx.lock(lock_of(repository.organization_id), shared=True)
    return await immutability_of(tx, repository)


async def check_movable(tx: Writer, repository: Row[Any], moving: Collection[str]) -> None:
    """Pass when none of the tags, which name something else now, is immutable. Raises TagImmutable."""
    if moving:
        found = (await held(tx, repository)).among(sorted(moving))
        if found:
            tag, rule = next(iter(found.items()))
            raise refused(unmoved(repository.path, tag, rule))


async def check_deletable(tx: Writer, repository: Row[Any], going: Collection[str]) -> None:
    """Pass when none of the tags is immutable. Raises TagImmutable."""
    if going:
        found = (await held(tx, repository)).among(sorted(going))
        if found:
            raise refused(undeleted(repository.path, found))


async def check_all_deletable(tx: Writer, repository: Row[Any]) -> None:
    """Pass when the repository has no immutable tag; for who removes it, or its name. Raises TagImmutable."""
    found, are_more = await immutable_tags(tx, repository, await held(tx, repository))
    if found:
        raise refused(undeleted(repository.path, found, are_more))


async def immutable_tags(tx: Reader, repository: Row[Any], rules: Immutability) -> tuple[Mapping[str, Standing], bool]:
    """The immutable tags of a repository by name, a thousand at most; whether there are more."""
    found: dict[str, Standing] = {}
    after = ""
    while rules.rules and (names := await tags.tag_names(tx, repository.id, after, _PAGE)):
        found |= rules.among(names)
        if len(found) > _COUNTED_MAX:
            return dict(list(found.items())[:_COUNTED_MAX]), True
        after = names[-1]
    return found, False


def refused(error: TagImmutable) -> TagImmutable:
    """Count a refusal."""
    metrics.gates_refused.labels(GATE).inc()
    return error
