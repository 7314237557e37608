"""Images to push: a recipe to build from, or an OCI layout that is ready.

Both hold busybox and 256 KiB nobody else has. Run, every one of them prints a greeting and the
SHA-256 of those bytes: so a container that prints `output` arrived whole.
"""

import gzip
import hashlib
import io
import json
import os
import secrets
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live import parts

PAYLOAD_BYTES = 256 * 1024
SCRIPT = "cat /srv/greeting.txt && sha256sum < /srv/payload"
COMMAND = ["/bin/busybox", "sh", "-c", SCRIPT]
LARGE_BYTES = 16 * 2**20
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

Descriptor = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """What makes an image unlike all others."""

    greeting: str
    payload: bytes

    @property
    def output(self) -> str:
        """What a container of the image prints."""
        return f"{self.greeting}\n{hashlib.sha256(self.payload).hexdigest()}  -"


def new_content() -> Content:
    return Content(f"hello {secrets.token_hex(8)}", os.urandom(PAYLOAD_BYTES))


def busybox() -> Path:
    """Debian's static busybox: one file that is a whole userland."""
    return Path(parts.command("busybox", package="busybox-static"))


def write_recipe(folder: Path, base: str = "scratch") -> Content:
    """A Dockerfile with its context in `folder`. On `scratch` it brings busybox along; another base has a shell."""
    content = new_content()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "greeting.txt").write_text(content.greeting + "\n")
    (folder / "payload").write_bytes(content.payload)
    lines = [f"FROM {base}"]
    command = ["/bin/sh", "-c", SCRIPT]
    if base == "scratch":
        (folder / "busybox").write_bytes(busybox().read_bytes())
        (folder / "busybox").chmod(0o755)
        lines += ["COPY busybox /bin/busybox", 'RUN ["/bin/busybox", "--install", "-s", "/bin"]']
        command = COMMAND
    lines += [
        "COPY greeting.txt payload /srv/",
        # A step that only works if everything below it arrived.
        'RUN ["/bin/sh", "-c", "sha256sum < /srv/payload > /srv/payload.sha256"]',
        'LABEL org.example.made-by="a test"',
        f"CMD {json.dumps(command)}",
    ]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    return content


class Layout:
    """An OCI image layout in a folder, written file by file: no tool has touched its bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs/sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self._entries: list[Descriptor] = []

    def blob(self, digest: str) -> bytes:
        algorithm, _, encoded = digest.partition(":")
        return (self.folder / "blobs" / algorithm / encoded).read_bytes()

    def add_image(
        self,
        tag: str | None,
        *,
        content: Content | None = None,
        more: Sequence[bytes] = (),
        shares_busybox: bool = True,
    ) -> Descriptor:
        """An image for the machine's own architecture that runs; `more` are further layers (tar, not compressed).

        Programs remember where they saw the layer with busybox that all images have, unless it is not shared.
        """
        content = content or new_content()
        base = {"bin/busybox": busybox().read_bytes()} | ({} if shares_busybox else {"srv/own": content.payload[:32]})
        payload = {"srv/greeting.txt": content.greeting.encode() + b"\n", "srv/payload": content.payload}
        layers = [tar(base), tar(payload), *more]
        return self._tagged(self._image(layers, "amd64", COMMAND), tag)

    def add_index(self, tag: str, content: Content, architectures: Sequence[str] = ("amd64", "arm64")) -> Descriptor:
        """One image for each architecture; only amd64 is `content`, and the others cannot run."""
        children = []
        for architecture in architectures:
            mine = content if architecture == "amd64" else new_content()
            payload = {"srv/greeting.txt": mine.greeting.encode() + b"\n", "srv/payload": mine.payload}
            layers = [tar({"bin/busybox": busybox().read_bytes()}), tar(payload)]
            child = self._image(layers, architecture, COMMAND)
            children.append({**child, "platform": {"os": "linux", "architecture": architecture}})
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": children}
        return self._tagged(self._add(_json(index), INDEX), tag)

    def archive(self) -> Path:
        """The same layout as one tar file."""
        target = self.folder.with_suffix(".tar")
        with tarfile.open(target, "w") as archive:
            archive.add(self.folder, ".")
        return target

    def _image(self, layers: Sequence[bytes], architecture: str, command: Sequence[str]) -> Descriptor:
        config = {
            "os": "linux",
            "architecture": architecture,
            "config": {"Cmd": list(command), "Env": ["PATH=/bin"], "Labels": {"org.example.made-by": "a test"}},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer) for layer in layers]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._add(_json(config), CONFIG),
            "layers": [
                self._add(gzip.compress(layer, compresslevel=_level(layer), mtime=0), LAYER) for layer in layers
            ],
        }
        return self._add(_json(manifest), MANIFEST)

    def _add(self, data: bytes, media_type: str) -> Descriptor:
        digest = _digest(data)
        (self.folder / "blobs/sha256" / digest.removeprefix("sha256:")).write_bytes(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def _tagged(self, descriptor: Descriptor, tag: str | None) -> Descriptor:
        if tag is not None:
            self._entries.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": tag}})
            (self.folder / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": self._entries}))
        return descriptor


def tar(files: dict[str, bytes]) -> bytes:
    """A layer, not compressed: every file is owned by root and executable."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))
    return held.getvalue()


def _level(layer: bytes) -> int:
    """Large layers are random bytes, which do not shrink: 0 is the quick way to a valid gzip."""
    return 0 if len(layer) > LARGE_BYTES else 1


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
