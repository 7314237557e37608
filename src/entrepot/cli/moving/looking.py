"""Looking: what there is of one image, at the source and here; what of it is missing here. Nothing is sent."""

from functools import partial

from entrepot.cli.moving.listing import Item
from entrepot.remote.looking import Look, look_at
from entrepot.remote.manifests import digest_of
from entrepot.remote.session import Remote, push_scope
from entrepot.values.digest import Digest
from entrepot.values.errors import RemoteRefused
from entrepot.values.names import RepositoryName
from entrepot.values.reference import Reference

_FORBIDDEN = (401, 403)


async def look_at_item(item: Item, target: Remote, referrers: bool) -> Look:
    """Raises ManifestUnknown for what is not whole at the source, and what the source or the registry here raises."""
    return await look_at(item.shelf, item.tag, partial(_here, target, item.target), referrers)


async def _here(target: Remote, name: RepositoryName, reference: Reference) -> Digest | None:
    try:
        return await digest_of(target, name, reference, push_scope(name))
    except RemoteRefused as error:
        if error.status not in _FORBIDDEN:
            raise
        said = f"You may not push to {name}. See who may: entrepot grant list {name.organization}"
        raise RemoteRefused(said, status=error.status) from None  # such an answer has no words of its own
