"""The ledger: what clients asked for and what was acknowledged to them, held against the server afterwards.

Something acknowledged has to be there. Something that was only asked for may be there or not, but
whole if it is. A tag moved by many is a register: it may hold any push that was not overtaken.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import dataclass, field

from tests.live.conformance.builders import digest_of
from tests.live.durability.client import Client


@dataclass
class Asked:
    """Something pushed: its bytes, when it was asked for, and when (if ever) it was acknowledged."""

    content: bytes
    began: int
    ended: int | None = None

    @property
    def digest(self) -> str:
        return digest_of(self.content)


@dataclass
class OpenUpload:
    """An upload of `content`, of which the server has acknowledged `size` bytes."""

    location: str
    content: bytes
    size: int = 0
    is_closing: bool = False
    """Its last request went out, unanswered: the server may have ended it."""


@dataclass
class Ledger:
    """One repository as its clients know it."""

    blobs: dict[str, Asked] = field(default_factory=dict)
    manifests: dict[str, Asked] = field(default_factory=dict)
    tags: dict[str, list[Asked]] = field(default_factory=dict)
    uploads: dict[str, OpenUpload] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _moments: itertools.count[int] = field(default_factory=itertools.count)

    def ask_blob(self, content: bytes) -> Asked:
        return self.blobs.setdefault(digest_of(content), self._asked(content))

    def ask_manifest(self, body: bytes, tag: str | None) -> list[Asked]:
        found = [self.manifests.setdefault(digest_of(body), self._asked(body))]
        if tag is not None:
            found.append(self._asked(body))
            self.tags.setdefault(tag, []).append(found[-1])
        return found

    def acknowledge(self, *asked: Asked) -> None:
        for one in asked:
            one.ended = self.now()
        self._news.set()

    def acknowledged_blobs(self) -> list[bytes]:
        return [blob.content for blob in self.blobs.values() if blob.ended is not None]

    async def until_acknowledged(self, more: int) -> None:
        """Return as soon as `more` things have been acknowledged."""
        for _ in range(more):
            self._news.clear()
            await self._news.wait()

    def now(self) -> int:
        """A number that later moments exceed."""
        return next(self._moments)

    async def check(self, client: Client, since: int = 0) -> None:
        """Hold the server against the ledger, or against what was asked for from `since` on. Raises AssertionError."""
        for digest, blob in _since(self.blobs, since):
            _check_bytes(f"blob {digest}", blob, await client.blob(digest))
        for digest, manifest in _since(self.manifests, since):
            found = await client.manifest(digest)
            _check_bytes(f"manifest {digest}", manifest, found)
            if found is not None:
                await self._check_complete(client, found)
        listed = await client.tags() if any(one.ended is not None for one in self.manifests.values()) else []
        assert set(listed) <= set(self.tags)
        for tag, pushes in self.tags.items():
            await self._check_tag(client, tag, pushes, tag in listed)
        for upload in self.uploads.values():
            await self._check_upload(client, upload)

    async def _check_complete(self, client: Client, body: bytes) -> None:
        manifest = json.loads(body)
        for descriptor in [manifest["config"], *manifest["layers"]]:
            answer = await client.send("HEAD", f"blobs/{descriptor['digest']}")
            assert answer.status_code == 200, f"{descriptor['digest']} is missing from a manifest that is there"
            assert int(answer.headers["Content-Length"]) == descriptor["size"]

    async def _check_tag(self, client: Client, tag: str, pushes: list[Asked], is_listed: bool) -> None:
        found = await client.manifest(tag)
        assert is_listed == (found is not None), f"tag {tag} is {'' if is_listed else 'not '}listed"
        if found is None:
            assert all(push.ended is None for push in pushes), f"tag {tag} was acknowledged and is gone"
            return
        possible = {push.digest for push in pushes if not _is_overtaken(push, pushes)}
        assert digest_of(found) in possible, f"tag {tag} points to {digest_of(found)}, not to one of {possible}"

    async def _check_upload(self, client: Client, upload: OpenUpload) -> None:
        if upload.is_closing and (await client.send("GET", upload.location)).status_code == 404:
            return
        size = await client.held(upload.location)
        assert size >= upload.size, f"{upload.location} held {upload.size} bytes and now holds {size}"

    def _asked(self, content: bytes) -> Asked:
        return Asked(content, self.now())


def _since(asked: dict[str, Asked], moment: int) -> list[tuple[str, Asked]]:
    return [(digest, one) for digest, one in asked.items() if one.began >= moment]


def _check_bytes(what: str, asked: Asked, found: bytes | None) -> None:
    if found is None:
        assert asked.ended is None, f"{what} was acknowledged and is gone"
    else:
        assert found == asked.content, f"{what} has other bytes than were pushed"


def _is_overtaken(push: Asked, pushes: list[Asked]) -> bool:
    """Whether another push began after this one was acknowledged, and was acknowledged itself."""
    return push.ended is not None and any(other.ended is not None and other.began > push.ended for other in pushes)
