"""Reading blobs to see whether they are still what they were: at a set pace, and stopped in the middle when asked."""

import asyncio
import hashlib
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Final

from entrepot.blobs.store import BlobStore
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, BlobUnknown, StorageFailed, StorageFull

_WAIT_SECONDS_MIN: Final = 0.02  # shorter waits are put together
_IN_LOOP_BYTES_MAX: Final = 64 << 10  # hashed quicker than a thread is reached


class Stopped(Exception):
    """Whoever reads was asked to stop."""


class Pace:
    """So many bytes a second; 0: as fast as it can. Raises Stopped once any of `stops` is set."""

    def __init__(self, bytes_per_second: int = 0, *stops: asyncio.Event) -> None:
        self._rate = bytes_per_second
        self._stops = stops or (asyncio.Event(),)
        self._due = 0.0

    async def passed(self, count: int) -> None:
        """Wait as long as `count` bytes take."""
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now) + (count / self._rate if self._rate else 0)
        if self._due - now > _WAIT_SECONDS_MIN:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stops[0].wait(), self._due - now)
        else:
            await asyncio.sleep(0)  # others get their turn all the same
        self.check()

    def hurried(self) -> "Pace":
        """As fast as it can; stopped as this one."""
        return Pace(0, *self._stops)

    def check(self) -> None:
        if any(one.is_set() for one in self._stops):
            raise Stopped


@dataclass(frozen=True, slots=True)
class Seen:
    """What is in the place of a blob: its digest and size. Not `is_readable`: the disk does not give it back."""

    digest: str
    size: int
    is_readable: bool = True


async def look(blobs: BlobStore, name: str, pace: Pace) -> Seen | None:
    """Read what is in the place of a blob; None when nothing is. Raises Stopped, StorageFailed, StorageUnreachable."""
    digest = Digest.parse(name)
    actual, size = hashlib.new(digest.algorithm), 0
    try:
        async with aclosing(blobs.open(digest)) as chunks:
            async for chunk in chunks:
                if len(chunk) <= _IN_LOOP_BYTES_MAX:
                    actual.update(chunk)
                else:
                    await asyncio.to_thread(actual.update, chunk)
                size += len(chunk)
                await pace.passed(len(chunk))
    except BlobUnknown:
        return None
    except BlobCorrupt:
        return Seen("", size, is_readable=False)  # it ended before its end
    except StorageFailed:
        with suppress(StorageFull):  # it can be read
            await blobs.check()  # when all of the storage fails, that says nothing of this blob
        return Seen("", size, is_readable=False)
    return Seen(f"{digest.algorithm}:{actual.hexdigest()}", size)
