"""Bringing: one image comes here from a region, with all that belongs to it; what is here is not fetched.

As with copies to regions, blobs come first, then manifests, and the tag is the last thing to be here.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from entrepot.access.actor import Actor
from entrepot.mirror.copying import Way, check_account
from entrepot.mirror.own_shelf import OwnShelf
from entrepot.mirror.reasons import Existed, TagGone
from entrepot.registry.pull import find_blob
from entrepot.registry.push import push_manifest
from entrepot.registry.room import Registry
from entrepot.registry.uploads import mount_blob, push_blob
from entrepot.remote.attached import Attached
from entrepot.remote.looking import look_at
from entrepot.remote.shelf import RemoteShelf
from entrepot.remote.together import together
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobUnknown, RepositoryUnknown, worded
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference


@dataclass(frozen=True, slots=True)
class Fetching:
    """One image to be brought from `shelf` to `path`, by the installation itself (`house`)."""

    shelf: RemoteShelf
    tag: TagName
    registry: Registry
    house: Actor
    path: RepositoryName
    way: Way


async def bring_image(fetching: Fetching) -> Digest:
    """Bring the image here; the digest of what the tag names here now.

    Raises TagGone, Existed, AccountRefused, RemoteRefused, RemoteUnreachable, and what the registry's verbs raise.
    """
    await check_account(fetching.shelf.remote)
    there = partial(_here, fetching)
    shelf, tag = fetching.shelf, fetching.tag
    if await shelf.digest(tag) is None and await shelf.find(tag) is None:  # the first counts as no pull
        raise TagGone
    look = await look_at(shelf, tag, there, fetching.way.referrers)
    root = look.tree.root
    _check_free(fetching, look.tag_there, root.digest)
    fetching.way.tally.total = sum(blob.size for blob in look.blobs)
    await together(partial(_bring_blob, fetching, blob) for blob in look.blobs)
    for manifest in look.tree.manifests.values():
        if manifest is not root and manifest.digest in look.missing:
            await _push(fetching, manifest.digest, manifest)
    if look.tag_there != root.digest and not fetching.way.overrides:  # somebody may have pushed here meanwhile
        _check_free(fetching, await there(fetching.tag), root.digest)
    await _push_attached(fetching, look.new_attached)
    if look.tag_there != root.digest:
        await _push(fetching, fetching.tag, root)
        fetching.way.tally.has_set_tag = True
    return root.digest


async def _here(fetching: Fetching, reference: Reference) -> Digest | None:
    try:
        return await OwnShelf(fetching.registry, fetching.house, fetching.path).digest(reference)
    except RepositoryUnknown:  # the first push makes it
        return None


def _check_free(fetching: Fetching, here: Digest | None, digest: Digest) -> None:
    if fetching.way.overrides or here in (None, digest):
        return
    raise Existed(
        worded(
            "{name}:{tag} is another image here ({here}), and was left alone; override replaces it.",
            name=fetching.path,
            tag=fetching.tag,
            here=here,
        )
    )


async def _bring_blob(fetching: Fetching, blob: Descriptor) -> None:
    registry, house, path = fetching.registry, fetching.house, fetching.path
    async with fetching.way.line.turn("", blob.digest):
        if await _holds(fetching, blob.digest) or await mount_blob(registry, house, path, blob.digest, None):
            fetching.way.tally.skip(blob.size)
            return
        async with aclosing(_chunks(fetching, blob)) as chunks:
            await push_blob(registry, house, path, blob.digest, chunks, blob.size)


async def _holds(fetching: Fetching, digest: Digest) -> bool:
    try:
        await find_blob(fetching.registry, fetching.house, fetching.path, digest)
    except (BlobUnknown, RepositoryUnknown):
        return False
    return True


async def _chunks(fetching: Fetching, blob: Descriptor) -> AsyncGenerator[bytes, None]:
    """The bytes, which go on where a connection broke off."""
    async with aclosing(fetching.shelf.blob(blob)) as chunks:
        async for chunk in chunks:
            for piece in fetching.way.rates.pieces(chunk):
                await fetching.way.rates.take(len(piece))
                yield piece
                fetching.way.tally.move(len(piece))


async def _push_attached(fetching: Fetching, attached: Attached) -> None:
    """A tag of cosign's that names something else here stays, unless tags may be replaced."""
    for tree in attached.referrers.values():
        for manifest in tree.manifests.values():
            await _push(fetching, manifest.digest, manifest)
    for tag, tree in attached.tagged.items():
        if fetching.way.overrides or await _here(fetching, tag) is None:
            for manifest in tree.manifests.values():
                await _push(fetching, tag if manifest is tree.root else manifest.digest, manifest)


async def _push(fetching: Fetching, reference: Reference, manifest: Manifest) -> None:
    registry, house, path = fetching.registry, fetching.house, fetching.path
    await push_manifest(registry, house, path, reference, manifest.body, manifest.media_type)
