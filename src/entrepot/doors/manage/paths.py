"""Paths of the management API, where a repository's name is one segment.

Clients write the `/` inside it as `$`, `%24` or `%2F` (contract §1), so the path is split before it
is decoded. What the router sees has `$`; `$` itself is in no name, so nothing is lost.
"""

import re
from typing import Final
from urllib.parse import quote, unquote

from starlette.types import Scope

_SHARES: Final = re.compile(r"(/v2/manage/namespaces/[^/]+)/repos(/[^/]+/access-domains(?:/|\Z))")
_SLASHED_SHARES: Final = re.compile(r"(/v2/manage/namespaces/[^/]+)/repos(/.+/access-domains(?:/[^/]+)?\Z)")


def raw_path(scope: Scope) -> bytes:
    """The path as the client wrote it."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.partition(b"?")[0]


def routed_path(scope: Scope) -> str:
    """The path to route by: decoded, except that a slash inside a segment is `$`.

    Where it is about shares the contract writes `repositories`, and some clients `repos` as elsewhere (§7): one path.
    """
    segments = raw_path(scope).decode("latin-1").split("/")
    path = "/".join(unquote(segment).replace("/", "$") for segment in segments)
    return _SHARES.sub(r"\1/repositories\2", path)


def is_enterprise(scope: Scope) -> bool:
    """Whether a path that the registry protocol does not have is one of the Enterprise edition (contract §18).

    `/v2/PROJECT/instances…`, and `/v2/instances/…` for tags. Only asked where that protocol has no such path: a
    repository may be named after any of these words.
    """
    segments = routed_path(scope).split("/", 4)
    return segments[1] == "v2" and "instances" in segments[2:4]


def with_shares(path: str) -> str:
    """A path with every slash in its place, in the contract's spelling where it is about shares."""
    return _SLASHED_SHARES.sub(r"\1/repositories\2", path)


def has_encoded_slash(raw: bytes) -> bool:
    """Whether a segment holds a slash that is not written as `$`."""
    return b"%2f" in raw.lower()


def repository_text(segment: str) -> str:
    """The repository's name that a routed segment stands for."""
    return segment.replace("$", "/")


def repository_segment(name: str) -> str:
    """The segment that stands for a repository's name."""
    return name.replace("/", "$")
