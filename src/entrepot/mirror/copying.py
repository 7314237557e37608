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
from entrepot.plumbing.rate import Rate, Rates
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
_NOT_TO_BE_READ = (401, 403, 404)
"""How a region says that we may not mount from a repository any more; the blob is sent then."""


@dataclass
class Line:
    """What all copies of a process share: how many bytes may go a second, and who sends which blob where."""

    rate: Rate
    _of_rules: dict[int, tuple[int, Rate]] = field(default_factory=dict)
    _one_at_a_time: WeakValueDictionary[tuple[str, Digest], asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def rates(self, rule_id: int | None, per_second: int) -> Rates:
        """How fast a copy may go: with all others, and with those of its rule that has a limit of its own."""
        if rule_id is None or not per_second:
            return Rates(self.rate)
        known = self._of_rules.get(rule_id)
        if known is None or known[0] != per_second:
            known = self._of_rules[rule_id] = per_second, Rate(per_second)
        return Rates(self.rate, known[1])

    def turn(self, url: str, digest: Digest) -> asyncio.Lock:
        """Two copies that share a blob: the second finds it there, or mounts it."""
        return self._one_at_a_time.setdefault((url, digest), asyncio.Lock())


@dataclass(slots=True)
class Tally:
    """How far a copy is: of `total` bytes of blobs that were missing, `done` are there; so many were `sent`.

    `has_set_tag`: the tag names the image because of this copy.
    """

    count: Callable[[int], None]
    sent: int = 0
    done: int = 0
    total: int = 0
    has_set_tag: bool = False

    def move(self, more: int) -> None:
        """So many bytes went over the wire."""
        self.sent += more
        self.done = min(self.done + more, self.total)
        self.count(more)

    def skip(self, size: int) -> None:
        """A blob of this size need not go over it."""
        self.done = min(self.done + size, self.total)


@dataclass(frozen=True, slots=True)
class Way:
    """How a copy is to be made: whether it replaces another image of the name, and whether what refers to it comes
    along; how far it is, and how fast it may go.
    """

    overrides: bool
    referrers: bool
    tally: Tally
    line: Line
    rates: Rates


@dataclass(frozen=True, slots=True)
class Errand:
    """One image to be copied. `mounts`: repositories at the region that have blobs, as far as is known here."""

    shelf: Shelf
    tag: TagName
    remote: Remote
    place: Place
    mounts: Callable[[Sequence[Digest]], Awaitable[Mapping[Digest, RepositoryName]]]
    way: Way


async def copy_image(errand: Errand) -> Digest:
    """Bring the image to its region; the digest of what the tag names there now.

    Raises TagGone, Existed, AccountRefused, RemoteRefused, RemoteUnreachable, and what the shelf raises.
    """
    await check_account(errand.remote)
    name, remote = errand.place.name, errand.remote
    there = partial(_there, remote, name)
    if await errand.shelf.digest(errand.tag) is None:
        raise TagGone
    look = await look_at(errand.shelf, errand.tag, there, errand.way.referrers)
    root = look.tree.root
    _check_free(errand, look.tag_there, root.digest)
    await _send_blobs(errand, look)
    for manifest in look.tree.manifests.values():
        if manifest is not root and manifest.digest in look.missing:
            await put_manifest(remote, name, manifest.digest, manifest)
    if look.tag_there != root.digest and not errand.way.overrides:  # somebody may have pushed there meanwhile
        _check_free(errand, await there(errand.tag), root.digest)
    await put_attached(remote, name, look.new_attached, move_tags=errand.way.overrides)
    if look.tag_there != root.digest:
        await put_manifest(remote, name, errand.tag, root)
        errand.way.tally.has_set_tag = True
    return root.digest


async def check_account(remote: Remote) -> None:
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
    if errand.way.overrides or there in (None, digest):
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
    errand.way.tally.total = sum(blob.size for blob in blobs)
    mounts = await errand.mounts([blob.digest for blob in blobs])
    await together(partial(_send_blob, errand, blob, mounts.get(blob.digest, _ANYWHERE)) for blob in blobs)


async def _send_blob(errand: Errand, blob: Descriptor, mount_from: str) -> None:
    remote, name, chunks = errand.remote, errand.place.name, partial(_chunks, errand, blob)
    async with errand.way.line.turn(remote.url, blob.digest):
        try:
            how = await push_blob(remote, name, blob, chunks, _unheard, mount_from)
        except RemoteRefused as error:
            if not mount_from or error.status not in _NOT_TO_BE_READ:
                raise
            how = await push_blob(remote, name, blob, chunks, _unheard, _ANYWHERE)
    if how is not How.SENT:
        errand.way.tally.skip(blob.size)


async def _chunks(errand: Errand, blob: Descriptor, start: int) -> AsyncGenerator[bytes, None]:
    async with aclosing(errand.shelf.blob(blob, start)) as chunks:
        async for chunk in chunks:
            for piece in errand.way.rates.pieces(chunk):
                await errand.way.rates.take(len(piece))
                yield piece
                errand.way.tally.move(len(piece))


def _unheard(_held: int) -> None:
    """How much of a blob a region holds interests nobody: what is sent is counted."""
