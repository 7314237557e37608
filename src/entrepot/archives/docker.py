"""Docker archives: what `docker save` writes. `manifest.json` names configuration, layers and tags of each image.

The registry's manifest is not in such a file (newer ones are OCI layouts as well, and are read as those): it is made
here, in OCI's form, which knows every packing of layers and may stand in a layout. Layers that are compressed stay byte
for byte what they are; plain ones are compressed by gzip unless `LayerPacking.KEEP` is asked for. What layers unpack to
is checked against the configuration.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from entrepot.archives.blob import Blob, BytesBlob
from entrepot.archives.documents import read_json, read_object, read_whole, reading
from entrepot.archives.image import Image, Listed
from entrepot.archives.members import Members, require
from entrepot.archives.packing import Packing, gzipped, recognise, unpacked
from entrepot.archives.scratch import Scratch
from entrepot.archives.settings import ArchiveSettings, Watch
from entrepot.values.digest import Digest
from entrepot.values.document import Fields, check_text, invalid
from entrepot.values.errors import ArchiveInvalid, quoted, worded
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import (
    OCI_CONFIG,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    OCI_MANIFEST,
)

MANIFEST = "manifest.json"
REPOSITORIES = "repositories"
LEGACY_LAYER = "layer.tar"
_HEAD_BYTES = 8
_LAYERS = {Packing.PLAIN: OCI_LAYER, Packing.GZIP: OCI_LAYER_GZIP, Packing.ZSTD: OCI_LAYER_ZSTD}


class LayerPacking(StrEnum):
    """What becomes of layers that are not compressed."""

    GZIP = "gzip"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One image of `manifest.json`."""

    config: str
    layers: tuple[str, ...]
    names: tuple[str, ...]


def list_images(
    members: Members, settings: ArchiveSettings, scratch: Scratch, packing: LayerPacking, watch: Watch
) -> tuple[Listed, ...]:
    """The images that `manifest.json` names. Raises ArchiveInvalid."""
    found = require(members, MANIFEST, "A Docker archive")
    with reading(MANIFEST):
        document = read_json(found, MANIFEST, settings)
        if not isinstance(document, list) or not document:
            raise invalid("", "must be an array with an image in it")
        if len(document) > settings.images_max:
            raise ArchiveInvalid(
                worded(
                    "The archive holds {count} images; at most {images_max} are accepted.",
                    count=len(document),
                    images_max=settings.images_max,
                )
            )
        legacy = _legacy_names(members, settings)
        entries = [_entry(item, f"[{position}]", legacy) for position, item in enumerate(document)]
    maker = _Maker(members, settings, scratch, packing, watch)
    return tuple(Listed(entry.names, partial(maker.make, entry)) for entry in entries)


def _entry(item: object, path: str, legacy: dict[str, list[str]]) -> _Entry:
    fields = Fields(item, path)
    layers = _texts(fields, "Layers")
    names = _texts(fields, "RepoTags")
    if not names and layers:
        names = tuple(legacy.get(layers[-1].partition("/")[0], ()))
    return _Entry(fields.text("Config"), layers, names)


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    return tuple(check_text(item, f"{fields.at(key)}[{position}]") for position, item in enumerate(fields.items(key)))


