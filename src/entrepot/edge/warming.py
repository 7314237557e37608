"""Warming: an edge fetches images that the center wants here before anybody pulls them.

Orders come with the answer to each report, and each report says how far they are. What the center does not name any
more was called off. An edge that starts anew hears its orders again, and goes on with what is here: blobs are fetched
as for clients, after these, and each only once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from entrepot.edge.keeping import Keeping
from entrepot.edge.sources import KEEPER
from entrepot.mirror.beside import fetch_beside
from entrepot.mirror.fetching import under_way
from entrepot.mirror.manifests import find_manifest
from entrepot.mirror.mounting import is_mounted
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import Source, source_of
from entrepot.plumbing.logging import get_logger
from entrepot.regions.warming.rules import WarmState, fits_platform
from entrepot.registry import pull
from entrepot.remote.together import WIDTH, together
from entrepot.values.accept import Accept
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    BlobUnknown,
    EntrepotError,
    ManifestUnknown,
    ParameterInvalid,
    RemoteUnreachable,
    RepositoryUnknown,
)
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName, TagName

_AT_ONCE: Final = 2
_ATTEMPTS: Final = 20
"""So often a blob steps back for clients before the image is left for a later attempt."""
_MANIFESTS_MAX: Final = 2_000
_ENDED: Final = (WarmState.DONE, WarmState.FAILED)

_log = get_logger()


class _OfNoUse(ParameterInvalid):
    """This edge cannot hold the image, however often it tries."""


@dataclass(slots=True)
class _Image:
    """An order, and how far it is."""

    id: int
    path: RepositoryName
    tag: str
    digest: Digest
    platforms: Sequence[str]
    state: WarmState = WarmState.WAITING
    blobs: Mapping[Digest, Descriptor] = field(default_factory=dict)
    here: set[Digest] = field(default_factory=set)
    error: str = ""
    is_final: bool = False
    task: "asyncio.Task[None] | None" = None


class Warming:
    """Until `run` is cancelled. `capacity_bytes`: an image that is larger is not begun."""

    def __init__(self, mirror: Mirror, keeping: Keeping, capacity_bytes: int) -> None:
        self._mirror = mirror
        self._keeping = keeping
        self._capacity_bytes = capacity_bytes
        self._images: dict[int, _Image] = {}
        self._changed = asyncio.Event()

    # --- as reports carry it ---

    def told(self) -> Sequence[Mapping[str, Any]]:
        """How far each order is that was begun."""
        return [self._state(one) for one in self._images.values() if one.state is not WarmState.WAITING]

    def heard(self, told: Sequence[Mapping[str, Any]], orders: Sequence[Mapping[str, Any]]) -> None:
        """The center knows by now what was `told`, and has these orders; one that cannot be read is left out."""
        for row in told:
            if row["state"] in _ENDED:
                self._images.pop(row["id"], None)
        wanted = {one.id: one for one in map(_read, orders) if one is not None}
        for number, one in list(self._images.items()):
            if number not in wanted and one.state not in _ENDED:
                del self._images[number]
                if one.task is not None:
                    one.task.cancel()
        for number, one in wanted.items():
            self._images.setdefault(number, one)
        self._changed.set()
        self._changed = asyncio.Event()

    def _state(self, image: _Image) -> Mapping[str, Any]:
        done = 0
        for blob in image.blobs.values():
            if blob.digest in image.here:
                done += blob.size
            elif coming := under_way(self._mirror, image.path, blob.digest):
                done += coming.bytes_here
        return {
            "id": image.id,
            "state": image.state.value,
            "bytes_done": done,
            "bytes_total": sum(blob.size for blob in image.blobs.values()),
            "error": image.error,
            "is_final": image.is_final,
        }

    # --- in the background ---

    async def run(self) -> None:
        """Fetch what is ordered, few images at the same time, the oldest order first."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            image = next((one for one in self._images.values() if one.state is WarmState.WAITING), None)
            if image is None:
                await self._changed.wait()
                continue
            image.state = WarmState.RUNNING
            image.task = asyncio.create_task(self._warm(image))
            try:
                await asyncio.wait({image.task})
            finally:
                image.task.cancel()
            broke = None if image.task.cancelled() else image.task.exception()
            if broke is not None:
                _log.error("warming up broke", path=image.path, exc_info=broke)
                image.state, image.error = WarmState.FAILED, "The edge broke at it; its log says why."

    async def _warm(self, image: _Image) -> None:
        try:
            source = await source_of(self._mirror, image.path.organization)
            assert source is not None, "all organizations of an edge have the center"
            found = await self._manifests(image)
            image.blobs = {blob.digest: blob for manifest in found for blob in manifest.blobs}
            total = sum(blob.size for blob in image.blobs.values())
            if total > self._capacity_bytes:
                raise _OfNoUse(f"The image has {total} bytes, and this edge keeps at most {self._capacity_bytes}.")
            await together((partial(self._bring, image, source, blob) for blob in image.blobs.values()), WIDTH)
            for digest in image.blobs:
                self._keeping.used(str(digest))
        except EntrepotError as error:
            _log.warning("an image could not be warmed up", path=image.path, error=error.message)
            image.state, image.error = WarmState.FAILED, str(error.message)
            image.is_final = isinstance(error, _OfNoUse)
        else:
            _log.info("an image is warmed up", path=image.path, digest=str(image.digest), bytes=total)
            image.state = WarmState.DONE

    async def _manifests(self, image: _Image) -> Sequence[Manifest]:
        """That of the image, and where it is one for several platforms those of the ones asked for."""
        found = {image.digest: await self._root(image)}
        left = [found[image.digest]]
        while left:
            for child in left.pop().children:
                if child.digest in found or not fits_platform(image.platforms, child.platform):
                    continue
                if len(found) >= _MANIFESTS_MAX:
                    raise _OfNoUse(f"The image has more than {_MANIFESTS_MAX} manifests.")
                with suppress(ManifestUnknown):  # an index may name what the center does not have either
                    found[child.digest] = await self._manifest(image.path, child.digest)
                    left.append(found[child.digest])
        if len(found) == 1 and found[image.digest].is_index and image.platforms:
            raise _OfNoUse("The image has nothing for these platforms.")
        return list(found.values())

    async def _root(self, image: _Image) -> Manifest:
        """The image's manifest, and here its tag, too, as long as that names it."""
        if image.tag:
            with suppress(ManifestUnknown):
                found = await self._manifest(image.path, TagName(image.tag))
                if found.digest == image.digest:
                    return found
        return await self._manifest(image.path, image.digest)

    async def _manifest(self, path: RepositoryName, reference: TagName | Digest) -> Manifest:
        found = (await find_manifest(self._mirror, KEEPER, path, reference, Accept())).found
        return Manifest.parse(found.body, found.media_type, self._mirror.registry.settings.manifest)

    async def _bring(self, image: _Image, source: Source, blob: Descriptor) -> None:
        """Have a blob here. Raises what ended its fetch."""
        for _ in range(_ATTEMPTS):
            if await self._is_here(image.path, blob.digest):
                image.here.add(blob.digest)
                self._keeping.used(str(blob.digest))
                return
            if await is_mounted(self._mirror, source, image.path, blob.digest):
                continue
            if coming := under_way(self._mirror, image.path, blob.digest):
                with suppress(EntrepotError):  # of whoever began it; then it is tried here
                    await coming.ended()
                continue
            await fetch_beside(self._mirror, source, image.path, blob.digest, blob.size, must=True)
        raise RemoteUnreachable("Clients need the way to the center; the image is fetched later.")

    async def _is_here(self, path: RepositoryName, digest: Digest) -> bool:
        try:
            await pull.find_blob(self._mirror.registry, KEEPER, path, digest)
        except (BlobUnknown, RepositoryUnknown):
            return False
        return True


def _read(order: Mapping[str, Any]) -> _Image | None:
    """An order of the center. None for one of a later version that cannot be read."""
    try:
        return _Image(
            int(order["id"]),
            RepositoryName.parse(str(order["path"])),
            str(order["tag"]),
            Digest.parse(str(order["digest"])),
            [str(one) for one in order["platforms"]],
        )
    except (KeyError, TypeError, ValueError, EntrepotError) as error:
        _log.warning("an order of the center cannot be read", error=str(error))
        return None
