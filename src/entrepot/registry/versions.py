"""Versions: the tags of an image as people look at them: what each is, who pushed it, whether it is in use."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader
from entrepot.registry import reach
from entrepot.registry.accessories import KEPT
from entrepot.registry.immutability_rules import Standing
from entrepot.registry.immutable import immutability_of
from entrepot.registry.last_pulls import LastPull, last_pulls_of_tags
from entrepot.registry.platforms import read_platforms, readable_configs
from entrepot.registry.queries import versions
from entrepot.registry.room import Registry
from entrepot.registry.tagged import Tagged, tagged_after
from entrepot.registry.wanted import WantedTags
from entrepot.values.kinds import Kind, kind_of
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import is_index
from entrepot.values.names import RepositoryName

_USER: Final = "user:"
_INDEX_BYTES_MAX: Final = 64 * 1024
_UNKNOWN: Final = "unknown"  # the platform of what is in an index and no image


@dataclass(frozen=True, slots=True)
class Version:
    """`size`: bytes of the image, of an index with those of its images. `platforms`: empty where they are not known.

    `belonging`: kinds of what refers to it, signatures and lists of parts among them; whether they are good is not
    looked at. `pushed_by` is empty when that account is gone, and for people of other domains. `last_pulled` is None
    when there was no pull for as long as days are kept; `last_pull`, who that was, is for who may edit the image.
    `kept_by`: the rule by which the tag is immutable.
    """

    tagged: Tagged
    kind: Kind
    size: int
    platforms: Sequence[str]
    pushed_by: str
    last_pulled: date | None
    last_pull: LastPull | None
    belonging: frozenset[Kind]
    kept_by: Standing | None


async def list_versions(
    registry: Registry, actor: Actor, path: RepositoryName, wanted: WantedTags
) -> tuple[Sequence[Version], str | None]:
    """The tags that are wanted; the marker of the next page, None at the end.

    Raises Unauthenticated, RepositoryUnknown, or ParameterInvalid for a marker of another list.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        found, following = await tagged_after(tx, repository, wanted, with_bodies=True)
        items = await _versions(tx, registry, actor, repository, found)
        described = {one.tagged.config_digest for one in items if one.kind is Kind.IMAGE} - {None}
        configs = await readable_configs(tx, repository.id, [one for one in described if one])
    told = await read_platforms(registry, configs)
    return [_with_platform(one, told.get(one.tagged.config_digest or "", "")) for one in items], following


async def _versions(
    tx: Reader, registry: Registry, actor: Actor, repository: Row[Any], found: Sequence[Tagged]
) -> Sequence[Version]:
    digests = list({one.digest for one in found})
    types = await versions.artifact_types(tx, repository.id, digests)
    sizes = await versions.index_sizes(tx, repository.id, digests)
    belonging = await _belonging(tx, repository.id, digests)
    # What is public or shared is read by people who need not know each other.
    is_own = repository.domain_id == actor.domain_id
    pushers = {one.pushed_by.removeprefix(_USER) for one in found if is_own}
    known = await names_of(tx, list(pushers))
    names = [one.name for one in found]
    pulled = await versions.last_pulled(tx, repository.id, names)
    pullers = await last_pulls_of_tags(tx, actor, repository, names)
    immutability = await immutability_of(tx, repository)
    pulled = await versions.last_pulled(tx, repository.id, [one.name for one in found])
    platforms = {one.digest: _platforms(registry, one) for one in {one.digest: one for one in found}.values()}
    return [
        Version(
            one,
            _kept_kind(one.name) or kind_of(one.media_type, types.get(one.digest)),
            sizes.get(one.digest, one.size),
            platforms[one.digest],
            known.get(one.pushed_by.removeprefix(_USER), ""),
            pulled.get(one.name),
            pullers.get(one.name),
            frozenset(belonging.get(one.digest, ())),
            immutability.rule_of(one.name),
        )
        for one in found
    ]


def _kept_kind(tag: str) -> Kind | None:
    """The kind that a tag of an older client says."""
    name, dot, ending = tag.rpartition(".")
    return KEPT.get(dot + ending) if name.startswith("sha256-") else None


def _platforms(registry: Registry, one: Tagged) -> Sequence[str]:
    """Those of an index that is not too large to be read while others wait."""
    if not is_index(one.media_type) or len(one.body) > _INDEX_BYTES_MAX or not one.body:
        return ()
    children = Manifest.parse(one.body, one.media_type, registry.settings.manifest).children
    platforms = [child.platform for child in children if child.platform and child.platform.os != _UNKNOWN]
    return list(dict.fromkeys(str(platform) for platform in platforms))


def _with_platform(version: Version, platform: str) -> Version:
    return replace(version, platforms=[platform]) if platform and not version.platforms else version


async def _belonging(tx: Reader, repository_id: int, digests: Sequence[str]) -> dict[str, set[Kind]]:
    referring = await versions.referring_types(tx, repository_id, digests)
    kinds = {digest: {kind_of("", one) for one in types} for digest, types in referring.items()}
    names = {f"{digest.replace(':', '-')}{ending}": (digest, KEPT[ending]) for digest in digests for ending in KEPT}
    for name in await versions.tags_there(tx, repository_id, list(names)):
        digest, kind = names[name]
        kinds.setdefault(digest, set()).add(kind)
    return kinds
