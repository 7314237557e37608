"""Watching: whoever speaks to a registry counts what it asks, keeps to a pace, and hears what is left of a quota."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What a request to a registry is about."""

    MANIFEST_HEAD = "manifest-head"
    MANIFEST_GET = "manifest-get"
    BLOB = "blob"
    TOKEN = "token"  # noqa: S105  # a word
    OTHER = "other"


class Watch(Protocol):
    """Told of each request that a registry, or who gives out its tokens, is asked. Where they send us on to is not."""

    async def before(self, kind: Kind) -> None:
        """May wait until it is time. Raises RemoteUnreachable when that is too long."""
        ...

    def heard(self, kind: Kind, status: int, headers: Mapping[str, str]) -> None:
        """What the answer begins with; status 0 and no headers: there was none."""
        ...


def kind_of(method: str, path: str) -> Kind:
    if "/manifests/" in path:
        return Kind.MANIFEST_HEAD if method == "HEAD" else Kind.MANIFEST_GET
    return Kind.BLOB if "/blobs/" in path else Kind.OTHER
