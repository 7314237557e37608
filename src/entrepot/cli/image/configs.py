"""Configurations: what an image says about itself, its platform and history, as `docker image inspect` shows it."""

import json
from dataclasses import dataclass
from typing import Any

from entrepot.cli.image.places import Place
from entrepot.remote.blobs import pull_blob
from entrepot.remote.session import Remote
from entrepot.values.descriptor import Descriptor
from entrepot.values.document import Fields, load_document
from entrepot.values.errors import ManifestInvalid
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import DOCKER_CONFIG, OCI_CONFIG
from entrepot.values.platform import Platform

_BYTES_MAX = 4 << 20
_DEPTH_MAX = 64
_VALUES_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an image's history, with the layer it made, if it made one."""

    created: str
    created_by: str
    comment: str
    layer: Descriptor | None


@dataclass(frozen=True, slots=True)
class Config:
    """An image's configuration."""

    document: dict[str, Any]
    platform: Platform
    steps: tuple[Step, ...]


async def fetch_config(remote: Remote, place: Place, image: Manifest) -> Config | None:
    """The configuration of an image; None for an artifact, which has none of this kind.

    Raises ManifestInvalid for one that cannot be read, and what `pull_blob` raises.
    """
    described = image.config
    if described is None or described.media_type not in (OCI_CONFIG, DOCKER_CONFIG):
        return None
    if described.size > _BYTES_MAX:
        raise ManifestInvalid(f"The configuration of {place} has {described.size} bytes; it is not shown.")
    body = b"".join([chunk async for chunk in pull_blob(remote, place.name, described)])
    document = load_document(body, depth_max=_DEPTH_MAX, values_max=_VALUES_MAX)
    return Config(json.loads(body), Platform.from_json(document, "config"), _steps(Fields(document, "config"), image))


def _steps(config: Fields, image: Manifest) -> tuple[Step, ...]:
    """The history, the oldest first; layers belong, in their order, to the steps that are not empty."""
    layers = iter(image.layers)
    steps = []
    for position, item in enumerate(config.items("history")):
        fields = Fields(item, f"config.history[{position}]")
        layer = None if fields.get("empty_layer") is True else next(layers, None)
        texts = (fields.optional_text(key) or "" for key in ("created", "created_by", "comment"))
        created, created_by, comment = texts
        steps.append(Step(created, created_by, comment, layer))
    return (*steps, *(Step("", "", "", layer) for layer in layers))
