"""A registry with something in it to bring along: three repositories, two platforms, signatures of three kinds."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from entrepot.remote.blobs import push_blob
from entrepot.remote.manifests import put_manifest
from entrepot.remote.referrers import keep_referrers
from entrepot.remote.session import Credentials, Remote
from entrepot.values.descriptor import Descriptor
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import OCTET_STREAM
from entrepot.values.names import RepositoryName, TagName
from tests.make.image import Blob, Image


@dataclass
class Filling:
    """Images by `repository:tag`; `attached` are digests that refer to the index, by no tag of their own."""

    images: dict[str, Image] = field(default_factory=dict)
    attached: list[Image] = field(default_factory=list)

    @property
    def digests(self) -> dict[str, str]:
        return {name: str(image.digest) for name, image in self.images.items()}


def fill(url: str, credentials: Credentials | None = None, *, below: str = "") -> Filling:
    """Names are of one part, unless they are to lie `below` a folder."""
    return asyncio.run(_fill(url, credentials, below))


def push(url: str, reference: str, image: Image, credentials: Credentials | None = None) -> None:
    """One image with its blobs, as somebody does meanwhile."""

    async def one() -> None:
        async with Remote(url, credentials) as remote:
            await _push(remote, Filling(), reference, image)

    asyncio.run(one())


async def _fill(url: str, credentials: Credentials | None, below: str) -> Filling:
    filling = Filling()
    shared = Blob(b"a layer that all have" * 1_000)
    async with Remote(url, credentials) as remote:
        platforms = [Image.make(holding=(shared,), architecture=one) for one in ("amd64", "arm64")]
        index = Image.index(*platforms)
        signature = Image.make(subject=index, artifactType="application/vnd.example.signature")
        for image in (*platforms, index, signature):
            await _push(remote, Filling(), f"{below}app@{image.digest}", image)
        await keep_referrers(remote, RepositoryName(f"{below}app"), index.digest, [_manifest(signature)])
        await _push(remote, filling, f"{below}app:1.0", index)
        await _push(remote, filling, f"{below}app:sha256-{index.digest.hex}.sig", Image.make())
        await _push(remote, filling, f"{below}team/web:2.0", Image.make(holding=(shared,)))
        await _push(remote, filling, f"{below}team/web:2.1", Image.make(3))
        await _push(remote, filling, f"{below}team/deep/db:latest", Image.make())
        filling.attached.append(signature)
    return filling


async def _push(remote: Remote, filling: Filling, reference: str, image: Image) -> None:
    named, at, digest = reference.partition("@")
    name, _, tag = named.partition(":")
    manifest = _manifest(image)
    for blob in image.blobs:

        async def chunks(start: int, content: bytes = blob.content) -> AsyncGenerator[bytes, None]:
            yield content[start:]

        described = Descriptor(OCTET_STREAM, blob.digest, len(blob.content))
        await push_blob(remote, RepositoryName(name), described, chunks, lambda _: None)
    assert not at or digest == str(image.digest)
    await put_manifest(remote, RepositoryName(name), image.digest if at else TagName(tag), manifest)
    filling.images[reference] = image


def _manifest(image: Image) -> Manifest:
    return Manifest.parse(image.body, image.media_type)
