"""Manifests through a mirror: what is held is served while it is fresh, else the upstream is asked.

What an upstream answers is pushed into the mirror's organization, as an image some of whose layers are not here yet:
so it has a history, is listed, counted and searched like every other, and the next pull is one of a local image.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.mirror.freshness import Prefetch, Verdict, judge
from entrepot.mirror.prefetching import prefetch
from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import Source, source_of
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import get_logger
from entrepot.registry import pull, reach
from entrepot.registry.pull import FoundManifest
from entrepot.registry.push import push_manifest
from entrepot.registry.queries import tags
from entrepot.registry.remove import delete_manifest, delete_tag
from entrepot.remote import manifests as remote_manifests
from entrepot.remote.manifests import digest_of
from entrepot.remote.session import pull_scope
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    Elsewhere,
    EntrepotError,
    ManifestUnknown,
    RemoteRefused,
    RepositoryUnknown,
    Unsupported,
    worded,
)
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference

_log = get_logger()
HIDDEN = (401, 403, 404)
"""How registries say that there is no such thing, to those who may not know of it either."""


@dataclass(frozen=True, slots=True)
class Served:
    """`is_stale`: the upstream could not be asked whether it is still this one.

    `path`: where it was found, if that is not where it was asked for; `warning`: what the client should know.
    """

    found: FoundManifest
    is_stale: bool = False
    path: RepositoryName | None = None
    warning: str = ""


async def find_manifest(
    mirror: Mirror, actor: Actor, path: RepositoryName, reference: Reference, accept: Accept
) -> Served:
    """The manifest that `reference` names, here or at the upstream of the organization, if it has one.

    Raises what `registry.pull.find_manifest` raises, and RemoteUnreachable or RemoteRefused when it is not here and
    the upstream does not give it.
    """
    source = await source_of(mirror, path.organization)
    if source is None:
        return Served(await pull.find_manifest(mirror.registry, actor, path, reference, accept))
    async with mirror.db.reading() as tx:
        await reach.permitted(tx, actor, Action.REPOSITORY_PULL, path)
        held = await queries.held_tag(tx, path, reference) if isinstance(reference, TagName) else None
    if isinstance(reference, TagName):
        is_stale = await _freshen(mirror, source, path, reference, held)
        return Served(await pull.find_manifest(mirror.registry, actor, path, reference, accept), is_stale)
    is_stale = source.is_center and await _is_left(mirror, source, path, reference)
    try:
        return Served(await pull.find_manifest(mirror.registry, actor, path, reference, accept), is_stale)
    except (ManifestUnknown, RepositoryUnknown):
        await mirror.running.together((path, reference), lambda: bring(mirror, source, path, reference))
    return Served(await pull.find_manifest(mirror.registry, actor, path, reference, accept))


async def _is_left(mirror: Mirror, source: Source, path: RepositoryName, digest: Digest) -> bool:
    """Have a manifest only as long as the center has it: asked about anew when it was not for a while.

    Whether it could not be asked.
    """
    now = mirror.clock.now().timestamp()
    if mirror.running.recall(("there", path, digest), now):
        return False
    async with mirror.db.reading() as tx:
        is_here = await queries.holds_manifest(tx, path, str(digest))
    if not is_here:
        return False
    if source.is_held_back:
        return True

    async def ask() -> bool:
        try:
            found = await source.ask(lambda remote: digest_of(remote, path, digest, pull_scope(path)))
        except (Elsewhere, RemoteRefused):
            return True
        if found is None:
            _log.info("a manifest is not at the center any more", path=path, digest=str(digest))
            with suppress(ManifestUnknown, RepositoryUnknown, Unsupported):
                await delete_manifest(mirror.registry, source.house, path, digest)
            raise _unknown(source, path, digest)
        mirror.running.keep(("there", path, digest), True, now + source.policy.fresh_seconds)
        return False

    return await mirror.running.together(("there", path, digest), ask)


async def _freshen(mirror: Mirror, source: Source, path: RepositoryName, tag: TagName, held: Row[Any] | None) -> bool:
    """Have the tag here as it is at the upstream, or as it was, if that may be served; whether it is stale then."""

    async def ask() -> bool:
        return await _ask(mirror, source, path, tag, held)

    if held is None:
        return await mirror.running.together((path, tag), ask)
    match judge(source.policy, held.asked_at, held.ask_after, mirror.clock.now().timestamp()):
        case Verdict.SERVE:
            return False
        case Verdict.SERVE_STALE:
            return True
        case verdict if source.is_held_back:
            is_stale = verdict is Verdict.ASK_FIRST
            metrics.mirror_answers.labels("stale").inc(is_stale)
            return is_stale
        case Verdict.SERVE_AND_ASK:
            mirror.running.begin(mirror.running.together((path, tag), ask))
            return False
    return await mirror.running.together((path, tag), ask)


async def _ask(mirror: Mirror, source: Source, path: RepositoryName, tag: TagName, held: Row[Any] | None) -> bool:
    """Ask the upstream about a tag and write down what it says; whether what is held is stale, as it says nothing."""
    try:
        if held is not None and await _is_same(source, path, tag, held):
            async with mirror.db.writing() as tx:
                await tags.set_asked(tx, held.repository_id, [tag], _moment(mirror))
            metrics.mirror_answers.labels("unchanged").inc()
        else:
            await bring(mirror, source, path, tag)
    except (ManifestUnknown, RepositoryUnknown):
        if held is not None:
            _log.info("a tag is not at its upstream any more", path=path, tag=tag)
            await delete_tag(mirror.registry, source.house, path, tag)
        raise
    except (Elsewhere, RemoteRefused) as error:
        if held is None:
            raise
        # What is here is served, and whoever comes next does not wait for the same trouble.
        _log.warning("served stale: the upstream does not answer", path=path, tag=tag, error=error.message)
        metrics.mirror_answers.labels("stale").inc()
        async with mirror.db.writing() as tx:
            await tags.set_stale(tx, held.repository_id, tag, _moment(mirror, mirror.settings.trouble_seconds))
        return True
    return False


async def _is_same(source: Source, path: RepositoryName, tag: TagName, held: Row[Any]) -> bool:
    """Whether the upstream says that the tag names what is held. False where it does not say: then it is fetched."""
    name = source.name_there(path)
    try:
        said = await source.ask(lambda remote: digest_of(remote, name, tag, pull_scope(name)))
    except RemoteRefused:  # some registries know no HEAD
        return False
    return said is not None and str(said) == held.digest


async def bring(mirror: Mirror, source: Source, path: RepositoryName, reference: Reference) -> None:
    """Get a manifest from the upstream and keep it. Raises ManifestUnknown when it is not there."""
    now = mirror.clock.now().timestamp()
    if mirror.running.recall(("absent", path, reference), now):
        raise _unknown(source, path, reference)
    name = source.name_there(path)
    try:
        found = await source.ask(lambda remote: remote_manifests.find_manifest(remote, name, reference))
    except RemoteRefused as error:
        if error.status not in HIDDEN:
            raise
        found = None
    if found is None:
        mirror.running.keep(("absent", path, reference), True, now + source.policy.absent_seconds)
        metrics.mirror_answers.labels("absent").inc()
        raise _unknown(source, path, reference)
    await _keep(mirror, source, path, reference, found)
    metrics.mirror_answers.labels("fetched").inc()
    if found.is_index and source.policy.prefetch is Prefetch.ALL:
        key = ("prefetch", path, found.digest)
        mirror.running.begin(mirror.running.together(key, lambda: prefetch(mirror, source, path, found, bring)))


async def _keep(mirror: Mirror, source: Source, path: RepositoryName, reference: Reference, found: Manifest) -> None:
    kept = reference if isinstance(reference, TagName) else Digest.parse(str(reference))
    await push_manifest(
        mirror.registry, source.house, path, kept, found.body, found.media_type, asked_at=_moment(mirror)
    )


def _moment(mirror: Mirror, seconds: float = 0.0) -> int:
    """Now, or so much later, as tags say it."""
    return int((mirror.clock.now() + timedelta(seconds=seconds)).timestamp())


def _unknown(source: Source, path: RepositoryName, reference: Reference) -> EntrepotError:
    return ManifestUnknown(
        worded(
            "{host} has no {name} {reference}, or does not show it to this mirror.",
            host=source.host,
            name=source.name_there(path),
            reference=reference,
        ),
        reference=str(reference),
    )
