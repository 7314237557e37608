"""Carrying: images are brought, side by side; what is here is not sent again, and one that fails ends no other."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from weakref import WeakValueDictionary

from entrepot.cli.image.progress import Bars, short
from entrepot.cli.moving.listing import Item
from entrepot.cli.moving.looking import look_at_item
from entrepot.cli.moving.names import is_attachment
from entrepot.cli.moving.report import Outcome
from entrepot.cli.moving.settings import DEFAULT, MovingSettings
from entrepot.plumbing.rate import Rate
from entrepot.remote.attached import put_attached
from entrepot.remote.blobs import How, has_blob, push_blob
from entrepot.remote.looking import Look
from entrepot.remote.manifests import put_manifest
from entrepot.remote.session import Remote
from entrepot.remote.together import together
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import Elsewhere, EntrepotError, Refused, RemoteUnreachable
from entrepot.values.names import RepositoryName, TagName

_ANYWHERE = ""


class SourceLost(Refused):
    """The source cannot be reached any more. Not told as unreachable inside an upload, which would begin it again."""


@dataclass
class Carrier:
    """Brings images to `target`. `width` is how many, and how many blobs of all of them, are on their way at once."""

    target: Remote
    width: int
    rate: Rate
    bars: Bars
    referrers: bool = True
    is_plan: bool = False
    settings: MovingSettings = DEFAULT
    _along: set[tuple[RepositoryName, TagName]] = field(default_factory=set)
    _planned: set[Digest] = field(default_factory=set)
    _one_at_a_time: WeakValueDictionary[Digest, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _lost: int = 0

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(self.width)

    async def carry(self, items: list[Item]) -> list[Item]:
        """Bring them, or only look. Returns those that have a line in the report: all but what came along with others.

        Never raises for one image: what was wrong stands in its line.
        """
        first = [one for one in items if not is_attachment(one.tag)]
        with self.bars.count("images", len(items)) as move:
            await self._all(first, move, 0)
            rest = [one for one in items if is_attachment(one.tag) and (one.target, one.tag) not in self._along]
            await self._all(rest, move, len(items) - len(rest))
        return [*first, *rest]

    async def _all(self, items: Iterable[Item], move: Callable[[int], None], done: int) -> None:
        waiting = iter(items)

        async def work() -> None:
            nonlocal done
            for item in waiting:
                await self._one(item)
                done += 1
                move(done)

        await together([work] * self.width, self.width)

    async def _one(self, item: Item) -> None:
        line = item.line
        if self._lost >= self.settings.lost_max:
            line.outcome, line.reason = Outcome.FAILED, "Not tried, for nothing could be reached any more."
            return
        try:
            look = await look_at_item(item, self.target, self.referrers)
            line.digest, line.attached = look.tree.root.digest, len(look.attached.trees)
            self._along |= {(item.target, tag) for tag in look.tags_along}
            if look.is_present:
                line.outcome = Outcome.PRESENT
            elif self.is_plan:
                await self._plan(item, look)
            else:
                await self._bring(item, look)
            self._lost = 0
        except EntrepotError as error:
            line.outcome, line.reason = Outcome.FAILED, error.sentence
            self._lost += isinstance(error, Elsewhere | SourceLost)

    async def _plan(self, item: Item, look: Look) -> None:
        """What would be sent; a blob that several images need is counted once."""
        new = [blob for blob in look.blobs if blob.digest not in self._planned]
        self._planned.update(blob.digest for blob in new)
        here = await together(partial(has_blob, self.target, item.target, blob.digest) for blob in new)
        item.line.bytes_to_copy = sum(blob.size for blob, is_here in zip(new, here, strict=True) if not is_here)
        if look.tag_there is not None and look.tag_there != look.tree.root.digest:
            item.line.reason = f"The tag here names {look.tag_there} now, and will move."

    async def _bring(self, item: Item, look: Look) -> None:
        """Blobs, then manifests, those that others name before them; the tag is the last thing to be here."""
        name, root = item.target, look.tree.root
        await together((partial(self._blob, item, blob) for blob in look.blobs), self.width)
        for manifest in look.tree.manifests.values():
            if manifest is not root and manifest.digest in look.missing:
                await put_manifest(self.target, name, manifest.digest, manifest)
        await put_attached(self.target, name, look.new_attached, move_tags=True)
        if look.tag_there != root.digest:
            await put_manifest(self.target, name, item.tag, root)
        item.line.outcome = Outcome.COPIED
        now = await item.shelf.digest(item.tag)
        if now is not None and now.algorithm == root.digest.algorithm and now != root.digest:
            item.line.reason = f"The tag moved to {now} at the source meanwhile; run the import again for that."

    async def _blob(self, item: Item, blob: Descriptor) -> None:
        line = item.line
        lock = self._one_at_a_time.setdefault(blob.digest, asyncio.Lock())
        # Two images that share a layer: the second finds it here, or mounts it.
        async with lock, self._room:
            with self.bars.bar(short(blob.digest), blob.size) as move:
                chunks = partial(self._chunks, item, blob)
                how = await push_blob(self.target, item.target, blob, chunks, move, _ANYWHERE)
        line.blobs[how.value] += 1
        if how is How.SENT:
            line.bytes_sent += blob.size

    async def _chunks(self, item: Item, blob: Descriptor, start: int) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(item.shelf.blob(blob, start)) as chunks:
                async for chunk in chunks:
                    for piece in self.rate.pieces(chunk):
                        await self.rate.take(len(piece))
                        yield piece
        except RemoteUnreachable as error:
            raise SourceLost(error.message) from error
