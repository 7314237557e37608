"""Fetching: a blob comes from an upstream once, however many clients of however many processes ask for it meanwhile.

The bytes go into an upload of the registry, piece by piece, and its parts can be read by every process. Whoever holds
the lease (`blob_fetch`) leads: it asks the upstream, goes on where a connection broke off, at another address if need
be, and at the end has the upload become the blob. The others watch how far it is, and take over when the leader is
gone. In this process, clients read a `Fetch`: durable parts from the store, and what came after them from memory.

A client that leaves does not stop a fetch. The last bytes are shown to nobody before the digest is right.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Final

from entrepot.blobs.shares import Share
from entrepot.blobs.store import Part
from entrepot.mirror import filling
from entrepot.mirror.pieces import Piece
from entrepot.mirror.queries import fetches as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import Source
from entrepot.plumbing import metrics
from entrepot.plumbing.ids import new_id
from entrepot.plumbing.logging import get_logger
from entrepot.registry import pull, staging
from entrepot.registry.uploads import append, cancel_upload, finish_upload
from entrepot.remote.blobs import read_blob
from entrepot.remote.retries import wait_before
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    BlobCorrupt,
    BlobUnknown,
    DigestMismatch,
    Elsewhere,
    EntrepotError,
    RemoteUnreachable,
    RepositoryUnknown,
    UploadUnknown,
    worded,
)
from entrepot.values.names import RepositoryName

_FIRST_PIECE_BYTES: Final = 64 << 10
"""Small, so that other processes have something to read soon; each further one is twice as long, up to the setting."""
_ROUNDS_MAX: Final = 4
"""Over all addresses, in a row without any progress."""
_BLOB: Final = "application/octet-stream"

_log = get_logger()


class Fetch:
    """A blob on its way. `run` brings it here; `read` is for any number of readers meanwhile.

    `is_beside`: no client asked for it, and it steps back for what clients ask for.
    """

    def __init__(
        self, mirror: Mirror, source: Source, path: RepositoryName, digest: Digest, size: int, is_beside: bool = False
    ) -> None:
        self.is_beside = is_beside
        self.path = path
        self.digest = digest
        self.size = size
        self._mirror = mirror
        self._source = source
        self._parts: Sequence[Part] = ()
        self._durable = 0
        self._tail: list[bytes] = []
        self._shown = 0
        self._is_done = False
        self._error: EntrepotError | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # --- reading ---

    @property
    def bytes_here(self) -> int:
        """How much of it can be read by now."""
        return self.size if self._is_done else self._shown

    async def ended(self) -> None:
        """Wait until it is here. Raises what ended it without."""
        while not self._is_done:
            if self._error is not None:
                raise self._error
            await self._change()

    def want(self) -> None:
        """Say that a client asks for it."""
        self.is_beside = False
        self._source.turns.keep(self._task)

    async def read(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` up to `stop`, as they come. Raises what ended the fetch, where they are missing."""
        share = self._mirror.running.readers.open()
        try:
            async with aclosing(self._read(start, stop, share)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            share.close()

    async def _read(self, start: int, stop: int, share: Share) -> AsyncGenerator[bytes, None]:
        at = start
        while at < stop:
            if self._is_done:
                async with aclosing(pull.open_blob(self._mirror.registry, self.digest, at, stop)) as chunks:
                    async for chunk in chunks:
                        at += len(chunk)
                        yield chunk
            elif at < self._durable:
                try:
                    async with aclosing(self._durable_from(at, stop)) as chunks:
                        async for chunk in chunks:
                            at += len(chunk)
                            yield chunk
                except (UploadUnknown, BlobCorrupt):
                    if self._error is not None:
                        raise self._error from None
                    await self._change()  # the parts just became the blob
            elif at < self._shown:
                chunk = self._in_memory(at)[: min(stop - at, share.next())]
                at += len(chunk)
                yield chunk
            elif self._error is not None:
                raise self._error
            else:
                await self._change()

    async def _durable_from(self, at: int, stop: int) -> AsyncGenerator[bytes, None]:
        """What is left of the part that byte `at` is in."""
        start = 0
        for part in self._parts:
            if at < start + part.size:
                stop_here = min(part.size, stop - start)
                async with aclosing(self._mirror.registry.blobs.open_part(part, at - start, stop_here)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            start += part.size

    def _in_memory(self, at: int) -> bytes:
        start = self._durable
        for chunk in self._tail:
            if at < start + len(chunk):
                return chunk[at - start :]
            start += len(chunk)
        raise AssertionError("what is shown is durable or in memory")

    async def _change(self) -> None:
        if not self._is_done and self._error is None:
            await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    # --- bringing ---

    async def run(self) -> None:
        """Lead, or watch who leads, until the blob is here or cannot be had."""
        self._task = asyncio.current_task()
        try:
            turns = self._source.turns
            async with turns.beside() if self.is_beside else turns.of_client():
                while not await self._is_here():
                    if await self._lead_or_watch():
                        break
            self._is_done = True
            metrics.mirror_blobs.labels("fetched").inc()
            filling.nudge(self._mirror, self._source.organization, self._source.policy.limit_bytes, self.size)
        except EntrepotError as error:
            _log.warning("a blob could not be fetched", path=self.path, digest=str(self.digest), error=error.message)
            metrics.mirror_blobs.labels("failed").inc()
            self._error = error
        except asyncio.CancelledError:
            self._error = RemoteUnreachable("This server is stopping; ask again.")
            raise
        finally:
            if not self._is_done and self._error is None:
                self._error = RemoteUnreachable("The fetch of the blob broke; ask again.")
            self._mirror.running.shared.pop(key_of(self.path, self.digest), None)
            self._tell()

    async def _is_here(self) -> bool:
        try:
            await pull.find_blob(self._mirror.registry, self._source.house, self.path, self.digest)
        except (BlobUnknown, RepositoryUnknown):
            return False
        return True

    async def _lead_or_watch(self) -> bool:
        """True when this process brought the blob; False when who leads is to be looked at again."""
        mirror = self._mirror
        async with mirror.db.reading() as tx:
            row = await queries.fetch_of(tx, self.path, str(self.digest))
            now = tx.now
        if row is not None and row.leased_until > now:
            await self._follow(row.upload_id)
            await asyncio.sleep(mirror.settings.watch_seconds)  # another process: it tells nobody how far it is
            return False
        upload_id = await self._take(row.upload_id if row else None, row.leader if row else None)
        if upload_id is None:
            return False
        await self._lead(upload_id)
        self._source.tally.fetched += 1
        return True

    async def _follow(self, upload_id: str) -> None:
        """See how far another process is."""
        async with self._mirror.db.reading() as tx:
            self._hold(await staging.parts_of(tx, upload_id))
        self._tell()

    async def _take(self, upload_id: str | None, before: str | None) -> str | None:
        """The upload to go on with, ours to write to; None when another process was faster."""
        mirror, digest = self._mirror, str(self.digest)
        until = mirror.clock.now() + timedelta(seconds=mirror.settings.lease_seconds)
        if upload_id is not None and before is not None:
            async with mirror.db.writing() as tx:
                if not await queries.take_over(tx, self.path, digest, before, mirror.running.id, until, tx.now):
                    return None
            _log.info("going on with a fetch that was left", path=self.path, digest=digest)
            async with mirror.db.reading() as tx:
                held = await staging.is_there(tx, upload_id)
            if held:
                return upload_id
            async with mirror.db.writing() as tx:
                await queries.end(tx, self.path, digest, mirror.running.id)
        fresh = new_id()
        async with mirror.db.writing() as tx:
            if not await queries.begin(tx, self.path, digest, fresh, mirror.running.id, until):
                return None
            idle = timedelta(seconds=mirror.registry.settings.upload_idle_seconds)
            await staging.begin(tx, fresh, self.path, self._source.house.subject, tx.now, tx.now + idle)
        return fresh

    async def _lead(self, upload_id: str) -> None:
        renewing = asyncio.create_task(self._renew())
        bringing = asyncio.create_task(self._bring(upload_id))
        is_of_use = True
        try:
            await asyncio.wait((renewing, bringing), return_when=asyncio.FIRST_COMPLETED)
            if not bringing.done():
                raise RemoteUnreachable("Another process went on with this fetch.")
            bringing.result()
            is_of_use = False
        except DigestMismatch:
            is_of_use = False
            with suppress(EntrepotError):
                await cancel_upload(self._mirror.registry, self._source.house, self.path, upload_id)
            raise
        finally:
            for task in (renewing, bringing):
                task.cancel()
            await asyncio.gather(renewing, bringing, return_exceptions=True)
            await self._release(is_of_use)

    async def _release(self, is_of_use: bool) -> None:
        """Let others lead: what was brought so far `is_of_use` to who goes on with it, or the fetch is over."""
        mirror, digest = self._mirror, str(self.digest)
        with suppress(Elsewhere):  # the database is away: the lease runs out by itself
            async with mirror.db.writing() as tx:
                if is_of_use:
                    await queries.renew(tx, self.path, digest, mirror.running.id, tx.now)
                else:
                    await queries.end(tx, self.path, digest, mirror.running.id)

    async def _renew(self) -> None:
        """Keep the lease; returns when it was lost."""
        mirror = self._mirror
        while True:
            await asyncio.sleep(mirror.settings.lease_seconds / 3)
            with suppress(Elsewhere):  # the database is away: the lease may run out, and then it is lost
                async with mirror.db.writing() as tx:
                    until = mirror.clock.now() + timedelta(seconds=mirror.settings.lease_seconds)
                    if not await queries.renew(tx, self.path, str(self.digest), mirror.running.id, until):
                        return

    async def _bring(self, upload_id: str) -> None:
        registry, house = self._mirror.registry, self._source.house
        await self._reload(upload_id)
        hashed = await self._hashed()
        piece_bytes = _FIRST_PIECE_BYTES
        async with aclosing(self._chunks(self._durable, hashed)) as chunks:
            while self._durable < self.size:
                piece = Piece(self.show, chunks, piece_bytes, self._mirror.settings.piece_seconds)
                await append(registry, house, self.path, upload_id, piece.read(), self._durable)
                piece_bytes = min(piece_bytes * 2, self._mirror.settings.piece_bytes)
                if self._durable + piece.size == self.size:
                    break
                await self._reload(upload_id)
                if piece.trouble is not None:
                    raise piece.trouble
        await finish_upload(registry, house, self.path, upload_id, self.digest, _nothing())

    async def _reload(self, upload_id: str) -> None:
        async with self._mirror.db.reading() as tx:
            self._hold(await staging.parts_of(tx, upload_id))
        self._tell()

    def _hold(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._durable = sum(part.size for part in parts)
        self._tail = []
        self._shown = self._durable

    def show(self, chunk: bytes) -> None:
        """Let readers have the chunk that comes next."""
        self._tail.append(chunk)
        self._shown += len(chunk)
        self._tell()

    async def _hashed(self) -> "hashlib._Hash":
        """The hash of what is here already, which another process brought."""
        hashed = hashlib.new(self.digest.algorithm)
        async with aclosing(self.read(0, self._durable)) as chunks:
            async for chunk in chunks:
                hashed.update(chunk)
        return hashed

    async def _chunks(self, start: int, hashed: "hashlib._Hash") -> AsyncGenerator[bytes, None]:
        """What comes from the upstream; the last bytes only when the digest is right. Raises DigestMismatch."""
        name = self._source.name_there(self.path)
        blob = Descriptor(_BLOB, self.digest, self.size)
        at, rounds = start, 0
        while at < self.size:
            trouble: RemoteUnreachable | None = None
            for remote in self._source.in_order():
                try:
                    async with aclosing(read_blob(remote, name, blob, at)) as chunks:
                        async for chunk in chunks:
                            hashed.update(chunk)
                            metrics.mirror_bytes.inc(len(chunk))
                            self._source.tally.fetched_bytes += len(chunk)
                            at, rounds = at + len(chunk), 0
                            if at == self.size and hashed.hexdigest() != self.digest.hex:
                                raise DigestMismatch(
                                    worded(
                                        "What {url} sent as {digest} has another digest.",
                                        url=remote.url,
                                        digest=self.digest,
                                    )
                                )
                            yield chunk
                    break
                except RemoteUnreachable as error:
                    trouble = error
            if trouble is not None and at < self.size:
                rounds += 1
                if rounds >= _ROUNDS_MAX:
                    raise trouble
                first = self._source.remotes[0]
                await first.sleep(wait_before(1 + rounds, first.settings, trouble.retry_after))


def under_way(mirror: Mirror, path: RepositoryName, digest: Digest) -> Fetch | None:
    """The fetch of the blob that is under way in this process."""
    found: Fetch | None = mirror.running.shared.get(key_of(path, digest))
    return found


def fetch_of(mirror: Mirror, source: Source, path: RepositoryName, digest: Digest, size: int) -> Fetch:
    """The same, begun now if there is none."""
    known = under_way(mirror, path, digest)
    if known is None:
        known = mirror.running.shared[key_of(path, digest)] = Fetch(mirror, source, path, digest, size)
        mirror.running.begin(known.run())
    known.want()
    return known


def key_of(path: str, digest: Digest) -> tuple[str, str, str]:
    """Under which a fetch is shared in this process."""
    return ("fetch", path, str(digest))


async def _nothing() -> AsyncGenerator[bytes, None]:
    for _ in range(0):
        yield b""
