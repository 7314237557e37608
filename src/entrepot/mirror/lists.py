"""Lists through a mirror: the tags that the upstream has, and what there says something about an image.

What was asked a moment ago is not asked again. Without an answer, what is here is listed.
"""

from bisect import bisect_right
from collections.abc import Sequence

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.mirror.manifests import HIDDEN, bring
from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import Source, source_of
from entrepot.plumbing.logging import get_logger
from entrepot.registry import lists, reach
from entrepot.registry.lists import Page, Referrers
from entrepot.remote import lists as remote_lists
from entrepot.remote import referrers as remote_referrers
from entrepot.remote.session import Remote
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import Elsewhere, EntrepotError, RemoteRefused
from entrepot.values.names import RepositoryName

_log = get_logger()


async def list_tags(mirror: Mirror, actor: Actor, path: RepositoryName, after: str, limit: int) -> Page:
    """Tag names in byte order, those after `after`. Raises Unauthenticated or RepositoryUnknown."""
    source = await source_of(mirror, path.organization)
    if source is None:
        return await lists.list_tags(mirror.registry, actor, path, after, limit)
    async with mirror.db.reading() as tx:
        await reach.permitted(tx, actor, Action.REPOSITORY_PULL, path)
    found = await mirror.running.together(("tags", path), lambda: _tags(mirror, source, path))
    if found is None:
        return await lists.list_tags(mirror.registry, actor, path, after, limit)
    start = bisect_right(found, after)
    return Page(list(found[start : start + limit]), start + limit >= len(found))


async def list_referrers(
    mirror: Mirror,
    actor: Actor,
    path: RepositoryName,
    subject: Digest,
    artifact_type: str | None,
    after: str,
) -> Referrers:
    """What refers to `subject`; signatures and the like come along from the upstream.

    Raises Unauthenticated, or RepositoryUnknown for a repository the actor may not read.
    """
    source = await source_of(mirror, path.organization)
    if source is not None and not after:
        async with mirror.db.reading() as tx:
            await reach.permitted(tx, actor, Action.REPOSITORY_PULL, path)
        await mirror.running.together(
            ("referrers", path, subject), lambda: _bring_referrers(mirror, source, path, subject)
        )
    return await lists.list_referrers(mirror.registry, actor, path, subject, artifact_type, after)


async def _tags(mirror: Mirror, source: Source, path: RepositoryName) -> Sequence[str] | None:
    """All tags of the upstream; None when it does not say. Raises RepositoryUnknown."""
    now = mirror.clock.now().timestamp()
    known: Sequence[str] | None = mirror.running.recall(("tags", path), now)
    if known is not None:
        return known
    name = source.name_there(path)

    async def gather(remote: Remote) -> Sequence[str]:
        gathered = []
        async for tag in remote_lists.list_tags(remote, name):
            gathered.append(tag)
            if len(gathered) >= mirror.settings.tags_max:
                break
        return sorted(set(gathered), key=str.encode)

    try:
        found = await source.ask(gather)
    except RemoteRefused as error:
        if error.status in HIDDEN:
            raise reach.unknown(path) from error
        return None
    except Elsewhere as error:
        _log.warning("tags listed without the upstream", path=path, error=error.message)
        return None
    mirror.running.keep(("tags", path), found, now + source.policy.fresh_seconds)
    return found


async def _bring_referrers(mirror: Mirror, source: Source, path: RepositoryName, subject: Digest) -> None:
    now = mirror.clock.now().timestamp()
    if mirror.running.recall(("referrers", path, subject), now):
        return
    name = source.name_there(path)

    async def ask(remote: Remote) -> Sequence[Descriptor]:
        return await remote_referrers.list_referrers(remote, name, subject)

    try:
        for descriptor in (await source.ask(ask))[: mirror.settings.referrers_max]:
            await _bring_one(mirror, source, path, descriptor.digest)
    except EntrepotError as error:
        _log.warning("referrers listed without the upstream", path=path, error=error.message)
        return
    mirror.running.keep(("referrers", path, subject), True, now + source.policy.fresh_seconds)


async def _bring_one(mirror: Mirror, source: Source, path: RepositoryName, digest: Digest) -> None:
    async with mirror.db.reading() as tx:
        is_here = await queries.holds_manifest(tx, path, str(digest))
    if not is_here:
        await bring(mirror, source, path, digest)
