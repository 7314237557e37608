"""Descriptor: how one document points at another piece of content (image-spec, descriptor.md)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from entrepot.values.digest import Digest
from entrepot.values.document import Fields, check_text, invalid, known_keys
from entrepot.values.errors import DigestInvalid, quoted
from entrepot.values.media_types import NONDISTRIBUTABLE_LAYERS
from entrepot.values.platform import Platform

_KNOWN = known_keys("mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform")

# RFC 6838 §4.2 names; parameters, which some artifact tools write, are let through.
_RESTRICTED_NAME = r"[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]{0,126}"
_match_media_type = re.compile(rf"{_RESTRICTED_NAME}/{_RESTRICTED_NAME}(?:;[\x20-\x7e]{{1,255}})?").fullmatch
_match_url = re.compile(r"[\x21-\x7e]+").fullmatch


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Media type, digest and size of some content, and what else its author said about it."""

    media_type: str
    digest: Digest
    size: int
    artifact_type: str | None = None
    annotations: dict[str, str] = field(default_factory=dict, hash=False)
    platform: Platform | None = None
    urls: tuple[str, ...] = ()
    data: bytes | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, value: object, path: str = "") -> Descriptor:
        """The descriptor in a decoded JSON object; `path` is where it stands in its document, for messages.

        Embedded data must be what digest and size say. Raises ManifestInvalid.
        """
        fields = Fields(value, path)
        fields.check_spelling(_KNOWN)
        media_type = read_media_type(fields, "mediaType")
        if media_type is None:
            raise invalid(fields.at("mediaType"), "is missing")
        digest = _read_digest(fields)
        size = fields.size("size")
        return cls(
            media_type=media_type,
            digest=digest,
            size=size,
            artifact_type=read_media_type(fields, "artifactType"),
            annotations=fields.annotations(),
            platform=Platform.from_json(fields.get("platform"), fields.at("platform"))
            if fields.has("platform")
            else None,
            urls=_read_urls(fields),
            data=_read_data(fields, digest, size),
        )

    def to_json(self) -> dict[str, Any]:
        """As a list of referrers has it: without platform, urls and data."""
        return {
            "mediaType": self.media_type,
            "digest": str(self.digest),
            "size": self.size,
            **({"artifactType": self.artifact_type} if self.artifact_type else {}),
            **({"annotations": dict(self.annotations)} if self.annotations else {}),
        }

    @property
    def is_distributable(self) -> bool:
        """Whether a registry has to hold the content: False for layers that are fetched from their urls."""
        return self.media_type not in NONDISTRIBUTABLE_LAYERS


def read_media_type(fields: Fields, key: str) -> str | None:
    """The media type in a field; None when absent. Raises ManifestInvalid."""
    text = fields.optional_text(key)
    if text is not None and not _match_media_type(text):
        raise invalid(fields.at(key), f"{quoted(text)} is not a media type")
    return text


def _read_digest(fields: Fields) -> Digest:
    text = fields.text("digest")
    try:
        return Digest.parse(text)
    except DigestInvalid as error:
        raise invalid(fields.at("digest"), error.message) from None


def _read_urls(fields: Fields) -> tuple[str, ...]:
    urls = []
    for position, item in enumerate(fields.items("urls")):
        path = f"{fields.at('urls')}[{position}]"
        url = check_text(item, path)
        if not _match_url(url):
            raise invalid(path, f"{quoted(url)} is not a URL")
        urls.append(url)
    return tuple(urls)


def _read_data(fields: Fields, digest: Digest, size: int) -> bytes | None:
    text = fields.optional_text("data")
    if text is None:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: characters outside ASCII
        raise invalid(fields.at("data"), "is not base64") from None
    if len(data) != size:
        raise invalid(fields.at("data"), f"holds {len(data)} bytes where size says {size}")
    if Digest.of(data, digest.algorithm) != digest:
        raise invalid(fields.at("data"), f"does not have the digest {digest}")
    return data
