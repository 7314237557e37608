"""Mounting: a blob that another repository of the mirror has is not fetched again."""

from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import Source
from entrepot.registry.uploads import mount_blob
from entrepot.values.digest import Digest
from entrepot.values.names import RepositoryName


async def is_mounted(mirror: Mirror, source: Source, path: RepositoryName, digest: Digest) -> bool:
    """Whether another repository has it that has the same upstream, and now this one, too."""
    async with mirror.db.reading() as tx:
        if await queries.naming(tx, path, str(digest)) is None:
            return False  # only what a manifest here names is known to be of this repository
        among = None if source.is_center else source.organization
        sibling = await queries.sibling_with(tx, among, str(digest))
    if sibling is None:
        return False
    return await mount_blob(mirror.registry, source.house, path, digest, RepositoryName(sibling))