def _legacy_names(members: Members, settings: ArchiveSettings) -> dict[str, list[str]]:
    """Names by the id of the top layer's folder, from `repositories`, which old tools write instead of `RepoTags`."""
    found = members.find(REPOSITORIES)
    if found is None:
        return {}
    names: dict[str, list[str]] = {}
    with reading(REPOSITORIES):
        document = read_json(found, REPOSITORIES, settings)
        if not isinstance(document, dict):
            raise invalid("", "must be an object")
        for repository in document:
            for tag, layer in Fields(document, "").annotations(repository).items():
                names.setdefault(layer, []).append(f"{repository}:{tag}")
    return names


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer as it will be pushed, and the digest of what it unpacks to."""

    digest: Digest
    diff_id: Digest
    packing: Packing
    blob: Blob


@dataclass(slots=True)
class _Maker:
    """Makes images of entries; a layer that several share is looked at once."""

    members: Members
    settings: ArchiveSettings
    scratch: Scratch
    packing: LayerPacking
    watch: Watch
    layers: dict[str, _Layer] = field(default_factory=dict)

    def make(self, entry: _Entry) -> Image:
        found = require(self.members, entry.config, MANIFEST)
        config = read_whole(found, entry.config, self.settings)
        diff_ids = self._diff_ids(entry)
        if len(diff_ids) != len(entry.layers):
            raise ArchiveInvalid(
                worded(
                    "{config} knows {count} layers, {manifest} names {named}.",
                    config=quoted(entry.config),
                    count=len(diff_ids),
                    manifest=quoted(MANIFEST),
                    named=len(entry.layers),
                ),
                member=entry.config,
            )
        layers = [self._layer(name) for name in entry.layers]
        for name, layer, diff_id in zip(entry.layers, layers, diff_ids, strict=True):
            if layer.diff_id != diff_id:
                raise ArchiveInvalid(
                    worded(
                        "The layer {name} is not the one its image is made of: it unpacks to {diff_id}, not "
                        "{wanted}. The archive is damaged.",
                        name=quoted(name),
                        diff_id=layer.diff_id,
                        wanted=diff_id,
                    ),
                    member=name,
                )
        root = _manifest(config, layers)
        blobs: dict[Digest, Blob] = {layer.digest: layer.blob for layer in layers}
        blobs[Digest.of(config)] = BytesBlob(config)
        return Image(entry.names, root, (root,), blobs)

    def _diff_ids(self, entry: _Entry) -> list[Digest]:
        blob = require(self.members, entry.config, MANIFEST)
        with reading(entry.config):
            fields = read_object(blob, entry.config, self.settings)
            rootfs = Fields(fields.get("rootfs") or {}, "rootfs")
            return [Digest.parse(text) for text in _texts(rootfs, "diff_ids")]

    def _layer(self, name: str) -> _Layer:
        if name not in self.layers:
            found = require(self.members, name, MANIFEST)
            self.layers[name] = self._read_layer(name, found)
        return self.layers[name]

    def _read_layer(self, name: str, blob: Blob) -> _Layer:
        packing = recognise(_head(blob))
        plain, packed = hashlib.sha256(), hashlib.sha256()
        if packing is Packing.PLAIN and self.packing is LayerPacking.GZIP:
            chunks = _hashed(gzipped(_hashed(blob.open(), plain)), packed)
            kept = self.scratch.keep(chunks, self.watch)
            return _Layer(_digest(packed), _digest(plain), Packing.GZIP, kept)
        for chunk in unpacked(_hashed(blob.open(), packed), packing, self.settings, name):
            plain.update(chunk)
            self.watch(len(chunk))
        return _Layer(_digest(packed), _digest(plain), packing, blob)


def _manifest(config: bytes, layers: list[_Layer]) -> Manifest:
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _descriptor(OCI_CONFIG, Digest.of(config), len(config)),
        "layers": [_descriptor(_LAYERS[layer.packing], layer.digest, layer.blob.size) for layer in layers],
    }
    return Manifest.parse(json.dumps(document, separators=(",", ":")).encode(), OCI_MANIFEST)


def _descriptor(media_type: str, digest: Digest, size: int) -> dict[str, object]:
    return {"mediaType": media_type, "size": size, "digest": str(digest)}


def _head(blob: Blob) -> bytes:
    return next(iter(blob.open()), b"")[:_HEAD_BYTES]


def _hashed(chunks: Iterable[bytes], into: "hashlib._Hash") -> Iterator[bytes]:
    for chunk in chunks:
        into.update(chunk)
        yield chunk


def _digest(of: "hashlib._Hash") -> Digest:
    return Digest("sha256", of.hexdigest())
