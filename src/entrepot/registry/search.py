"""Search: images by name or label, tags and digests by how they begin; of all that the actor may read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_account
from entrepot.db.transaction import Reader
from entrepot.registry import rules
from entrepot.registry.browse import Listed, listed
from entrepot.registry.queries import browse, search
from entrepot.registry.queries.labels import versions_with
from entrepot.registry.room import Registry
from entrepot.registry.wanted import WalkOrder, WantedRepositories
from entrepot.values.errors import ParameterInvalid, worded
from entrepot.values.kinds import Kind, kind_of
from entrepot.values.label import WantedLabel, split_labels

TEXT_CHARS_MAX: Final = 400
LABELS_MAX: Final = 5
_HEX_CHARS_MIN: Final = 6
_match_digest = re.compile(rf"(?:(sha256|sha512):)?([0-9a-f]{{{_HEX_CHARS_MIN},128}})").fullmatch
_match_tag = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}").fullmatch


@dataclass(frozen=True, slots=True)
class FoundTag:
    path: str
    name: str
    digest: str
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class FoundManifest:
    """`tags`: those that name it now."""

    path: str
    digest: str
    kind: Kind
    tags: Sequence[str]
    pushed_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """The first of each; `has_more` says of which there are more: `images`, `tags`, `manifests`."""

    images: Sequence[Listed]
    tags: Sequence[FoundTag]
    manifests: Sequence[FoundManifest]
    has_more: frozenset[str]


async def search_everything(registry: Registry, actor: Actor, text: str, limit: int) -> Found:
    """What fits `text`, no more than `limit` of each.

    `acme/web` is a part of a path, `web` of a name; `web:1.` a part of a name and the beginning of a tag; six or more
    hex digits, with `sha256:` before them or not, the beginning of a digest. What is nothing of this finds nothing.
    With `label:KEY`, `label:KEY=VALUE` or `label:KEY=BEGINNING*` beside a part of a name or alone, images that have
    a version with each of the labels are found, and the newest of their versions that have them all.
    Raises AccessDenied, or ParameterInvalid for a text that is too long or asks for too many labels.
    """
    require_account(actor)
    if len(text) > TEXT_CHARS_MAX:
        raise ParameterInvalid(
            worded("A search has at most {text_chars_max} characters.", text_chars_max=TEXT_CHARS_MAX), field="q"
        )
    labels, rest = wanted_labels(text)
    if labels:
        return await _labelled(registry, actor, rest, labels, limit)
    asked = _Asked.of(text)
    has_more = set()
    async with registry.db.reading() as tx:
        images, tags, manifests = [], [], list[FoundManifest]()
        if asked.image and not asked.tag:
            wanted = WantedRepositories(path_part=asked.image)
            rows = await browse.repositories_from(tx, actor, wanted, WalkOrder.UPDATED, True, None, limit + 1)
            items, more = rules.page(rows, limit)
            images = list(await listed(tx, items))
            has_more |= {"images"} if more else set()
        if beginning := asked.tag or asked.alone:
            within = asked.image if asked.tag else ""
            items, more = rules.page(await search.tags_beginning(tx, actor, beginning, within, limit + 1), limit)
            tags = [FoundTag(row.path, row.name, row.digest, row.pushed_at) for row in items]
            has_more |= {"tags"} if more else set()
        if asked.digest:
            items, more = rules.page(await search.manifests_beginning(tx, actor, asked.digest, limit + 1), limit)
            manifests = await _with_tags(tx, items)
            has_more |= {"manifests"} if more else set()
    return Found(images, tags, manifests, frozenset(has_more))


def wanted_labels(text: str) -> tuple[Sequence[WantedLabel], str]:
    """The labels that a search asks for, and the part of a name beside them. Raises ParameterInvalid for too many."""
    labels, rest = split_labels(text)
    if len(labels) > LABELS_MAX:
        raise ParameterInvalid(
            worded("A search asks for at most {labels_max} labels.", labels_max=LABELS_MAX), field="q"
        )
    return labels, rest


async def _labelled(registry: Registry, actor: Actor, part: str, labels: Sequence[WantedLabel], limit: int) -> Found:
    wanted = WantedRepositories(path_part=part or None, labels=labels)
    async with registry.db.reading() as tx:
        rows = await browse.repositories_from(tx, actor, wanted, WalkOrder.UPDATED, True, None, limit + 1)
        items, more_images = rules.page(rows, limit)
        versions, more = rules.page(await versions_with(tx, [row.id for row in items], labels, limit + 1), limit)
        has_more = {"images"} if more_images else set[str]()
        has_more |= {"manifests"} if more or more_images else set()
        return Found(await listed(tx, items), [], await _with_tags(tx, versions), frozenset(has_more))


async def _with_tags(tx: Reader, rows: Sequence[Row[Any]]) -> list[FoundManifest]:
    named = await search.tags_naming(tx, {row.repository_id for row in rows}, {row.digest for row in rows})
    return [
        FoundManifest(
            row.path,
            row.digest,
            kind_of(row.media_type, row.artifact_type),
            named.get((row.repository_id, row.digest), ()),
            row.pushed_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a text can mean. `alone`: it may be the beginning of a tag as it stands."""

    image: str = ""
    tag: str = ""
    alone: str = ""
    digest: str = ""

    @classmethod
    def of(cls, text: str) -> "_Asked":
        if not text:
            return cls()
        _, at, name = text.partition("@")
        found = _match_digest((name if at else text).lower())
        digest = f"{found[1] or 'sha256'}:{found[2]}" if found else ""
        if at:
            return cls(digest=digest)
        image, colon, tag = text.rpartition(":")
        if digest and colon:
            return cls(digest=digest)
        if colon:
            return cls(image.lower(), tag if _match_tag(tag) else "")
        return cls(text.lower(), alone=text if _match_tag(text) else "", digest=digest)
