"""Things to push: random, valid, and the same again for the same seed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.live.conformance.media_types import CONFIG, EMPTY, IMAGE, INDEX, LAYER_GZIP

Json = dict[str, Any]


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


@dataclass(frozen=True)
class Blob:
    content: bytes
    media_type: str = "application/octet-stream"
    algorithm: str = "sha256"

    @property
    def digest(self) -> str:
        return digest_of(self.content, self.algorithm)

    def descriptor(self, **more: Any) -> Json:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content), **more}


EMPTY_JSON = Blob(b"{}", EMPTY)


@dataclass(frozen=True)
class Manifest:
    """A manifest, its bytes, and all that has to be pushed before it."""

    body: bytes
    media_type: str
    algorithm: str = "sha256"
    blobs: tuple[Blob, ...] = ()
    children: tuple[Manifest, ...] = ()
    subject: Json | None = None

    @property
    def digest(self) -> str:
        return digest_of(self.body, self.algorithm)

    @property
    def content(self) -> Json:
        content: Json = json.loads(self.body)
        return content

    def descriptor(self, **more: Any) -> Json:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.body), **more}

    def as_referrer(self) -> Json:
        """How the referrers list must describe it (specification, "Listing Referrers")."""
        content = self.content
        entry = self.descriptor()
        artifact_type = content.get("artifactType") or content.get("config", {}).get("mediaType")
        if artifact_type:
            entry["artifactType"] = artifact_type
        if content.get("annotations"):
            entry["annotations"] = content["annotations"]
        return entry


@dataclass
class Make:
    """A source of random content; `algorithm` is the one all its digests use."""

    seed: int
    algorithm: str = "sha256"
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def name(self, prefix: str = "n") -> str:
        return f"{prefix}-{self.random.randrange(16**10):010x}"

    def blob(self, size: int = 2048, media_type: str = "application/octet-stream") -> Blob:
        return Blob(self.random.randbytes(size), media_type, self.algorithm)

    def unknown_digest(self) -> str:
        return self.blob().digest

    def layer(self, media_type: str = LAYER_GZIP) -> Blob:
        raw = self.random.randbytes(1024)
        return Blob(gzip.compress(raw, mtime=0) if media_type == LAYER_GZIP else raw, media_type, self.algorithm)

    def config(self, layers: Sequence[Blob], architecture: str = "amd64", **more: Any) -> Blob:
        content = {
            "author": self.name("author"),
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
            **more,
        }
        return Blob(json.dumps(content).encode(), CONFIG, self.algorithm)

    def image(
        self,
        layers: int | Sequence[Blob] = 2,
        *,
        layer_type: str = LAYER_GZIP,
        architecture: str = "amd64",
        config: Blob | None = None,
        subject: Json | None = None,
        pushed: Sequence[Blob] | None = None,
        **more: Any,
    ) -> Manifest:
        """An image; `more` are members of the manifest, `pushed` the blobs to push if not all."""
        blobs = [self.layer(layer_type) for _ in range(layers)] if isinstance(layers, int) else list(layers)
        config = config or self.config(blobs, architecture)
        content = {
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": config.descriptor(),
            "layers": [blob.descriptor() for blob in blobs],
            **({"subject": subject} if subject else {}),
            **more,
        }
        held = tuple(pushed) if pushed is not None else (config, *blobs)
        return self.manifest(content, IMAGE, blobs=held, subject=subject)

    def artifact(self, artifact_type: str, layers: Sequence[Blob] = (), **more: Any) -> Manifest:
        """An artifact: typed, with the empty config (image specification, "Guidelines for Artifact Usage")."""
        empty = Blob(b"{}", EMPTY, self.algorithm)
        return self.image(layers or [empty], config=empty, artifactType=artifact_type, **more)

    def index(self, children: Sequence[Manifest], *, subject: Json | None = None, **more: Any) -> Manifest:
        content = {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [self._child(child) for child in children],
            **({"subject": subject} if subject else {}),
            **more,
        }
        return self.manifest(content, INDEX, children=tuple(children), subject=subject)

    def platforms(self, **more: Any) -> Manifest:
        """An index of one image for each of two platforms."""
        return self.index([self.image(architecture="amd64"), self.image(architecture="arm64")], **more)

    def manifest(self, content: Json, media_type: str, **more: Any) -> Manifest:
        return Manifest(json.dumps(content).encode(), media_type, self.algorithm, **more)

    def _child(self, child: Manifest) -> Json:
        config = next((blob for blob in child.blobs if blob.media_type == CONFIG), None)
        if config is None:
            return child.descriptor()
        known = json.loads(config.content)
        return child.descriptor(platform={"os": known["os"], "architecture": known["architecture"]})


def embedded(blob: Blob) -> str:
    """The `data` member of a descriptor."""
    return base64.b64encode(blob.content).decode()
