"""What is below an index is fetched once, and no more of it than anybody can hold."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import pytest

from entrepot.remote.trees import fetch_below
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import OCI_INDEX
from entrepot.values.reference import Reference
from tests.make.image import Image


@dataclass
class Shelf:
    """Gives what it has, and counts how often it is asked."""

    held: dict[Digest, Manifest] = field(default_factory=dict)
    asked: list[Reference] = field(default_factory=list)
    label: str = "app"

    def put(self, *bodies: bytes) -> list[Manifest]:
        found = [Manifest.parse(body, None) for body in bodies]
        self.held |= {one.digest: one for one in found}
        return found

    async def find(self, reference: Reference) -> Manifest | None:
        self.asked.append(reference)
        await asyncio.sleep(0)  # as a network would, it lets others run
        return self.held.get(reference)  # type: ignore[arg-type]  # digests only

    async def digest(self, reference: Reference) -> Digest | None:
        raise AssertionError

    async def referrers(self, subject: Digest) -> Sequence[Descriptor]:
        raise AssertionError

    def blob(self, blob: Descriptor, start: int = 0) -> AsyncGenerator[bytes, None]:
        raise AssertionError


def index(children: Sequence[Manifest]) -> bytes:
    named = [{"mediaType": one.media_type, "digest": str(one.digest), "size": len(one.body)} for one in children]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": named}).encode()


async def test_what_an_index_names_a_thousand_times_is_fetched_once() -> None:
    shelf = Shelf()
    (image,) = shelf.put(Image.make().body)
    (inner,) = shelf.put(index([image] * 1_000))
    (root,) = shelf.put(index([image, inner] * 500))

    tree = await fetch_below(shelf, root)

    assert set(tree.manifests) == {image.digest, inner.digest, root.digest}
    assert shelf.asked == [image.digest, inner.digest]


async def test_more_than_anybody_can_hold_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    images = shelf.put(*(Image.make().body for _ in range(20)))
    (root,) = shelf.put(index(images))
    monkeypatch.setattr("entrepot.remote.trees._BYTES_MAX", sum(len(one.body) for one in images[:5]))

    with pytest.raises(ManifestUnknown, match="name too much"):
        await fetch_below(shelf, root)
    assert len(shelf.asked) < 12
