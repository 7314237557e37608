"""Archives to read: Docker's of every age and OCI layouts, as bytes; valid unless told otherwise."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from entrepot.values.media_types import OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST

Files = dict[str, bytes]
Named = tuple[str | tarfile.TarInfo, bytes]
_numbers = count(1)


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def blob_name(content: bytes) -> str:
    return f"blobs/sha256/{digest(content).removeprefix('sha256:')}"


def to_json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def tar(files: Mapping[str, bytes] | Iterable[Named]) -> bytes:
    """A tar of these files; a TarInfo instead of a name says more."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            entry = tarfile.TarInfo(name) if isinstance(name, str) else name
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return held.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def layer(text: str = "") -> bytes:
    """A layer, not compressed, unlike all others unless its text is the same."""
    return tar({"srv/greeting": (text or f"hello {next(_numbers)}").encode()})


def config_of(layers: Sequence[bytes], architecture: str = "amd64") -> bytes:
    return to_json(
        {
            "os": "linux",
            "architecture": architecture,
            "config": {"Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(one) for one in layers]},
            "history": [{"created_by": f"COPY {number}"} for number, _ in enumerate(layers)],
        }
    )


@dataclass
class DockerArchive:
    """What `docker save` writes up to version 24: a folder for each layer, `manifest.json`, `repositories`."""

    files: Files = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, *names: str, layers: Sequence[bytes] = (), packed: bool = False) -> bytes:
        """Put an image in; returns its configuration."""
        layers = layers or (layer(), layer())
        config = config_of(layers)
        held = []
        for one in layers:
            place = f"{hashlib.sha256(one).hexdigest()}/layer.tar"
            self.files[place] = gzip.compress(one, mtime=0) if packed else one
            held.append(place)
        name = f"{digest(config).removeprefix('sha256:')}.json"
        self.files[name] = config
        self.entries.append({"Config": name, "RepoTags": list(names) or None, "Layers": held})
        return config

    def members(self) -> Files:
        return {**self.files, "manifest.json": to_json(self.entries)}

    def pack(self) -> bytes:
        return tar(self.members())


@dataclass
class LayoutArchive:
    """An OCI image layout."""

    files: Files = field(default_factory=lambda: {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'})
    entries: list[dict[str, Any]] = field(default_factory=list)

    def blob(self, content: bytes, media_type: str) -> dict[str, Any]:
        self.files[blob_name(content)] = content
        return {"mediaType": media_type, "digest": digest(content), "size": len(content)}

    def image(self, architecture: str = "amd64", layers: Sequence[bytes] = ()) -> dict[str, Any]:
        """An image that no index names yet; its descriptor."""
        layers = layers or (layer(),)
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.blob(config_of(layers, architecture), OCI_CONFIG),
            "layers": [self.blob(gzip.compress(one, mtime=0), OCI_LAYER_GZIP) for one in layers],
        }
        return self.blob(to_json(document), OCI_MANIFEST)

    def index(self, *children: dict[str, Any]) -> dict[str, Any]:
        return self.blob(to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}), OCI_INDEX)

    def platforms(self, *architectures: str) -> dict[str, Any]:
        """An index of one image for each architecture."""
        return self.index(
            *({**self.image(one), "platform": {"os": "linux", "architecture": one}} for one in architectures)
        )

    def name(self, descriptor: dict[str, Any], *names: str) -> dict[str, Any]:
        """Put it into `index.json`, under these names."""
        for name in names or (None,):
            more = {"annotations": {"org.opencontainers.image.ref.name": name}} if name else {}
            self.entries.append({**descriptor, **more})
        return descriptor

    def members(self) -> Files:
        return {**self.files, "index.json": to_json({"schemaVersion": 2, "manifests": self.entries})}

    def pack(self) -> bytes:
        return tar(self.members())
