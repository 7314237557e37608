"""Copying: one image goes to a region, with all that belongs to it; what is there is not sent.

Blobs first, then manifests, those that others name before them; the tag is the last thing to be there. So an image that
broke off halfway is nowhere visible, and who begins again finds what has arrived.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from weakref import WeakValueDictionary

from entrepot.mirror.reasons import AccountRefused, Existed, Place, TagGone
from entrepot.plumbing.rate import Rate
from entrepot.remote.attached import put_attached
from entrepot.remote.blobs import How, push_blob
from entrepot.remote.looking import Look, look_at
from entrepot.remote.manifests import digest_of, put_manifest
from entrepot.remote.session import Remote, push_scope
from entrepot.remote.shelf import Shelf
from entrepot.remote.together import together
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import RemoteRefused, worded
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference

_ANYWHERE = ""
_WRONG_ACCOUNT = (401, 403)


@dataclass
class Line:
    """What all copies of a process share: how many bytes may go a second, and who sends which blob where."""

    rate: Rate
    _one_at_a_time: WeakValueDictionary[tuple[str, Digest], asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def turn(self, url: str, digest: Digest) -> asyncio.Lock:
        """Two copies that share a blob: the second finds it there, or mounts it."""
        return self._one_at_a_time.setdefault((url, digest), asyncio.Lock())


@dataclass(frozen=True, slots=True)
class Errand:
    """One image to be copied. `mounts`: repositories at the region that have blobs, by digest, as far as is known here.

    `sent` is told how many more bytes went out.
    """

    shelf: Shelf
    tag: TagName
    remote: Remote
    place: Place
    overrides: bool
    mounts: Callable[[Sequence[Digest]], Awaitable[Mapping[Digest, RepositoryName]]]
    sent: Callable[[int], None]
    line: Line


async def copy_image(errand: Errand) -> Digest:
    """Bring the image to its region; the digest of what the tag names there now.

    Raises TagGone, Existed, AccountRefused, RemoteRefused, RemoteUnreachable, and what the shelf raises.
    """
    await _check_account(errand.remote)
    name, remote = errand.place.name, errand.remote
    there = partial(_there, remote, name)
    if await errand.shelf.digest(errand.tag) is None:
        raise TagGone
    look = await look_at(errand.shelf, errand.tag, there)
    root = look.tree.root
    _check_free(errand, look.tag_there, root.digest)
    await _send_blobs(errand, look)
    for manifest in look.tree.manifests.values():
        if manifest is not root and manifest.digest in look.missing:
            await put_manifest(remote, name, manifest.digest, manifest)
    if look.tag_there != root.digest and not errand.overrides:  # somebody may have pushed there meanwhile
        _check_free(errand, await there(errand.tag), root.digest)
    await put_attached(remote, name, look.new_attached, move_tags=errand.overrides)
    if look.tag_there != root.digest:
        await put_manifest(remote, name, errand.tag, root)
    return root.digest


async def _check_account(remote: Remote) -> None:
    """What is said no with later is about the place, not about who we are."""
    try:
        await remote.request("GET", "/v2/", ())
    except RemoteRefused as error:
        if error.status in _WRONG_ACCOUNT:
            raise AccountRefused(error.message, status=error.status, code=error.code) from error
        raise


async def _there(remote: Remote, name: RepositoryName, reference: Reference) -> Digest | None:
    return await digest_of(remote, name, reference, push_scope(name))


def _check_free(errand: Errand, there: Digest | None, digest: Digest) -> None:
    if errand.overrides or there in (None, digest):
        return
    place = errand.place
    raise Existed(
        worded(
            "{name}:{tag} is another image at {region} ({there}), and was left alone; override replaces it.",
            name=place.name,
            tag=errand.tag,
            region=place.region,
            there=there,
        )
    )


async def _send_blobs(errand: Errand, look: Look) -> None:
    blobs = look.blobs
    mounts = await errand.mounts([blob.digest for blob in blobs])
    await together(partial(_send_blob, errand, blob, mounts.get(blob.digest, _ANYWHERE)) for blob in blobs)


async def _send_blob(errand: Errand, blob: Descriptor, mount_from: str) -> How:
    async with errand.line.turn(errand.remote.url, blob.digest):
        chunks = partial(_chunks, errand, blob)
        return await push_blob(errand.remote, errand.place.name, blob, chunks, _unheard, mount_from)


async def _chunks(errand: Errand, blob: Descriptor, start: int) -> AsyncGenerator[bytes, None]:
    rate = errand.line.rate
    async with aclosing(errand.shelf.blob(blob, start)) as chunks:
        async for chunk in chunks:
            for piece in rate.pieces(chunk):
                await rate.take(len(piece))
                yield piece
                errand.sent(len(piece))


def _unheard(_held: int) -> None:
    """How much of a blob a region holds interests nobody: what is sent is counted."""
